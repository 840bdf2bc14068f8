/* stock: fails
 *
 * Windows beyond what 32 bits hold, and a server that takes packets of no
 * bytes only.
 */
#include "server.h"

static long data_packets;

static int
take_nothing(struct server *server, const unsigned char *p, size_t length)
{
    struct buffer b = { 0 };

    (void)length;
    data_packets += p[0] == SSH_MSG_CHANNEL_DATA;
    if(p[0] != SSH_MSG_CHANNEL_OPEN || !server->context)
        return 0;
    put_byte(&b, SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
    put_u32(&b, server->client->open_local_channel);
    put_u32(&b, 5);
    put_u32(&b, 1000000);
    put_u32(&b, 0);
    server_send_buffer(server, &b);
    return 1;
}

int
main(void)
{
    struct server server;
    LIBSSH2_CHANNEL *channel;
    ssize_t sent;
    int i;

    check_int(libssh2_init(0), 0);
    server_make(&server);
    server.handle = take_nothing;
    server_login(&server);
    channel = server_open(&server);
    check_int(libssh2_channel_window_write(channel), 0x7fffffff);
    for(i = 0; i < 3; i++) {
        struct buffer b = { 0 };

        put_byte(&b, SSH_MSG_CHANNEL_WINDOW_ADJUST);
        put_u32(&b, channel->local.id);
        put_u32(&b, 0x90000000u);
        server_send_buffer(&server, &b);
        check_int(client_reads(&server), 0);
        check_int(libssh2_channel_window_write(channel), 0xffffffffL);
    }

    server.context = &server;
    channel = server_open(&server);
    sent = libssh2_channel_write(channel, "abc", 3);
    check(sent < 0 && sent != LIBSSH2_ERROR_EAGAIN);
    server_run(&server);
    check_int(data_packets, 0);
    server_end_clean(&server);
    libssh2_exit();
    return 0;
}
