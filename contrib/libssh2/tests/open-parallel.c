/* stock: does not compile
 *
 * 500 opens in flight on one session of a real sshd, each to a target of its
 * own, with refused ports and black holes among them: every channel gets the
 * bytes of its own target, every refusal its reason, and the black holes keep
 * nobody waiting.
 */
#include "open-fixture.h"

#include "libssh2_priv.h"

#define OPENS 500
#define ROUNDS 3

enum kind { TARGET, REFUSED, HOLE };

struct open {
    LIBSSH2_CHANNEL *channel;
    enum kind kind;
    int number;
    int is_settled;
};

static struct open opens[OPENS];

static void
check_refusal(struct link *link, LIBSSH2_CHANNEL *channel)
{
    unsigned int reason = 0;
    const char *text = NULL;
    size_t length = 0;

    check_int(libssh2_channel_open_poll(channel),
              LIBSSH2_ERROR_CHANNEL_FAILURE);
    check(!strcmp(last_error(link), "Channel open failure (connect failed)"));
    check_int(libssh2_channel_open_failure(channel, &reason, &text, &length),
              0);
    check_int(reason, 2); /* SSH_OPEN_CONNECT_FAILED */
    check(length == 18 && !memcmp(text, "Connection refused", 18));
    check_int(libssh2_channel_open_failure(channel, NULL, NULL, NULL), 0);
    check_int(libssh2_channel_free(channel), 0);
}

int
main(void)
{
    static struct black_hole hole;
    struct targets *targets = targets_start(OPENS, -1);
    struct link link;
    double end = now() + 120;
    int refusing = refusing_port();
    int round, i;

    black_hole_make(&hole);
    sshd_start("");
    link_make(&link, sshd_port);
    link_quicken(&link);

    for(round = 0; round < ROUNDS; round++) {
        int left = 0, holes = 0, late = 0;
        double deadline = now() + 60;

        for(i = 0; i < OPENS; i++) {
            struct open *open = &opens[i];

            open->number = (i * 7 + round) % OPENS;
            open->kind = i % 50 == 3 ? HOLE : i % 5 == 1 ? REFUSED : TARGET;
            open->is_settled = 0;
            open->channel = link_open_start(
                &link, open->kind == HOLE ? hole.port :
                open->kind == REFUSED ? refusing :
                targets->ports[open->number]);
            /* no byte was exchanged since */
            check_int(libssh2_channel_open_failure(open->channel, NULL, NULL,
                                                   NULL),
                      LIBSSH2_ERROR_EAGAIN);
            if(open->kind == HOLE)
                holes++;
            else
                left++;
        }
        while(left) {
            if(now() > deadline)
                fail("%d opens are not answered", left);
            link_turn(&link, 10);
            for(i = OPENS - 1; i >= 0; i--) {
                struct open *open = &opens[i];
                int result;

                if(open->is_settled)
                    continue;
                /* in every other round, ask without touching the transport */
                result = round % 2 ?
                    libssh2_channel_open_failure(open->channel, NULL, NULL,
                                                 NULL) :
                    libssh2_channel_open_poll(open->channel);
                if(result == LIBSSH2_ERROR_EAGAIN)
                    continue;
                check(open->kind != HOLE);
                open->is_settled = 1;
                left--;
                if(left && i + 1 < OPENS && !opens[i + 1].is_settled)
                    late++;
                if(open->kind == REFUSED) {
                    check_refusal(&link, open->channel);
                    continue;
                }
                check_int(libssh2_channel_open_poll(open->channel), 0);
                check_int(libssh2_channel_open_failure(open->channel, NULL,
                                                       NULL, NULL),
                          LIBSSH2_ERROR_BAD_USE);
                link_grant(&link, open->channel, 4096);
            }
        }
        /* every one is its own target's */
        for(i = 0; i < OPENS; i++) {
            struct open *open = &opens[i];
            uint32_t word = ~0u;
            char sent[64] = "", got[64];

            if(open->kind != TARGET)
                continue;
            link_read(&link, open->channel, &word, 4);
            if((int)ntohl(word) != open->number)
                fail("asked for target %d, reached %d", open->number,
                     (int)ntohl(word));
            snprintf(sent, sizeof(sent), "round %d open %d", round, i);
            link_write(&link, open->channel, sent, sizeof(sent));
            link_read(&link, open->channel, got, sizeof(got));
            check(!memcmp(sent, got, sizeof(sent)));
        }
        for(i = 0; i < OPENS; i++) {
            if(opens[i].kind == TARGET)
                link_free(&link, opens[i].channel);
            else if(opens[i].kind == HOLE) {
                check_int(libssh2_channel_open_failure(opens[i].channel, NULL,
                                                       NULL, NULL),
                          LIBSSH2_ERROR_EAGAIN);
                check_int(libssh2_channel_free(opens[i].channel), 0);
            }
        }
        check(holes == OPENS / 50);
        check(late > 0); /* answers did come out of order */
        check(!_libssh2_list_first(&link.session->packets));
    }
    while(targets_open(targets) && now() < end)
        link_turn(&link, 10);
    check_int(targets_open(targets), 0);

    link_end(&link);
    check_int(blocks, 0);
    return 0;
}
