/* stock: passes
 *
 * Wrong lengths before there are keys, where the server's first packet is
 * waited for.
 */
#include "server.h"

static void
refused(uint32_t length, unsigned int padding)
{
    struct server server;
    static const unsigned char bytes[64] = { SSH_MSG_KEXINIT };
    int rc;

    server_make(&server);
    server.quiet = 1;
    server.in_kex = 1; /* send no KEXINIT */
    server_send_raw(&server, length, padding, bytes, sizeof(bytes));
    until_done(&server, rc, libssh2_session_handshake(server.client, -2));
    check(rc < 0);
    /* no message was made of it */
    check(!_libssh2_list_first(&server.client->packets));
    server_end_clean(&server);
}

int
main(void)
{
    check_int(libssh2_init(0), 0);
    refused(0, 0);
    refused(1, 0);
    refused(12, 11);
    refused(12, 12);
    refused(12, 255);
    refused(40001, 4);
    refused(0x80000000u, 4);
    refused(0xffffffffu, 4);
    libssh2_exit();
    return 0;
}
