/* stock: fails
 *
 * Encrypt-then-MAC packets whose padding claims to be longer than they are:
 * stock makes 4 GB of them and hands foreign memory on as data.
 */
#include "server.h"

static void
padded(const char *mac, unsigned int padding)
{
    struct server server;
    LIBSSH2_CHANNEL *channel;
    struct buffer data = { 0 };
    char buffer[100];
    ssize_t got;

    server_make(&server);
    client_prefers(&server, "aes256-ctr", mac);
    server_login(&server);
    channel = server_open(&server);
    put_byte(&data, SSH_MSG_CHANNEL_DATA);
    put_u32(&data, channel->local.id);
    put_u32(&data, 32768);
    put(&data, "123456", 6);
    server_send_raw(&server, 16, padding, data.bytes, data.end);
    drop(&data);
    got = libssh2_channel_read(channel, buffer, sizeof(buffer));
    check(got < 0 && got != LIBSSH2_ERROR_EAGAIN);
    server_end_clean(&server);
}

int
main(void)
{
    unsigned int padding;

    check_int(libssh2_init(0), 0);
    for(padding = 15; padding <= 255; padding += 24) {
        padded("hmac-sha2-256-etm@openssh.com", padding);
        padded("hmac-sha2-512-etm@openssh.com", padding);
    }
    libssh2_exit();
    return 0;
}
