/* stock: fails
 *
 * One changed bit in a ChaCha20-Poly1305 packet, which anybody on the way can
 * cause, is an error of the next read: no loop, no memory.
 */
#include "server.h"

#include <sys/resource.h>

int
main(void)
{
    static const struct rlimit memory = { 1u << 28, 1u << 28 };
    struct server server;
    LIBSSH2_CHANNEL *channel;
    struct buffer data = { 0 };
    char buffer[100];
    ssize_t got;

    alarm(20);
    if(!getenv("CHECK_WATCHES_MEMORY"))
        setrlimit(RLIMIT_AS, &memory);
    check_int(libssh2_init(0), 0);
    server_make(&server);
    client_prefers(&server, "chacha20-poly1305@openssh.com", "hmac-sha2-256");
    server_login(&server);
    channel = server_open(&server);

    put_byte(&data, SSH_MSG_CHANNEL_DATA);
    put_u32(&data, channel->local.id);
    put_text(&data, "some text");
    server_send_buffer(&server, &data);
    server.to_client.bytes[server.to_client.end - 1] ^= 1;

    got = libssh2_channel_read(channel, buffer, sizeof(buffer));
    check(got < 0 && got != LIBSSH2_ERROR_EAGAIN);
    server_end_clean(&server);
    libssh2_exit();
    return 0;
}
