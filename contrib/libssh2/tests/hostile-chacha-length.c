/* stock: fails
 *
 * ChaCha20-Poly1305 packets with a length that leaves no room for a message.
 */
#include "server.h"

int
main(void)
{
    uint32_t length;

    check_int(libssh2_init(0), 0);
    for(length = 0; length <= 9; length++) {
        static const unsigned char zeros[16];
        struct server server;

        if(length == 8) /* a message of no more than its type */
            continue;
        server_make(&server);
        client_prefers(&server, "chacha20-poly1305@openssh.com",
                       "hmac-sha2-256");
        server_login(&server);
        server_send_raw(&server, length, 0, zeros, length ? length - 1 : 0);
        check(client_reads(&server) < 0);
        server_end_clean(&server);
    }
    libssh2_exit();
    return 0;
}
