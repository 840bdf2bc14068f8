/* stock: fails
 *
 * Thousands of sessions with a server that sends messages of every type in any
 * order, many of them spoiled, at any time from its first packet on, to a
 * client that opens, reads, writes, listens and closes: no crash, no access
 * beyond what is in a message, no loop, and no memory lost.
 *
 * Arguments are the first session's number and how many there are: to look at
 * one that failed, or for a long run.
 */
#include "server.h"

static unsigned int spoil_one_in;

/* Changes, cuts or lengthens a message now and then. */
static void
spoil(struct buffer *b)
{
    unsigned int times;

    if(any_below(spoil_one_in))
        return;
    for(times = 1 + any_below(3); times; times--)
        switch(any_below(5)) {
        case 0:
            b->bytes[any_below((unsigned int)b->end)] =
                (unsigned char)any_number();
            break;
        case 1:
            b->bytes[any_below((unsigned int)b->end)] ^=
                (unsigned char)(1u << any_below(8));
            break;
        case 2:
            b->end = 1 + any_below((unsigned int)b->end);
            break;
        case 3:
            put_u32(b, any_number());
            break;
        case 4: /* most likely a length */
            if(b->end > 9)
                _libssh2_htonu32(b->bytes + 1 +
                                 any_below((unsigned int)b->end - 4),
                                 any_below(2) ? any_below(40) :
                                 0xffffffffu - any_below(40));
        }
}

static void
send_spoiled(struct server *server, struct buffer *b)
{
    spoil(b);
    if(b->end < 34000)
        server_send_buffer(server, b);
    else
        drop(b);
}

static const char *
any_text(void)
{
    static const char *const texts[] = {
        "", "session", "forwarded-tcpip", "x11", "auth-agent@openssh.com",
        "exit-status", "exit-signal", "keepalive@openssh.com", "127.0.0.1",
        "0.0.0.0", "server-sig-algs", "rsa-sha2-256,ssh-ed25519", "TERM",
        "publickey,password", "ssh-userauth"
    };

    return texts[any_below(sizeof(texts) / sizeof(*texts))];
}

static void
any_message(struct server *server)
{
    static const unsigned char types[] = {
        1, 2, 3, 4, 5, 6, 7, 20, 21, 30, 31, 33, 51, 52, 53, 60, 80, 81, 82,
        90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100
    };
    struct buffer b = { 0 };
    unsigned char type = any_below(20) ? types[any_below(sizeof(types))] :
        (unsigned char)any_number();
    unsigned int i, id = any_below(4);

    if(type == SSH_MSG_DISCONNECT && any_below(20))
        type = SSH_MSG_CHANNEL_DATA;
    if(type == SSH_MSG_KEXINIT && any_below(10))
        type = SSH_MSG_CHANNEL_REQUEST;
    put_byte(&b, type);
    switch(type) {
    case SSH_MSG_KEXINIT:
        drop(&b);
        if(!server->in_kex)
            server_send_kexinit(server);
        return;
    case SSH_MSG_EXT_INFO:
        put_u32(&b, any_below(3));
        put_text(&b, any_text());
        put_text(&b, any_text());
        break;
    case SSH_MSG_GLOBAL_REQUEST:
        put_text(&b, any_text());
        put_byte(&b, any_below(2));
        break;
    case SSH_MSG_CHANNEL_OPEN:
        put_text(&b, any_text());
        for(i = 0; i < 3; i++)
            put_u32(&b, any_below(3) ? any_below(100000) : any_number());
        put_text(&b, any_text());
        put_u32(&b, any_below(3000));
        put_text(&b, any_text());
        put_u32(&b, any_below(3000));
        break;
    case SSH_MSG_CHANNEL_EXTENDED_DATA:
        put_u32(&b, id);
        put_u32(&b, any_below(3));
        put_u32(&b, any_below(300));
        for(i = any_below(300); i; i--)
            put_byte(&b, i);
        break;
    case SSH_MSG_CHANNEL_DATA:
        put_u32(&b, id);
        put_u32(&b, any_below(3000));
        for(i = any_below(3) ? any_below(300) : any_below(33000); i; i--)
            put_byte(&b, i);
        break;
    case SSH_MSG_CHANNEL_REQUEST:
        put_u32(&b, id);
        put_text(&b, any_text());
        put_byte(&b, any_below(2));
        put_text(&b, any_text());
        put_u32(&b, any_number());
        break;
    case SSH_MSG_SERVICE_ACCEPT:
    case SSH_MSG_USERAUTH_FAILURE:
    case SSH_MSG_USERAUTH_BANNER:
    case SSH_MSG_USERAUTH_PK_OK:
        for(i = any_below(4); i; i--)
            put_text(&b, any_text());
        put_byte(&b, any_below(2));
        break;
    default:
        put_u32(&b, id);
        for(i = any_below(4); i; i--)
            put_u32(&b, any_below(3) ? any_below(100000) : any_number());
        put_text(&b, any_text());
    }
    send_spoiled(server, &b);
}

/* Answers as a server should, most of the time. */
static int
answer(struct server *server, const unsigned char *p, size_t length)
{
    struct buffer b = { 0 };

    (void)length;
    if(!any_below(12))
        any_message(server);
    switch(p[0]) {
    case SSH_MSG_USERAUTH_REQUEST:
        if(any_below(4))
            return 0;
        put_byte(&b, any_below(2) ? SSH_MSG_USERAUTH_BANNER :
                 SSH_MSG_USERAUTH_FAILURE);
        put_text(&b, any_text());
        put_byte(&b, 0);
        break;
    case SSH_MSG_CHANNEL_REQUEST:
        put_byte(&b, any_below(2) ? SSH_MSG_CHANNEL_SUCCESS :
                 SSH_MSG_CHANNEL_FAILURE);
        /* our number is theirs and 1000 */
        put_u32(&b, _libssh2_ntohu32(p + 1) - 1000);
        break;
    case SSH_MSG_GLOBAL_REQUEST:
        put_byte(&b, any_below(4) ? SSH_MSG_REQUEST_SUCCESS :
                 SSH_MSG_REQUEST_FAILURE);
        put_u32(&b, 2222);
        break;
    case SSH_MSG_CHANNEL_CLOSE:
        put_byte(&b, SSH_MSG_CHANNEL_CLOSE);
        put_u32(&b, _libssh2_ntohu32(p + 1) - 1000);
        break;
    case SSH_MSG_CHANNEL_OPEN:
        if(any_below(4))
            return 0;
        put_byte(&b, SSH_MSG_CHANNEL_OPEN_FAILURE);
        put(&b, p + 5 + _libssh2_ntohu32(p + 1), 4);
        put_u32(&b, any_below(6));
        put_text(&b, any_text());
        put_text(&b, "");
        break;
    default:
        return 0;
    }
    send_spoiled(server, &b);
    return 1;
}

/* Not until_done: what does not end in time is given up. */
#define try(server, result, call) \
    do { \
        int tries_ = 0; \
        while((result = (int)(call)) == LIBSSH2_ERROR_EAGAIN && \
              ++tries_ < 30) { \
            if(!any_below(4)) \
                any_message(server); \
            server_run(server); \
        } \
    } while(0)

static void
use(struct server *server, int *rc)
{
    LIBSSH2_SESSION *session = server->client;
    LIBSSH2_CHANNEL *channel = NULL, *accepted = NULL;
    LIBSSH2_LISTENER *listener = NULL;
    char buffer[3000] = { 0 }, *name = NULL;
    size_t length;
    int i, port, tries;

    for(tries = 0; tries < 30 && !channel; tries++) {
        channel = libssh2_channel_open_session(session);
        if(!channel && libssh2_session_last_errno(session) !=
           LIBSSH2_ERROR_EAGAIN)
            return;
        server_run(server);
    }
    if(!channel)
        return;
    for(i = 0; i < 40; i++) {
        switch(any_below(9)) {
        case 0:
            try(server, *rc, libssh2_channel_read(channel, buffer,
                                                  sizeof(buffer)));
            break;
        case 1:
            try(server, *rc, libssh2_channel_write(channel, buffer, 100));
            break;
        case 2:
            try(server, *rc, libssh2_channel_setenv(channel, "A", "b"));
            break;
        case 3:
            for(tries = 0; tries < 30 && !listener; tries++) {
                listener = libssh2_channel_forward_listen_ex(session, NULL,
                                                             0, &port, 2);
                server_run(server);
            }
            break;
        case 4:
            if(listener && !accepted)
                accepted = libssh2_channel_forward_accept(listener);
            break;
        case 5:
            if(accepted)
                try(server, *rc, libssh2_channel_read(accepted, buffer,
                                                      sizeof(buffer)));
            break;
        case 6:
            libssh2_channel_handle_extended_data2(channel,
                                                  (int)any_below(3));
            break;
        case 7:
            libssh2_channel_get_exit_signal(channel, &name, &length, NULL,
                                            NULL, NULL, NULL);
            check((name ? strlen(name) : 0) == length);
            count_free(name, NULL);
            break;
        case 8:
            libssh2_channel_eof(channel);
            any_message(server);
            any_message(server);
        }
        server_run(server);
        if(session->socket_state == LIBSSH2_SOCKET_DISCONNECTED)
            return;
    }
    try(server, *rc, libssh2_channel_free(channel));
}

static void
one_session(unsigned int number)
{
    struct server server;
    const struct cipher *cipher = &ciphers[number % 6];
    const struct mac *mac = &macs[number / 6 % 4];
    unsigned int i;
    int rc = 0;

    for(i = 0; i < number % 50; i++)
        any_number();
    spoil_one_in = number % 3 ? 4 : 30;
    server_make(&server);
    client_prefers(&server, cipher->name, mac->name);
    server.handle = answer;
    server.strict = number % 2;
    server.recv_limit = number % 5 ? 0 : 50;
    server.send_limit = number % 4 ? 0 : 100;
    if(number % 7 == 0) {
        /* from the first packet on */
        any_message(&server);
        try(&server, rc, libssh2_session_handshake(server.client, -2));
    }
    else {
        server.handle = NULL;
        until_done(&server, rc, libssh2_session_handshake(server.client, -2));
        check_int(rc, 0);
        server.handle = answer;
    }
    if(!rc) {
        if(number % 3) {
            server.handle = NULL;
            until_done(&server, rc,
                       libssh2_userauth_password(server.client, "me", "x"));
            server.handle = answer;
        }
        else
            try(&server, rc,
                libssh2_userauth_password(server.client, "me", "x"));
        if(!rc)
            use(&server, &rc);
    }
    server_end_clean(&server);
}

int
main(int argc, char **argv)
{
    unsigned int first = argc > 1 ? (unsigned int)atoi(argv[1]) : 0;
    unsigned int last = first + (argc > 2 ? (unsigned int)atoi(argv[2]) :
                                 argc > 1 ? 1 :
                                 getenv("CHECK_IS_SLOW") ? 150 : 3000);
    unsigned int number;

    check_int(libssh2_init(0), 0);
    for(number = first; number < last; number++) {
        /* each by itself, so that one can be looked at */
        any_seed(number);
        if(argc > 1)
            fprintf(stderr, "session %u\r", number);
        one_session(number);
    }
    libssh2_exit();
    return 0;
}
