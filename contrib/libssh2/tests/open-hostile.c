/* stock: does not compile
 *
 * What a server may answer to an open that is under way, right or wrong,
 * against a scripted far side.
 */
#include "open-fixture.h"
#include "open-peer.h"

#define REFUSED LIBSSH2_ERROR_CHANNEL_FAILURE
#define PENDING LIBSSH2_ERROR_EAGAIN

static struct link peer;

static int
waiting(void)
{
    return list_length(&peer.session->start_sent);
}

static int
unsent(void)
{
    return list_length(&peer.session->start_unsent);
}

/* The answers as they should be. */
static void
test_answers(void)
{
    LIBSSH2_CHANNEL *first, *second, *third;
    unsigned int id1, id2, id3, reason;
    const char *text;
    size_t length;
    unsigned char *payload;
    char bytes[8];

    peer_make(&peer);
    first = peer_start(&peer, 100);
    payload = peer_take(&peer, &length);
    check_int(length, 17 + 12 + 7);
    check(payload && payload[0] == SSH_MSG_CHANNEL_OPEN);
    check(!memcmp(payload + 1, "\0\0\0\014direct-tcpip", 16));
    id1 = _libssh2_ntohu32(payload + 17);
    check_int(_libssh2_ntohu32(payload + 21), 100);
    check_int(_libssh2_ntohu32(payload + 25), 32768);
    check(!memcmp(payload + 29, "message", 7));

    second = peer_start(&peer, 0);
    id2 = peer_take_open(&peer);
    third = peer_start(&peer, 0);
    id3 = peer_take_open(&peer);
    check(id1 != id2 && id2 != id3 && id1 != id3);
    check_int(libssh2_channel_open_poll(first), PENDING);
    check_int(libssh2_channel_open_failure(first, NULL, NULL, NULL), PENDING);

    /* out of order, with data and an end right behind */
    peer_refuse(&peer, id3, 1, "not you");
    peer_confirm(&peer, id1, 71);
    peer_data(&peer, id1, "early");
    peer_send_words(&peer, SSH_MSG_CHANNEL_EOF, 1, id1);
    peer_send_words(&peer, SSH_MSG_CHANNEL_CLOSE, 1, id1);
    peer_confirm(&peer, id2, 72);
    peer_pump(&peer);
    check_int(waiting(), 1);
    check_int(libssh2_poll_channel_read(first, 0), 1);

    /* everything is known by now, without a look at the transport */
    peer.saw_empty = 0;
    check_int(libssh2_channel_open_poll(first), 0);
    check_int(libssh2_channel_open_poll(second), 0);
    check_int(libssh2_channel_open_poll(third), REFUSED);
    check(!strcmp(last_error(&peer),
                  "Channel open failure (administratively prohibited)"));
    check_int(libssh2_channel_open_failure(first, NULL, NULL, NULL),
              LIBSSH2_ERROR_BAD_USE);
    check_int(libssh2_channel_open_failure(third, &reason, &text, &length),
              0);
    check_int(reason, 1);
    check(length == 7 && !memcmp(text, "not you", 7));
    check_int(libssh2_channel_free(third), 0);
    check_int(peer.saw_empty, 0);
    check_int(waiting(), 0);

    check_int(first->remote.id, 71);
    check_int(libssh2_channel_window_write_ex(first, NULL), 1 << 20);
    check_int(libssh2_channel_read(first, bytes, 5), 5);
    check(!memcmp(bytes, "early", 5));
    check_int(libssh2_channel_eof(first), 1);
    check_int(libssh2_channel_free(first), 0);
    peer_expect(&peer, SSH_MSG_CHANNEL_EOF, 71);
    peer_expect(&peer, SSH_MSG_CHANNEL_CLOSE, 71);
    check_int(libssh2_channel_write(second, "x", 1), 1);
    peer_expect(&peer, SSH_MSG_CHANNEL_DATA, 72);
    peer_expect_nothing(&peer);
    check_int(packets_left(&peer), 0);
    peer_end(&peer);
}

/* Poll alone is enough. */
static void
test_poll_reads(void)
{
    LIBSSH2_CHANNEL *first, *second;

    peer_make(&peer);
    first = peer_start(&peer, 0);
    second = peer_start(&peer, 0);
    check_int(libssh2_channel_open_poll(second), PENDING);
    peer_confirm(&peer, 0, 70);
    check_int(libssh2_channel_open_poll(second), PENDING);
    check_int(libssh2_channel_open_poll(first), 0);
    peer_refuse(&peer, 1, 2, "");
    check_int(libssh2_channel_open_poll(second), REFUSED);
    check_int(libssh2_channel_open_poll(second), REFUSED);
    peer_end(&peer);
}

static void
test_arguments(void)
{
    static char message[40000];
    LIBSSH2_SESSION *session;

    peer_make(&peer);
    session = peer.session;
    check(!libssh2_channel_open_start(NULL, "x", 1, 0, 0, NULL, 0));
    check(!libssh2_channel_open_start(session, NULL, 0, 0, 0, NULL, 0));
    check(!libssh2_channel_open_start(session, "x", 1, 0, 0, NULL, 1));
    check_int(libssh2_session_last_errno(session), LIBSSH2_ERROR_INVAL);
    check(!libssh2_channel_open_start(session, "x", 1, 0, 0, message, 40000));
    check(!libssh2_channel_open_start(session, "x", 1, 0, 0, message, ~0u));
    check(!libssh2_channel_open_start(session, "x", ~0u, 0, 0, message, 18));
    check(!libssh2_channel_open_start(session, "x", 1, 0, 0, message,
                                      35000 - 256 - 18));
    check_int(unsent(), 0);
    check(libssh2_channel_open_start(session, "x", 1, 0, 0, message,
                                     35000 - 256 - 19));
    check_int(waiting(), 1);
    check(libssh2_channel_open_start(session, "", 0, 0, 0, NULL, 0));
    check_int(libssh2_channel_open_poll(NULL), LIBSSH2_ERROR_BAD_USE);
    check_int(libssh2_channel_open_failure(NULL, NULL, NULL, NULL),
              LIBSSH2_ERROR_BAD_USE);
    peer_end(&peer);
}

static void
test_no_memory(void)
{
    int nth;

    peer_make(&peer);
    for(nth = 1; nth <= 3; nth++) {
        long before = blocks;

        fail_alloc_in = nth;
        check(!libssh2_channel_open_start(peer.session, "x", 1, 0, 0, "", 0));
        check_int(fail_alloc_in, 0);
        check_int(libssh2_session_last_errno(peer.session),
                  LIBSSH2_ERROR_ALLOC);
        check_int(blocks, before);
    }
    fail_alloc_in = 0;
    peer_expect_nothing(&peer);
    peer_end(&peer);
}

/* An answer of every length there is. */
static void
test_short_answers(void)
{
    unsigned char payload[32];
    size_t length;
    int type;

    for(type = SSH_MSG_CHANNEL_OPEN_CONFIRMATION;
        type <= SSH_MSG_CHANNEL_OPEN_FAILURE; type++) {
        int is_failure = type == SSH_MSG_CHANNEL_OPEN_FAILURE;

        for(length = 1; length <= 21; length++) {
            LIBSSH2_CHANNEL *channel;
            int expected;
            unsigned char *exact;

            peer_make(&peer);
            channel = peer_start(&peer, 0);
            memset(payload, 0, sizeof(payload));
            payload[0] = (unsigned char)type;
            /* a block of its own, so that the sanitizer sees an over-read */
            exact = count_alloc(length, NULL);
            memcpy(exact, payload, length);
            check_int(_libssh2_packet_add(peer.session, exact, length,
                                          LIBSSH2_MAC_CONFIRMED, 0), 0);
            expected = length < 5 ? PENDING :
                is_failure ? (length < 9 ? LIBSSH2_ERROR_PROTO : REFUSED) :
                length < 17 ? LIBSSH2_ERROR_PROTO : 0;
            check_int(libssh2_channel_open_poll(channel), expected);
            check_int(libssh2_channel_open_failure(channel, NULL, NULL, NULL),
                      expected == REFUSED ? 0 :
                      expected == 0 ? LIBSSH2_ERROR_BAD_USE : expected);
            /* what is too short for a number is nobody's, as ever */
            check_int(packets_left(&peer), length < 5 ? 1 : 0);
            peer_end(&peer);

            /* the same for one that was given up */
            peer_make(&peer);
            channel = peer_start(&peer, 0);
            check_int(libssh2_channel_free(channel), 0);
            exact = count_alloc(length, NULL);
            memcpy(exact, payload, length);
            check_int(_libssh2_packet_add(peer.session, exact, length,
                                          LIBSSH2_MAC_CONFIRMED, 0), 0);
            peer_pump(&peer);
            check_int(waiting(), length < 5 ? 1 : 0);
            check_int(unsent(), 0);
            peer_end(&peer);
        }
    }
}

static void
test_refusal_texts(void)
{
    static const unsigned int lengths[] = {
        5, 6, 0x7fffffff, 0x80000000u, 0xfffffff0u, 0xffffffffu
    };
    unsigned char payload[18];
    static unsigned char huge[32000];
    LIBSSH2_CHANNEL *channel;
    unsigned int reason;
    const char *text;
    size_t length, i;

    peer_make(&peer);
    for(i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        channel = peer_start(&peer, 0);
        payload[0] = SSH_MSG_CHANNEL_OPEN_FAILURE;
        _libssh2_htonu32(payload + 1, channel->local.id);
        _libssh2_htonu32(payload + 5, 0xfffffffe);
        _libssh2_htonu32(payload + 9, lengths[i]);
        memcpy(payload + 13, "words", 5);
        peer_send(&peer, payload, sizeof(payload));
        check_int(libssh2_channel_open_poll(channel), REFUSED);
        check_int(libssh2_channel_open_failure(channel, &reason, &text,
                                               &length), 0);
        check_int(reason, 0xfffffffe);
        check(text);
        if(lengths[i] == 5)
            check(length == 5 && !memcmp(text, "words", 5));
        else
            check_int(length, 0);
        check_int(libssh2_channel_free(channel), 0);
    }
    /* without a language tag, as long as a packet can be */
    channel = peer_start(&peer, 0);
    memset(huge, 'w', sizeof(huge));
    huge[0] = SSH_MSG_CHANNEL_OPEN_FAILURE;
    _libssh2_htonu32(huge + 1, channel->local.id);
    _libssh2_htonu32(huge + 5, 4);
    _libssh2_htonu32(huge + 9, sizeof(huge) - 13);
    peer_send(&peer, huge, sizeof(huge));
    check_int(libssh2_channel_open_poll(channel), REFUSED);
    check(!strcmp(last_error(&peer),
                  "Channel open failure (resource shortage)"));
    check_int(libssh2_channel_open_failure(channel, &reason, &text, &length),
              0);
    check_int(length, sizeof(huge) - 13);
    check(text[0] == 'w' && text[length - 1] == 'w');
    check_int(packets_left(&peer), 0);
    /* this one is left to the session's end */
    peer_end(&peer);
}

/* Answers that nobody waits for. */
static void
test_unasked_answers(void)
{
    LIBSSH2_CHANNEL *channel;

    peer_make(&peer);
    channel = peer_start(&peer, 0);
    peer_confirm(&peer, 4711, 1);
    peer_refuse(&peer, 4711, 1, "nobody");
    peer_pump(&peer);
    check_int(libssh2_channel_open_poll(channel), PENDING);
    check_int(packets_left(&peer), 2); /* as ever */
    peer_confirm(&peer, 0, 7);
    peer_confirm(&peer, 0, 8);
    peer_refuse(&peer, 0, 1, "after all");
    peer_pump(&peer);
    check_int(libssh2_channel_open_poll(channel), 0);
    check_int(channel->remote.id, 7);
    check_int(libssh2_channel_open_failure(channel, NULL, NULL, NULL),
              LIBSSH2_ERROR_BAD_USE);
    check_int(packets_left(&peer), 4);

    /* refused, then confirmed */
    channel = peer_start(&peer, 0);
    peer_refuse(&peer, 1, 1, "no");
    peer_confirm(&peer, 1, 9);
    peer_refuse(&peer, 1, 1, "no again");
    peer_pump(&peer);
    check_int(libssh2_channel_open_poll(channel), REFUSED);
    check_int(libssh2_channel_free(channel), 0);
    peer_pump(&peer);
    check_int(packets_left(&peer), 6);
    peer_end(&peer);
}

/* What comes for a channel before it is confirmed. */
static void
test_too_early(void)
{
    LIBSSH2_CHANNEL *channel;
    char bytes[8];
    int i;

    peer_make(&peer);
    channel = peer_start(&peer, 65536);
    peer_take_open(&peer);
    for(i = 0; i < 2000; i++)
        peer_data(&peer, 0, "too early");
    peer_send_words(&peer, SSH_MSG_CHANNEL_EXTENDED_DATA, 3, 0, 1, 0);
    peer_send_words(&peer, SSH_MSG_CHANNEL_WINDOW_ADJUST, 2, 0, 0x7fffffff);
    peer_send_words(&peer, SSH_MSG_CHANNEL_EOF, 1, 0);
    peer_send_words(&peer, SSH_MSG_CHANNEL_CLOSE, 1, 0);
    peer_pump(&peer);
    check_int(packets_left(&peer), 0);
    check_int(libssh2_channel_open_poll(channel), PENDING);
    peer_confirm(&peer, 0, 7);
    peer_data(&peer, 0, "now");
    peer_pump(&peer);
    check_int(libssh2_channel_open_poll(channel), 0);
    check_int(libssh2_channel_window_write_ex(channel, NULL), 1 << 20);
    check_int(libssh2_channel_eof(channel), 0);
    check_int(libssh2_channel_read(channel, bytes, sizeof(bytes)), 3);
    check(!memcmp(bytes, "now", 3));
    peer_end(&peer);
}

/* Freed before the answer came. */
static void
test_given_up(void)
{
    LIBSSH2_CHANNEL *channel;
    int i;

    peer_make(&peer);
    channel = peer_start(&peer, 65536);
    check_int(peer_take_open(&peer), 0);
    check_int(libssh2_channel_free(channel), 0);
    peer_expect_nothing(&peer);
    check_int(waiting(), 1);
    /* even before that, data is nobody's */
    peer_data(&peer, 0, "early");
    peer_confirm(&peer, 0, 77);
    for(i = 0; i < 1000; i++)
        peer_data(&peer, 0, "unread");
    peer_send_words(&peer, SSH_MSG_CHANNEL_EXTENDED_DATA, 3, 0, 1, 0);
    peer_send_words(&peer, SSH_MSG_CHANNEL_WINDOW_ADJUST, 2, 0, 1);
    peer_send_words(&peer, SSH_MSG_CHANNEL_EOF, 1, 0);
    peer_send_words(&peer, SSH_MSG_CHANNEL_CLOSE, 1, 0);
    peer_pump(&peer);
    peer_expect(&peer, SSH_MSG_CHANNEL_CLOSE, 77);
    peer_expect_nothing(&peer);
    check_int(packets_left(&peer), 0);
    check_int(waiting() + unsent(), 0);

    channel = peer_start(&peer, 0);
    check_int(peer_take_open(&peer), 1);
    check_int(libssh2_channel_free(channel), 0);
    peer_refuse(&peer, 1, 1, "no");
    peer_pump(&peer);
    peer_expect_nothing(&peer);
    check_int(packets_left(&peer), 0);
    check_int(waiting() + unsent(), 0);

    /* confirmed a second time: its number is nobody's by then */
    channel = peer_start(&peer, 0);
    check_int(peer_take_open(&peer), 2);
    check_int(libssh2_channel_free(channel), 0);
    peer_confirm(&peer, 2, 78);
    peer_confirm(&peer, 2, 79);
    peer_pump(&peer);
    peer_expect(&peer, SSH_MSG_CHANNEL_CLOSE, 78);
    peer_expect_nothing(&peer);

    /* freed right after the confirmation: the classic way */
    channel = peer_start(&peer, 0);
    check_int(peer_take_open(&peer), 3);
    peer_confirm(&peer, 3, 80);
    peer_pump(&peer);
    check_int(libssh2_channel_free(channel), PENDING);
    peer_expect(&peer, SSH_MSG_CHANNEL_EOF, 80);
    peer_expect(&peer, SSH_MSG_CHANNEL_CLOSE, 80);
    peer_send_words(&peer, SSH_MSG_CHANNEL_CLOSE, 1, 3);
    check_int(libssh2_channel_free(channel), 0);
    peer_expect_nothing(&peer);
    peer_end(&peer);
}

/* The CLOSE of one that was given up waits while it cannot be sent. */
static void
test_given_up_and_blocked(void)
{
    LIBSSH2_CHANNEL *channel;
    LIBSSH2_CHANNEL *other;
    int i;

    peer_make(&peer);
    for(i = 0; i < 3; i++) {
        channel = peer_start(&peer, 0);
        check_int(peer_take_open(&peer), i);
        check_int(libssh2_channel_free(channel), 0);
    }
    other = peer_start(&peer, 0);
    check_int(peer_take_open(&peer), 3);
    peer_confirm(&peer, 3, 83);
    check_int(libssh2_channel_open_poll(other), 0);

    peer.send_limit = 5;
    peer.send_room = 0;
    peer_confirm(&peer, 0, 80);
    peer_confirm(&peer, 1, 81);
    peer_confirm(&peer, 2, 82);
    peer_send_words(&peer, SSH_MSG_CHANNEL_CLOSE, 1, 1);
    peer_pump(&peer);
    peer_pump(&peer);
    peer_expect_nothing(&peer);
    check_int(unsent(), 3);
    /* the first one is begun: it goes out before anything else, whoever
       sends */
    check_int(libssh2_channel_write(other, "x", 1), LIBSSH2_ERROR_EAGAIN);
    for(i = 0; i < 100 && unsent() == 3; i++) {
        peer.send_room = 1;
        check_int(libssh2_channel_write(other, "x", 1), LIBSSH2_ERROR_EAGAIN);
    }
    peer_expect(&peer, SSH_MSG_CHANNEL_CLOSE, 80);
    peer.send_limit = 0;
    check_int(libssh2_channel_write(other, "x", 1), 1);
    peer_pump(&peer);
    peer_expect(&peer, SSH_MSG_CHANNEL_CLOSE, 81);
    peer_expect(&peer, SSH_MSG_CHANNEL_CLOSE, 82);
    peer_expect(&peer, SSH_MSG_CHANNEL_DATA, 83);
    peer_expect_nothing(&peer);
    check_int(waiting() + unsent(), 0);
    check_int(packets_left(&peer), 0);
    peer_end(&peer);
}

/* Sent in pieces: the request itself, with others' packets in between. */
static void
test_pieces(void)
{
    LIBSSH2_CHANNEL *old, *first, *second;
    unsigned int id;
    int i, result, free_at;

    /* with free_at, the first is given up after so many bytes */
    for(free_at = -1; free_at < 45; free_at++) {
        peer_make(&peer);
        old = peer_start(&peer, 0);
        check_int(peer_take_open(&peer), 0);
        peer_confirm(&peer, 0, 70);
        check_int(libssh2_channel_open_poll(old), 0);

        /* another packet is begun: it goes out first */
        peer.send_limit = 1;
        peer.send_room = 1;
        check_int(libssh2_channel_write(old, "old", 3), LIBSSH2_ERROR_EAGAIN);
        first = peer_start(&peer, 0);
        second = peer_start(&peer, 0);
        check_int(unsent(), 2);
        do {
            peer.send_room = 1;
            check_int(libssh2_channel_open_poll(first), PENDING);
            result = (int)libssh2_channel_write(old, "old", 3);
        } while(result == LIBSSH2_ERROR_EAGAIN);
        check_int(result, 3);
        peer_expect(&peer, SSH_MSG_CHANNEL_DATA, 70);
        check_int(unsent(), 2);

        for(i = 0; ; i++) {
            if(i == free_at) {
                check_int(libssh2_channel_free(first), 0);
                first = NULL;
                /* nobody has heard of it, or a part was sent */
                check_int(unsent(), i ? 2 : 1);
            }
            peer.send_room = 1;
            if(i % 2)
                check_int(libssh2_channel_open_poll(second), PENDING);
            else
                peer_pump(&peer);
            if(peer.out.end - peer.out.start == 48)
                break;
        }
        peer.send_limit = 0;
        peer_pump(&peer);
        check_int(unsent(), 0);
        check_int(waiting(), free_at == 0 ? 1 : 2);
        if(free_at) {
            check_int(peer_take_open(&peer), 1);
            peer_confirm(&peer, 1, 71);
        }
        id = peer_take_open(&peer);
        check_int(id, 2);
        peer_confirm(&peer, 2, 72);
        peer_pump(&peer);
        check_int(libssh2_channel_open_poll(second), 0);
        check_int(second->remote.id, 72);
        if(first) {
            check_int(libssh2_channel_open_poll(first), 0);
            check_int(first->remote.id, 71);
        }
        else if(free_at)
            peer_expect(&peer, SSH_MSG_CHANNEL_CLOSE, 71);
        peer_expect_nothing(&peer);
        check_int(packets_left(&peer), 0);
        peer_end(&peer);
    }
}

/* An answer to a request that was not even sent is nobody's. */
static void
test_answer_before_request(void)
{
    LIBSSH2_CHANNEL *channel;

    peer_make(&peer);
    peer.send_limit = 5;
    peer.send_room = 5;
    channel = peer_start(&peer, 0);
    peer_confirm(&peer, 0, 66);
    peer_pump(&peer);
    check_int(libssh2_channel_open_poll(channel), PENDING);
    check_int(packets_left(&peer), 1);
    peer.send_limit = 0;
    peer_pump(&peer);
    check_int(peer_take_open(&peer), 0);
    peer_confirm(&peer, 0, 67);
    check_int(libssh2_channel_open_poll(channel), 0);
    check_int(channel->remote.id, 67);
    peer_end(&peer);
}

/* In a key exchange nothing but its own packets is sent. */
static void
test_key_exchange(void)
{
    LIBSSH2_CHANNEL *early, *late;

    peer_make(&peer);
    early = peer_start(&peer, 0);
    check_int(peer_take_open(&peer), 0);
    check_int(libssh2_channel_free(early), 0);
    early = peer_start(&peer, 0);
    check_int(peer_take_open(&peer), 1);

    /* as _libssh2_kex_exchange() calls us */
    peer.session->state |= LIBSSH2_STATE_EXCHANGING_KEYS |
        LIBSSH2_STATE_KEX_ACTIVE;
    late = peer_start(&peer, 0);
    /* no good server sends these now */
    peer_confirm(&peer, 0, 70);
    peer_confirm(&peer, 1, 71);
    peer_pump(&peer);
    check_int(libssh2_channel_open_poll(early), 0);
    check_int(libssh2_channel_open_poll(late), PENDING);
    peer_expect_nothing(&peer);
    check_int(unsent(), 2);
    peer.session->state &= ~(LIBSSH2_STATE_EXCHANGING_KEYS |
                             LIBSSH2_STATE_KEX_ACTIVE);
    peer_pump(&peer);
    check_int(peer_take_open(&peer), 2);
    peer_expect(&peer, SSH_MSG_CHANNEL_CLOSE, 70);
    peer_expect_nothing(&peer);

    /* a packet that was begun before is finished for it */
    check_int(libssh2_channel_free(late), 0);
    peer.send_limit = 5;
    peer.send_room = 5;
    late = peer_start(&peer, 0);
    peer.session->state |= LIBSSH2_STATE_EXCHANGING_KEYS |
        LIBSSH2_STATE_KEX_ACTIVE;
    peer.send_limit = 0;
    check(peer_start(&peer, 0));
    check_int(_libssh2_transport_send(peer.session,
                                      (const unsigned char *)"\024kex", 4,
                                      NULL, 0), 0);
    check_int(peer_take_open(&peer), 3);
    {
        size_t length;
        unsigned char *payload = peer_take(&peer, &length);

        check(payload && length == 4 && !memcmp(payload, "\024kex", 4));
    }
    peer_expect_nothing(&peer);
    peer_confirm(&peer, 3, 73);
    check_int(libssh2_channel_open_poll(late), 0);
    peer.session->state &= ~(LIBSSH2_STATE_EXCHANGING_KEYS |
                             LIBSSH2_STATE_KEX_ACTIVE);
    peer_end(&peer);
}

static void
test_dead_connection(void)
{
    LIBSSH2_CHANNEL *sent, *given_up, *latched;

    peer_make(&peer);
    sent = peer_start(&peer, 0);
    given_up = peer_start(&peer, 0);
    check_int(libssh2_channel_free(given_up), 0);
    peer.send_limit = 1;
    latched = peer_start(&peer, 0);
    peer.is_closed = 1;
    check(!libssh2_channel_open_start(peer.session, "x", 1, 0, 0, NULL, 0));
    check_int(libssh2_session_last_errno(peer.session),
              LIBSSH2_ERROR_SOCKET_SEND);
    check_int(libssh2_channel_open_poll(latched), LIBSSH2_ERROR_SOCKET_SEND);
    check_int(libssh2_channel_free(latched), 0);
    check(libssh2_channel_open_poll(sent) < 0);
    check(libssh2_channel_open_poll(sent) != PENDING);
    check_int(libssh2_channel_free(sent), 0);
    peer_end(&peer);

    /* the server has said good-bye */
    peer_make(&peer);
    sent = peer_start(&peer, 0);
    check_int(peer_take_open(&peer), 0);
    peer_send(&peer, (const unsigned char *)"\001\0\0\0\013", 5);
    check_int(libssh2_channel_open_poll(sent),
              LIBSSH2_ERROR_SOCKET_DISCONNECT);
    check(!libssh2_channel_open_start(peer.session, "x", 1, 0, 0, NULL, 0));
    check_int(libssh2_session_last_errno(peer.session),
              LIBSSH2_ERROR_SOCKET_DISCONNECT);
    check_int(libssh2_channel_free(sent), 0);
    check_int(waiting(), 0);
    peer_expect_nothing(&peer);
    peer_end(&peer);
}

/* 10,000 at once, answered in any order, half of them given up. */
static void
test_many(void)
{
    enum { COUNT = 10000 };
    static LIBSSH2_CHANNEL *channels[COUNT];
    static int order[COUNT];
    int i, given_up = 0, closes = 0;
    size_t length;
    unsigned char *payload;
    unsigned int seed = 4711;

    peer_make(&peer);
    for(i = 0; i < COUNT; i++) {
        channels[i] = peer_start(&peer, 0);
        check_int(peer_take_open(&peer), i);
        order[i] = i;
    }
    for(i = COUNT - 1; i > 0; i--) {
        int j, swap = order[i];

        seed = seed * 1103515245 + 12345;
        j = (int)((seed >> 8) % (unsigned int)(i + 1));
        order[i] = order[j];
        order[j] = swap;
    }
    for(i = 0; i < COUNT; i++) {
        int id = order[i];

        if(id % 2) {
            check_int(libssh2_channel_free(channels[id]), 0);
            given_up++;
        }
        if(id % 3)
            peer_confirm(&peer, (unsigned int)id, (unsigned int)id + 20000);
        else
            peer_refuse(&peer, (unsigned int)id, (unsigned int)id, "no");
        if(i % 100 == 99)
            peer_pump(&peer);
    }
    peer_pump(&peer);
    while((payload = peer_take(&peer, &length))) {
        unsigned int remote = _libssh2_ntohu32(payload + 1) - 20000;

        check(payload[0] == SSH_MSG_CHANNEL_CLOSE && length == 5);
        check(remote % 2 && remote % 3);
        closes++;
    }
    check_int(closes, 3333);
    check_int(given_up, COUNT / 2);
    check_int(packets_left(&peer), 0);
    for(i = 0; i < COUNT; i += 2) {
        unsigned int reason = 1;

        if(i % 3) {
            check_int(libssh2_channel_open_poll(channels[i]), 0);
            check_int(channels[i]->remote.id, i + 20000);
        }
        else {
            check_int(libssh2_channel_open_poll(channels[i]), REFUSED);
            check_int(libssh2_channel_open_failure(channels[i], &reason, NULL,
                                                   NULL), 0);
            check_int(reason, i);
        }
    }
    check_int(list_length(&peer.session->channels), 3333);
    peer_end(&peer);
}

int
main(void)
{
    test_answers();
    test_poll_reads();
    test_arguments();
    test_no_memory();
    test_short_answers();
    test_refusal_texts();
    test_unasked_answers();
    test_too_early();
    test_given_up();
    test_given_up_and_blocked();
    test_pieces();
    test_answer_before_request();
    test_key_exchange();
    test_dead_connection();
    test_many();
    return 0;
}
