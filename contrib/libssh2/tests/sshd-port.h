/* A port for an sshd. Whoever includes this has a fail(). */
#ifndef SSHD_PORT_H
#define SSHD_PORT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* For sshd, which binds it a while later: none of those that the kernel gives
 * out by itself (from 32768 on), so that no other test gets it meanwhile. */
static int
port_for_sshd(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    int i;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for(i = 0; i < 7000; i++) {
        int port = 20000 + (int)((getpid() * 17L + i) % 7000);
        int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int taken;

        address.sin_port = htons((unsigned short)port);
        taken = bind(s, (struct sockaddr *)&address, sizeof(address));
        close(s);
        if(!taken)
            return port;
    }
    fail("there is no free port for sshd");
    return -1;
}

#endif
