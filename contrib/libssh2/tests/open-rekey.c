/* stock: does not compile
 *
 * Opens while sshd renegotiates the keys every MiB under load, with every
 * cipher family: those begun in a key exchange wait for its end, none is
 * lost, each reaches its own target, and those given up end at the far side.
 * Then a request of which a part was sent when a key exchange begins.
 */
#include "open-fixture.h"

#include "libssh2_priv.h"

#define TARGETS 50
#define FLOOD TARGETS
#define IN_FLIGHT 16
/* and as many more that are begun in an exchange */
#define SLOTS (2 * IN_FLIGHT)
#define OPENS 300

struct load {
    LIBSSH2_CHANNEL *flood;
    int exchanges, was_exchanging;
    unsigned long long bytes;
    unsigned long owed;
    int is_granting;
};

static int
exchanging(struct link *link)
{
    return (link->session->state & LIBSSH2_STATE_EXCHANGING_KEYS) != 0;
}

/* Takes what the flood has brought, and gives credit for it. */
static void
load_turn(struct link *link, struct load *load)
{
    static char buffer[65536];
    int result;

    if(exchanging(link) && !load->was_exchanging)
        load->exchanges++;
    load->was_exchanging = exchanging(link);
    for(;;) {
        unsigned long window = libssh2_channel_window_read_ex(load->flood,
                                                              NULL, NULL);

        if(window > sizeof(buffer))
            window = sizeof(buffer);
        if(!window)
            break;
        drive(link, result, (int)libssh2_channel_read(load->flood, buffer,
                                                      window));
        if(result == LIBSSH2_ERROR_EAGAIN)
            break;
        if(result <= 0)
            fail("flood: %d %s", result, last_error(link));
        load->bytes += (unsigned long long)result;
        load->owed += (unsigned long)result;
    }
    while(load->owed >= 100000 || load->is_granting) {
        /* once begun, it must be repeated until it is done */
        if(!load->is_granting)
            load->owed -= 100000;
        load->is_granting = 1;
        drive(link, result,
              libssh2_channel_receive_window_adjust2(load->flood, 100000, 1,
                                                     NULL));
        if(result == LIBSSH2_ERROR_EAGAIN)
            return;
        check_int(result, 0);
        load->is_granting = 0;
    }
}

static LIBSSH2_CHANNEL *
load_start(struct link *link, struct load *load, struct targets *targets)
{
    memset(load, 0, sizeof(*load));
    load->flood = link_open_classic_direct(link, targets->ports[FLOOD]);
    check(load->flood);
    link_grant(link, load->flood, 1 << 20);
    return load->flood;
}

struct open {
    LIBSSH2_CHANNEL *channel;
    int number;
    int state;          /* 0: opening, 1: credit, 2: number, 3: closing */
};

/* Advances one open as far as it goes now; true when it is over. */
static int
open_turn(struct link *link, struct open *open)
{
    uint32_t word;
    int result;

    switch(open->state) {
    case 0:
        drive(link, result, libssh2_channel_open_poll(open->channel));
        if(result == LIBSSH2_ERROR_EAGAIN)
            return 0;
        check_int(result, 0);
        open->state = 1;
        /* fall through */
    case 1:
        drive(link, result,
              libssh2_channel_receive_window_adjust2(open->channel, 4, 1,
                                                     NULL));
        if(result == LIBSSH2_ERROR_EAGAIN)
            return 0;
        check_int(result, 0);
        open->state = 2;
        /* fall through */
    case 2:
        drive(link, result,
              (int)libssh2_channel_read(open->channel, (char *)&word, 4));
        if(result == LIBSSH2_ERROR_EAGAIN)
            return 0;
        check_int(result, 4);
        check_int(ntohl(word), open->number);
        open->state = 3;
        /* fall through */
    default:
        drive(link, result, libssh2_channel_free(open->channel));
        if(result == LIBSSH2_ERROR_EAGAIN)
            return 0;
        check_int(result, 0);
        return 1;
    }
}

static void
test_load(const char *cipher, struct targets *targets)
{
    static struct open opens[SLOTS];
    struct link link;
    struct load load;
    int started = 0, done = 0, given_up = 0, in_exchange = 0, kept = 0;
    int i, open;
    double deadline = now() + 100;

    setenv("TEST_CIPHER", cipher, 1);
    memset(opens, 0, sizeof(opens));
    link_make(&link, sshd_port);
    link_quicken(&link);
    load_start(&link, &load, targets);
    while(done + given_up < OPENS || in_exchange < 20) {
        if(now() > deadline)
            fail("%s: %d of %d opens are over, %d in an exchange", cipher,
                 done + given_up, OPENS, in_exchange);
        link_turn(&link, 100);
        load_turn(&link, &load);
        for(i = 0; i < SLOTS; i++) {
            struct open *o = &opens[i];

            if(o->channel && open_turn(&link, o)) {
                o->channel = NULL;
                done++;
            }
            if(o->channel || (i >= IN_FLIGHT && !exchanging(&link)))
                continue;
            o->number = started++ % TARGETS;
            o->state = 0;
            o->channel = link_open_start(&link, targets->ports[o->number]);
            if(exchanging(&link)) {
                in_exchange++;
                check_int(o->channel->start_state, libssh2_NB_state_created);
                kept++;
            }
            if(started % 5 == 0) {
                check_int(libssh2_channel_free(o->channel), 0);
                o->channel = NULL;
                given_up++;
            }
        }
    }
    for(i = 0; i < SLOTS; ) {
        check(now() < deadline);
        link_turn(&link, 10);
        load_turn(&link, &load);
        while(i < SLOTS &&
              (!opens[i].channel || open_turn(&link, &opens[i])))
            i++;
    }
    while((_libssh2_list_first(&link.session->start_sent) ||
           _libssh2_list_first(&link.session->start_unsent)) &&
          now() < deadline) {
        link_turn(&link, 10);
        load_turn(&link, &load);
    }
    check(!_libssh2_list_first(&link.session->start_sent));
    check(!_libssh2_list_first(&link.session->start_unsent));
    do
        for(open = i = 0; i < TARGETS; i++)
            open += targets->accepted[i] - targets->ended[i];
    while(open && now() < deadline && (usleep(10000), 1));
    check_int(open, 0);
    fprintf(stderr, "%s: %d opens, %d given up, %d begun in one of at least "
            "%d key exchanges, %llu MB beside\n", cipher, done + given_up,
            given_up, in_exchange, load.exchanges, load.bytes / 1000000);
    check(kept > 0);
    link_end(&link);
    check_int(blocks, 0);
}

/* The socket takes a part of the request, then nothing, until the server's
   KEXINIT is here. */
static void
test_begun(struct targets *targets)
{
    struct link link;
    struct load load;
    int round, result, done = 0;

    link_make(&link, sshd_port);
    link_quicken(&link);
    load_start(&link, &load, targets);
    for(round = 0; round < 10; round++) {
        double deadline = now() + 30;
        LIBSSH2_CHANNEL *channel;
        uint32_t word;
        int number = round * 3;

        /* credit that lasts until the next exchange */
        while(exchanging(&link) || load.is_granting) {
            check(now() < deadline);
            link_turn(&link, 10);
            load_turn(&link, &load);
        }
        link_grant(&link, load.flood, 4 << 20);
        if(exchanging(&link))
            continue;
        link.send_limit = 10;
        link.send_room = 10;
        channel = link_open_start(&link, targets->ports[number]);
        check_int(channel->start_state, libssh2_NB_state_created);
        while(!exchanging(&link)) {
            check(now() < deadline);
            link_move(&link, 10);
            link.send_room = 0;
            link_pump(&link);
        }
        check_int(channel->start_state, libssh2_NB_state_created);
        link.send_limit = 0;
        finish(&link, result, libssh2_channel_open_poll(channel));
        check_int(result, 0);
        link_grant(&link, channel, 4);
        link_read(&link, channel, &word, 4);
        check_int(ntohl(word), number);
        link_free(&link, channel);
        load_turn(&link, &load);
        load.owed = 0;
        done++;
    }
    check(done > 3);
    link_end(&link);
    check_int(blocks, 0);
}

int
main(void)
{
    struct targets *targets = targets_start(TARGETS + 1, FLOOD);

    sshd_start("RekeyLimit 1M");
    test_load("chacha20-poly1305@openssh.com", targets);
    /* valgrind reports a branch inside libcrypto, on libcrypto's own stack */
    if(!getenv("CHECK_IS_SLOW"))
        test_load("aes128-gcm@openssh.com", targets);
    test_load("aes128-ctr", targets);
    test_begun(targets);
    return 0;
}
