/* stock: does not compile
 *
 * Opens over a connection whose SEND takes a few bytes at a time and often
 * nothing, with writes, credit and frees in between that keep libssh2's rule
 * of repeating a call, with a real sshd.
 */
#include "open-fixture.h"

#include "libssh2_priv.h"

#define IN_FLIGHT 10
#define OPENS 300
#define TARGETS 30

static unsigned int seed = 12345;

static unsigned int
chance(unsigned int below)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 8) % below;
}

struct open {
    LIBSSH2_CHANNEL *channel;
    int number, state;
    char word[4];
};

/* One step; 0: over, 1: something was done, EAGAIN: repeat. */
static int
step(struct link *link, struct open *open)
{
    char got[4];
    int result;

    switch(open->state) {
    case 0:
        drive(link, result, libssh2_channel_open_poll(open->channel));
        break;
    case 1:
        drive(link, result,
              libssh2_channel_receive_window_adjust2(open->channel, 8, 1,
                                                     NULL));
        break;
    case 2:
        drive(link, result,
              (int)libssh2_channel_read(open->channel, got, 4));
        if(result > 0) {
            check_int(result, 4);
            check_int(ntohl(*(uint32_t *)(void *)got), open->number);
        }
        break;
    case 3:
        memcpy(open->word, "ping", 4);
        drive(link, result,
              (int)libssh2_channel_write(open->channel, open->word, 4));
        break;
    case 4:
        drive(link, result,
              (int)libssh2_channel_read(open->channel, got, 4));
        if(result > 0)
            check(result == 4 && !memcmp(got, "ping", 4));
        break;
    default:
        drive(link, result, libssh2_channel_free(open->channel));
        if(result == 0)
            return 0;
    }
    if(result == LIBSSH2_ERROR_EAGAIN)
        return result;
    if(result < 0)
        fail("state %d: %d %s", open->state, result, last_error(link));
    open->state++;
    return 1;
}

int
main(void)
{
    struct targets *targets = targets_start(TARGETS, -1);
    struct link link;
    static struct open opens[IN_FLIGHT];
    int started = 0, over = 0, given_up = 0;
    int i;
    double deadline = now() + 100;

    sshd_start("");
    link_make(&link, sshd_port);
    link_quicken(&link);
    while(over < OPENS) {
        if(now() > deadline)
            fail("%d of %d are over", over, OPENS);
        link_move(&link, 0);
        link.send_limit = 1 + chance(60);
        link.send_room = chance(3) ? chance(200) : 0;
        link_pump(&link);
        for(i = 0; i < IN_FLIGHT; i++) {
            struct open *open = &opens[i];

            if(!open->channel && started < OPENS) {
                open->number = started++ % TARGETS;
                open->state = 0;
                open->channel = link_open_start(&link,
                                                targets->ports[open->number]);
            }
            if(!open->channel)
                continue;
            if(open->state == 0 && chance(40) == 0 &&
               libssh2_channel_open_failure(open->channel, NULL, NULL, NULL)
               == LIBSSH2_ERROR_EAGAIN) {
                check_int(libssh2_channel_free(open->channel), 0);
                open->channel = NULL;
                given_up++;
                over++;
                continue;
            }
            if(step(&link, open) == 0) {
                open->channel = NULL;
                over++;
            }
        }
    }
    check(given_up > 10);
    link.send_limit = 0;
    while((_libssh2_list_first(&link.session->start_sent) ||
           _libssh2_list_first(&link.session->start_unsent) ||
           targets_open(targets)) && now() < deadline)
        link_turn(&link, 10);
    check(!_libssh2_list_first(&link.session->start_sent));
    check(!_libssh2_list_first(&link.session->start_unsent));
    check(!_libssh2_list_first(&link.session->packets));
    check_int(targets_open(targets), 0);
    link_end(&link);
    check_int(blocks, 0);
    return 0;
}
