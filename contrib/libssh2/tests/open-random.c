/* stock: does not compile
 *
 * Starts, answers, frees, writes and full sockets in random order against a
 * scripted far side that knows what each channel must be: 300 sessions with
 * 300 opens each. A number as argument repeats one session.
 */
#include "open-fixture.h"
#include "open-peer.h"

#define OPENS 300
#define REMOTE 1000000u

enum fate { NOT_ASKED, ASKED, CONFIRMED, REFUSED, CLOSED };

struct open {
    LIBSSH2_CHANNEL *channel;   /* ours; NULL: given up or freed */
    enum fate fate;             /* what the far side thinks of it */
    int is_given_up;            /* before we knew its answer */
    int is_closing;             /* a free to be repeated */
    int is_writing;             /* a write to be repeated */
    unsigned char word[4];
};

static struct link peer;
static struct open opens[OPENS];
static int started;
static unsigned int seed;
/* what has happened in all sessions, by fate; given up ones too */
static int total[CLOSED + 1], given_up[CLOSED + 1];

static unsigned int
chance(unsigned int below)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 8) % below;
}

static struct open *
by_remote(const unsigned char *payload)
{
    unsigned int id = _libssh2_ntohu32(payload + 1) - REMOTE;

    check(id < OPENS);
    /* it is one that was confirmed, and not closed by us before */
    check(opens[id].fate == CONFIRMED);
    return &opens[id];
}

/* The far side reads what we have sent. */
static void
far_read(void)
{
    unsigned char *payload;
    size_t length;

    while((payload = peer_take(&peer, &length))) {
        unsigned int id;

        switch(payload[0]) {
        case SSH_MSG_CHANNEL_OPEN:
            id = _libssh2_ntohu32(payload + 5 + 12);
            check(id < OPENS && opens[id].fate == NOT_ASKED);
            opens[id].fate = ASKED;
            break;
        case SSH_MSG_CHANNEL_CLOSE:
            by_remote(payload)->fate = CLOSED;
            peer_send_words(&peer, SSH_MSG_CHANNEL_CLOSE, 1,
                            _libssh2_ntohu32(payload + 1) - REMOTE);
            break;
        case SSH_MSG_CHANNEL_DATA:
            id = _libssh2_ntohu32(payload + 1) - REMOTE;
            by_remote(payload);
            check_int(length, 13);
            check_int(_libssh2_ntohu32(payload + 9), id);
            break;
        case SSH_MSG_CHANNEL_EOF:
        case SSH_MSG_CHANNEL_WINDOW_ADJUST:
            by_remote(payload);
            break;
        default:
            fail("a packet of type %d was sent", payload[0]);
        }
    }
}

static void
far_answer(void)
{
    unsigned int id = chance(OPENS);
    struct open *open = &opens[id];

    if(open->fate != ASKED)
        return;
    if(chance(3)) {
        open->fate = CONFIRMED;
        peer_confirm(&peer, id, id + REMOTE);
        if(chance(2))
            peer_data(&peer, id, "early");
    }
    else {
        open->fate = REFUSED;
        peer_refuse(&peer, id, id, "no");
    }
}

static void
near_start(void)
{
    if(started == OPENS)
        return;
    opens[started].channel =
        libssh2_channel_open_start(peer.session, "direct-tcpip", 12,
                                   65536, 32768, "message", chance(8));
    check(opens[started].channel);
    check_int(opens[started].channel->local.id, started);
    started++;
}

static void
near_use(void)
{
    unsigned int id = chance((unsigned int)started + 1);
    struct open *open = &opens[id];
    unsigned int reason = ~0u;
    int result;

    if((int)id == started || !open->channel)
        return;
    result = libssh2_channel_open_failure(open->channel, &reason, NULL, NULL);
    if(!open->is_closing && !open->is_writing && chance(8) == 0) {
        if(result == LIBSSH2_ERROR_EAGAIN) {
            open->is_given_up = 1;
            check_int(libssh2_channel_free(open->channel), 0);
            open->channel = NULL;
            return;
        }
        open->is_closing = 1;
    }
    if(result == LIBSSH2_ERROR_EAGAIN) {
        result = libssh2_channel_open_poll(open->channel);
        check(result != LIBSSH2_ERROR_EAGAIN ? open->fate > ASKED : 1);
    }
    else if(result == 0) {
        check(open->fate == REFUSED);
        check_int(reason, id);
        check_int(libssh2_channel_open_poll(open->channel),
                  LIBSSH2_ERROR_CHANNEL_FAILURE);
        if(open->is_closing) {
            check_int(libssh2_channel_free(open->channel), 0);
            open->channel = NULL;
        }
    }
    else {
        check_int(result, LIBSSH2_ERROR_BAD_USE);
        check(open->fate == CONFIRMED || open->fate == CLOSED);
        check_int(libssh2_channel_open_poll(open->channel), 0);
        check_int(open->channel->remote.id, id + REMOTE);
        if(open->is_closing) {
            result = libssh2_channel_free(open->channel);
            if(result == 0)
                open->channel = NULL;
            else
                check_int(result, LIBSSH2_ERROR_EAGAIN);
            return;
        }
        _libssh2_htonu32(open->word, id);
        result = (int)libssh2_channel_write(open->channel, (char *)open->word,
                                            4);
        open->is_writing = result == LIBSSH2_ERROR_EAGAIN;
        if(!open->is_writing)
            check_int(result, 4);
    }
}

static void
run(unsigned int number)
{
    int step, i;

    seed = number * 7919;
    memset(opens, 0, sizeof(opens));
    started = 0;
    peer_make(&peer);
    for(step = 0; step < 6000; step++) {
        peer.send_limit = chance(3) ? 1 + chance(60) : 0;
        peer.send_room = chance(2) ? chance(100) : 0;
        switch(chance(6)) {
        case 0:
            near_start();
            break;
        case 1:
        case 2:
            near_use();
            break;
        case 3:
            far_read();
            break;
        case 4:
            far_answer();
            break;
        default:
            peer_pump(&peer);
        }
    }
    /* everything comes to its end */
    peer.send_limit = 0;
    for(step = 0; step < 3000; step++) {
        if(started)
            near_use();
        peer_pump(&peer);
        far_read();
        for(i = 0; i < 4; i++)
            far_answer();
    }
    peer_pump(&peer);
    far_read();
    check_int(list_length(&peer.session->start_unsent), 0);
    for(i = 0; i < started; i++) {
        struct open *open = &opens[i];

        total[open->fate]++;
        given_up[open->fate] += open->is_given_up;
        if(open->is_given_up)
            check(open->fate == NOT_ASKED || open->fate == REFUSED ||
                  open->fate == CLOSED || open->fate == ASKED);
        else if(!open->channel)
            check(open->fate == REFUSED || open->fate == CLOSED);
    }
    check_int(packets_left(&peer), 0);
    peer_end(&peer);
}

int
main(int count, char **arguments)
{
    /* set where each takes long, as under valgrind */
    unsigned int i, sessions = getenv("CHECK_IS_SLOW") ? 30 : 300;

    if(count > 1)
        run((unsigned int)atoi(arguments[1]));
    else
    {
        for(i = 0; i < sessions; i++)
            run(i);
        for(i = 0; i <= CLOSED; i++)
            fprintf(stderr, "%d/%d ", total[i], given_up[i]);
        fprintf(stderr, "\n");
        check(total[CONFIRMED] && total[REFUSED] && total[CLOSED]);
        check(given_up[NOT_ASKED] && given_up[REFUSED] && given_up[CLOSED]);
    }
    return 0;
}
