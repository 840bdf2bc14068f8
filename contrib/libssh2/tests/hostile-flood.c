/* stock: fails
 *
 * Messages that nobody takes do not fill the memory: unknown ones are answered
 * in their order and dropped, at any time; known ones are dropped when nobody
 * waits for them; channel data without data likewise; and what may be waited
 * for is bounded.
 */
#include "server.h"

#define FLOOD (getenv("CHECK_IS_SLOW") ? 2000 : 20000)

static long unimplemented;
static uint32_t last_sequence;

static int
count_answers(struct server *server, const unsigned char *p, size_t length)
{
    (void)server;
    if(p[0] == SSH_MSG_UNIMPLEMENTED) {
        check_int(length, 5);
        last_sequence = _libssh2_ntohu32(p + 1);
        unimplemented++;
    }
    return 0;
}

/* Type 0 is an error while keys are exchanged. */
static void
flood_unknown(struct server *server)
{
    static const unsigned char types[] = {
        9, 8, 19, 22, 29, 50, 54, 61, 79, 83, 89, 101, 127, 128, 192, 255
    };
    long before_blocks = blocks, before = unimplemented;
    int i;

    for(i = 0; i < FLOOD; i++) {
        unsigned char message[20] = { 0 };
        uint32_t sequence = server->out.sequence;

        message[0] = types[i % sizeof(types)];
        server_send(server, message, 1 + any_below(19));
        if(i % 100 == 99) {
            check_int(client_reads(server), 0);
            server_run(server);
            check(last_sequence == sequence);
        }
    }
    check_int(unimplemented - before, FLOOD);
    check_int(blocks, before_blocks);
}

static void
flood_known(struct server *server, uint32_t channel)
{
    static const unsigned char types[] = {
        SSH_MSG_UNIMPLEMENTED, SSH_MSG_NEWKEYS, 30, 31, 33, 49,
        SSH_MSG_USERAUTH_FAILURE, SSH_MSG_USERAUTH_SUCCESS,
        SSH_MSG_USERAUTH_BANNER, SSH_MSG_USERAUTH_PK_OK,
        SSH_MSG_REQUEST_SUCCESS, SSH_MSG_REQUEST_FAILURE,
        SSH_MSG_CHANNEL_DATA, SSH_MSG_CHANNEL_EXTENDED_DATA
    };
    long before_blocks = blocks, before = unimplemented;
    int i;

    for(i = 0; i < FLOOD; i++) {
        unsigned char message[13] = { 0 };

        message[0] = types[(size_t)i % sizeof(types)];
        _libssh2_htonu32(message + 1, channel);
        server_send(server, message,
                    message[0] == SSH_MSG_CHANNEL_DATA ? 9 : 13);
        if(i % 100 == 99)
            check_int(client_reads(server), 0);
    }
    check_int(blocks, before_blocks);
    server_run(server);
    check_int(unimplemented, before);
}

/* Somebody might wait for these: the end comes, and soon. */
static void
flood_waited_for(unsigned char type, size_t length, long expected)
{
    struct server server;
    LIBSSH2_CHANNEL *channel;
    unsigned char message[30000] = { 0 };
    long i, before, rc;

    server_make(&server);
    server_login(&server);
    channel = server_open(&server);
    message[0] = type;
    _libssh2_htonu32(message + 1, channel->local.id);
    before = blocks_bytes;
    for(i = 0; i < 20000; i++) {
        server_send(&server, message, length);
        rc = client_reads(&server);
        if(rc)
            break;
    }
    check_int(rc, LIBSSH2_ERROR_PROTO);
    check(i >= expected);
    /* a packet's padding and tag are allocated too */
    check(blocks_bytes - before < 0x100000 * 2);
    server_end_clean(&server);
}

int
main(void)
{
    struct server server;
    LIBSSH2_CHANNEL *channel;

    check_int(libssh2_init(0), 0);
    server_make(&server);
    server.handle = count_answers;
    server_login(&server);
    channel = server_open(&server);
    flood_unknown(&server);
    flood_known(&server, channel->local.id);
    check_int(server_rekey(&server), 0);
    flood_unknown(&server);
    server_end_clean(&server);

    /* before there are keys */
    server_make(&server);
    server.handle = count_answers;
    server.in_kex = 1; /* send no KEXINIT yet */
    check_int(libssh2_session_handshake(server.client, -2),
              LIBSSH2_ERROR_EAGAIN);
    server_run(&server);
    flood_unknown(&server);
    server_send_kexinit(&server);
    server_handshake(&server);
    server_end_clean(&server);

    flood_waited_for(SSH_MSG_CHANNEL_SUCCESS, 5, 5000);
    flood_waited_for(SSH_MSG_CHANNEL_FAILURE, 30000, 30);
    flood_waited_for(SSH_MSG_CHANNEL_OPEN_FAILURE, 17, 5000);
    libssh2_exit();
    return 0;
}
