/* stock: fails
 *
 * Extended data that is ignored, while the credit for it cannot be sent at
 * once: the packet is there as long as it is needed, the credit is what the
 * data was, and the channel may be freed meanwhile.
 */
#include "server.h"

static long credit;

static int
add_credit(struct server *server, const unsigned char *p, size_t length)
{
    (void)server;
    (void)length;
    if(p[0] == SSH_MSG_CHANNEL_WINDOW_ADJUST)
        credit += (long)_libssh2_ntohu32(p + 5);
    return 0;
}

int
main(void)
{
    struct server server;
    LIBSSH2_CHANNEL *channel;
    struct buffer b = { 0 };
    unsigned char data[3000] = { 0 };
    unsigned long window;
    int i, rc;

    fence_blocks = !getenv("CHECK_WATCHES_MEMORY");
    check_int(libssh2_init(0), 0);
    server_make(&server);
    server.handle = add_credit;
    server_login(&server);
    channel = server_open(&server);
    check_int(libssh2_channel_handle_extended_data2(channel,
                  LIBSSH2_CHANNEL_EXTENDED_DATA_IGNORE), 0);
    window = libssh2_channel_window_read_ex(channel, NULL, NULL);

    server.send_limit = 1;
    for(i = 0; i < 5; i++) {
        put_byte(&b, SSH_MSG_CHANNEL_EXTENDED_DATA);
        put_u32(&b, channel->local.id);
        put_u32(&b, 1);
        put_string(&b, data, sizeof(data));
        server_send_buffer(&server, &b);
        server.send_room = 0;
        check_int(_libssh2_transport_read(server.client),
                  LIBSSH2_ERROR_EAGAIN);
        check_int(client_reads(&server), 0);
        for(rc = 0; rc < 100; rc++) {
            check_int(client_reads(&server), 0);
            server_run(&server);
        }
        check_int(credit, (i + 1) * 3000);
        check_int(libssh2_channel_window_read_ex(channel, NULL, NULL),
                  window);
    }
    server.send_limit = 0;
    server_end_clean(&server);
    libssh2_exit();
    return 0;
}
