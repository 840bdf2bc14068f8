/* stock: fails
 *
 * A SERVICE_ACCEPT that has the length of its name only: what lies behind it
 * in memory, here the padding, is not the name.
 */
#include "server.h"

static int
accept_short(struct server *server, const unsigned char *p, size_t length)
{
    struct buffer b = { 0 };

    (void)length;
    if(p[0] != SSH_MSG_SERVICE_REQUEST)
        return 0;
    put_byte(&b, SSH_MSG_SERVICE_ACCEPT);
    put_text(&b, "ssh-userauth");
    put(&b, "0123456789", 10);
    /* five bytes of this are the message, the rest is padding: two blocks */
    check_int(b.end, 5 + 22);
    server_send_raw(server, 1 + 5 + 22, 22, b.bytes, b.end);
    drop(&b);
    return 1;
}

int
main(void)
{
    struct server server;
    int rc;

    check_int(libssh2_init(0), 0);
    server_make(&server);
    client_prefers(&server, "aes256-ctr", "hmac-sha2-256");
    server.handle = accept_short;
    until_done(&server, rc, libssh2_session_handshake(server.client, -2));
    check_int(rc, LIBSSH2_ERROR_PROTO);
    server_end_clean(&server);
    libssh2_exit();
    return 0;
}
