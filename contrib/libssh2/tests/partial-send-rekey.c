/* stock: fails
 *
 * A SEND that takes a bounded number of bytes, and key exchanges that the
 * server begins at any moment, also when a packet is sent in part: all data
 * arrives, in order, in both directions.
 */
#include "server.h"

static struct buffer up, down, got;

static int
take_data(struct server *server, const unsigned char *p, size_t length)
{
    (void)server;
    if(p[0] != SSH_MSG_CHANNEL_DATA)
        return 0;
    put(&got, p + 9, length - 9);
    return 1;
}

static void
run(const char *cipher, const char *mac, size_t limit)
{
    size_t total = getenv("CHECK_IS_SLOW") ? 300000 : 3000000;
    size_t written = 0, sent_down = 0, read_down = 0;
    struct server server;
    LIBSSH2_CHANNEL *channel;
    static char buffer[70000];
    long rounds = 0, next_rekey = 0, rekeys = 0;

    server_make(&server);
    server.handle = take_data;
    server.recv_limit = 3000;
    client_prefers(&server, cipher, mac);
    server_login(&server);
    channel = server_open(&server);
    server.send_limit = limit;

    while(got.end < total || read_down < total) {
        ssize_t n;

        if(++rounds > 400000)
            fail("%s, SEND of up to %ld: stopped after %ld of %ld bytes up, "
                 "%ld down and %ld key exchanges", cipher, (long)limit,
                 (long)got.end, (long)total, (long)read_down, rekeys);
        if(written < total) {
            size_t length = 32768 + any_below(10000);

            if(length > total - written)
                length = total - written;
            n = libssh2_channel_write(channel, (char *)up.bytes + written,
                                      length);
            check(n > 0 || n == LIBSSH2_ERROR_EAGAIN);
            written += n > 0 ? (size_t)n : 0;
        }
        n = libssh2_channel_read(channel, buffer, sizeof(buffer));
        check(n > 0 || n == LIBSSH2_ERROR_EAGAIN);
        if(n > 0) {
            check(!memcmp(buffer, down.bytes + read_down, (size_t)n));
            read_down += (size_t)n;
        }
        if(sent_down < total && held(&server.to_client) < 50000 &&
           !server.in_kex) {
            struct buffer b = { 0 };
            size_t length = 1 + any_below(20000);

            if(length > total - sent_down)
                length = total - sent_down;
            put_byte(&b, SSH_MSG_CHANNEL_DATA);
            put_u32(&b, channel->local.id);
            put_string(&b, down.bytes + sent_down, length);
            server_send_buffer(&server, &b);
            sent_down += length;
        }
        if(!server.in_kex && (long)(written + sent_down) > next_rekey) {
            next_rekey = (long)(written + sent_down +
                                any_below((unsigned int)total / 15));
            server_send_kexinit(&server);
            rekeys++;
        }
        server_run(&server);
    }
    check(rekeys > 5 && !memcmp(got.bytes, up.bytes, total));
    got.end = 0;
    server_end_clean(&server);
}

int
main(void)
{
    static const size_t limits[] = { 50, 2000, 40000, 0 };
    static unsigned char random[3000000];
    size_t i;

    check_int(libssh2_init(0), 0);
    any_bytes(random, sizeof(random));
    put(&up, random, sizeof(random));
    any_bytes(random, sizeof(random));
    put(&down, random, sizeof(random));
    for(i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        if(limits[i] == 50 && getenv("CHECK_IS_SLOW"))
            continue;
        run("chacha20-poly1305@openssh.com", "hmac-sha2-256", limits[i]);
        run("aes128-gcm@openssh.com", "hmac-sha2-256", limits[i]);
        run("aes256-ctr", "hmac-sha2-256", limits[i]);
        run("aes256-ctr", "hmac-sha2-256-etm@openssh.com", limits[i]);
    }
    drop(&up);
    drop(&down);
    drop(&got);
    libssh2_exit();
    return 0;
}
