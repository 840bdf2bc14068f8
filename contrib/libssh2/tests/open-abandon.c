/* stock: does not compile
 *
 * Opens that are given up before the server has answered, with a real sshd:
 * the connections that it makes for them all the same end at once, and nothing
 * of them stays with us.
 */
#include "open-fixture.h"

#include "libssh2_priv.h"

#define HOLES 40
#define OPENS 500

static int
kept(struct link *link)
{
    return _libssh2_list_first(&link->session->packets) ||
        _libssh2_list_first(&link->session->start_sent) ||
        _libssh2_list_first(&link->session->start_unsent);
}

/* Targets that answer at once: the race is between our free and the answer. */
static void
test_answered_targets(struct link *link, struct targets *targets)
{
    static LIBSSH2_CHANNEL *channels[OPENS];
    int refusing = refusing_port();
    int accepted;
    int i;
    double deadline = now() + 30;

    for(i = 0; i < OPENS; i++) {
        channels[i] = link_open_start(link, i % 10 == 9 ? refusing :
                                      targets->ports[i % targets->count]);
        /* some after a look at the answers, some before they can be there */
        if(i % 7 == 6)
            link_turn(link, 0);
        if(i % 3 && libssh2_channel_open_failure(channels[i], NULL, NULL, NULL)
           == LIBSSH2_ERROR_BAD_USE)
            link_free(link, channels[i]); /* confirmed already */
        else if(i % 3)
            check_int(libssh2_channel_free(channels[i]), 0);
    }
    while(kept(link) && now() < deadline) {
        link_turn(link, 100);
        for(i = 0; i < OPENS; i += 3) {
            int result;

            if(!channels[i])
                continue;
            result = libssh2_channel_open_poll(channels[i]);
            if(result == LIBSSH2_ERROR_EAGAIN)
                continue;
            check_int(result, i % 10 == 9 ? LIBSSH2_ERROR_CHANNEL_FAILURE : 0);
            link_free(link, channels[i]);
            channels[i] = NULL;
        }
    }
    check(!kept(link));
    /* the targets are a process of their own, and may be late */
    do {
        link_turn(link, 10);
        for(accepted = i = 0; i < targets->count; i++)
            accepted += targets->accepted[i];
    } while((accepted < OPENS - OPENS / 10 || targets_open(targets)) &&
            now() < deadline);
    check_int(targets_open(targets), 0);
    check_int(accepted, OPENS - OPENS / 10);
}

/* Targets that answer only after everybody has lost patience. */
static void
test_black_hole(struct link *link)
{
    static struct black_hole hole;
    static LIBSSH2_CHANNEL *channels[HOLES];
    struct pollfd peers[HOLES];
    int accepted = 0, ended = 0;
    int i;
    double deadline;

    black_hole_make(&hole);
    for(i = 0; i < HOLES; i++)
        channels[i] = link_open_start(link, hole.port);
    for(i = 0; i < 20; i++)
        link_turn(link, 50);
    for(i = 0; i < HOLES; i++) {
        check_int(libssh2_channel_open_poll(channels[i]),
                  LIBSSH2_ERROR_EAGAIN);
        check_int(libssh2_channel_free(channels[i]), 0);
    }
    black_hole_open(&hole);
    deadline = now() + 40;
    while(ended < HOLES && now() < deadline) {
        int connection = accept(hole.listener, NULL, NULL);

        if(connection >= 0) {
            check(accepted < HOLES);
            peers[accepted].fd = connection;
            peers[accepted++].events = POLLIN;
        }
        link_turn(link, 10);
        poll(peers, (nfds_t)accepted, 0);
        for(i = 0; i < accepted; i++) {
            char byte;

            if(peers[i].fd >= 0 && peers[i].revents &&
               recv(peers[i].fd, &byte, 1, MSG_DONTWAIT) <= 0) {
                close(peers[i].fd);
                peers[i].fd = -1;
                ended++;
            }
        }
    }
    check_int(accepted, HOLES);
    check_int(ended, HOLES);
    check(!kept(link));
}

int
main(void)
{
    struct targets *targets = targets_start(20, -1);
    struct link link;
    LIBSSH2_CHANNEL *channel;
    uint32_t word;

    sshd_start("");
    link_make(&link, sshd_port);
    link_quicken(&link);
    test_answered_targets(&link, targets);
    test_black_hole(&link);

    /* and it goes on */
    channel = link_open_classic_direct(&link, targets->ports[7]);
    link_grant(&link, channel, 4);
    link_read(&link, channel, &word, 4);
    check_int(ntohl(word), 7);
    link_free(&link, channel);
    link_end(&link);
    check_int(blocks, 0);
    return 0;
}
