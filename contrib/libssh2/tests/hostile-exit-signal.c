/* stock: fails
 *
 * exit-signal requests whose name is longer than the request, several of them,
 * and requests that are cut short or for no channel of ours.
 */
#include "server.h"

static struct buffer answers;

static int
keep_failures(struct server *server, const unsigned char *p, size_t length)
{
    (void)server;
    if(p[0] == SSH_MSG_CHANNEL_FAILURE)
        put(&answers, p, length);
    return 0;
}

static void
request(struct server *server, uint32_t channel, const char *name,
        uint32_t claimed, const char *value)
{
    struct buffer b = { 0 };

    put_byte(&b, SSH_MSG_CHANNEL_REQUEST);
    put_u32(&b, channel);
    put_text(&b, name);
    put_byte(&b, 0);
    put_u32(&b, claimed);
    put(&b, value, strlen(value));
    server_send_buffer(server, &b);
}

static void
signal_is(LIBSSH2_CHANNEL *channel, const char *expected)
{
    char *name;
    size_t length;

    check_int(libssh2_channel_get_exit_signal(channel, &name, &length, NULL,
                                              NULL, NULL, NULL), 0);
    if(!expected)
        check(!name && !length);
    else {
        check(name && length == strlen(expected) && !strcmp(name, expected));
        count_free(name, NULL);
    }
}

int
main(void)
{
    struct server server;
    LIBSSH2_CHANNEL *channel;
    struct buffer b = { 0 };
    unsigned char answer[5] = { SSH_MSG_CHANNEL_FAILURE };
    uint32_t id;
    size_t cut;

    fence_blocks = !getenv("CHECK_WATCHES_MEMORY");
    check_int(libssh2_init(0), 0);
    server_make(&server);
    server.handle = keep_failures;
    server_login(&server);
    channel = server_open(&server);
    id = channel->local.id;

    request(&server, id, "exit-signal", 0x1000000, "TERM");
    check_int(client_reads(&server), 0);
    signal_is(channel, NULL);
    request(&server, id, "exit-signal", 0xffffffff, "TERM");
    request(&server, id, "exit-signal", 5, "TERM");
    check_int(client_reads(&server), 0);
    signal_is(channel, NULL);

    request(&server, id, "exit-signal", 4, "TERM");
    check_int(client_reads(&server), 0);
    signal_is(channel, "TERM");
    request(&server, id, "exit-signal", 3, "INT");
    request(&server, id, "exit-signal", 40, "KILL");
    check_int(client_reads(&server), 0);
    signal_is(channel, "INT");

    request(&server, id, "exit-status", 77, "");
    check_int(client_reads(&server), 0);
    check_int(libssh2_channel_get_exit_status(channel), 77);
    request(&server, id + 7, "exit-status", 78, "");
    check_int(client_reads(&server), 0);
    check_int(libssh2_channel_get_exit_status(channel), 77);
    check_int(answers.end, 0);

    /* one that wants an answer gets it, with the server's number */
    put_byte(&b, SSH_MSG_CHANNEL_REQUEST);
    put_u32(&b, id);
    put_text(&b, "what@example.org");
    put_byte(&b, 1);
    server_send(&server, b.bytes, b.end);
    check_int(client_reads(&server), 0);
    server_run(&server);
    _libssh2_htonu32(answer + 1, id + 1000);
    check(answers.end == 5 && !memcmp(answers.bytes, answer, 5));
    /* not so one of which a part is missing */
    for(cut = 1; cut < b.end; cut++) {
        server_send(&server, b.bytes, cut);
        check_int(client_reads(&server), 0);
    }
    server_run(&server);
    check_int(answers.end, 5);

    drop(&b);
    drop(&answers);
    server_end_clean(&server);
    libssh2_exit();
    return 0;
}
