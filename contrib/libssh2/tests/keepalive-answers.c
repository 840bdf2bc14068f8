/* stock: fails
 *
 * The answers to keepalives are not kept, and none is taken for the answer to
 * a request for a listener.
 */
#include "server.h"

static int
answer(struct server *server, const unsigned char *p, size_t length)
{
    struct buffer b = { 0 };

    (void)length;
    if(p[0] != SSH_MSG_GLOBAL_REQUEST)
        return 0;
    if(!strncmp((const char *)p + 5, "tcpip-forward", 13)) {
        put_byte(&b, SSH_MSG_REQUEST_SUCCESS);
        put_u32(&b, 2222);
    }
    else
        put_byte(&b, SSH_MSG_REQUEST_FAILURE);
    server_send_buffer(server, &b);
    return 1;
}

int
main(void)
{
    struct server server;
    LIBSSH2_LISTENER *listener;
    long before;
    int i, next, port = 0;

    check_int(libssh2_init(0), 0);
    server_make(&server);
    server.handle = answer;
    server_login(&server);
    before = blocks;
    for(i = 0; i < 100; i++) {
        libssh2_keepalive_config(server.client, 1, 1);
        server.client->keepalive_last_sent = 0;
        check_int(libssh2_keepalive_send(server.client, &next), 0);
        server_run(&server);
        check_int(client_reads(&server), 0);
    }
    check_int(blocks, before);
    i = 0;
    while(!(listener = libssh2_channel_forward_listen_ex(server.client, NULL,
                                                         0, &port, 1)) &&
          libssh2_session_last_errno(server.client) ==
          LIBSSH2_ERROR_EAGAIN) {
        server_run(&server);
        check(++i < 100);
    }
    check(listener);
    check_int(port, 2222);
    server_end_clean(&server);
    libssh2_exit();
    return 0;
}
