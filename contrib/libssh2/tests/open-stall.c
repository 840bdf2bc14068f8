/* stock: fails
 *
 * What one channel costs does not depend on the others: neither on how many
 * there are, nor on one of them that nobody reads.
 */
#include "open-fixture.h"
#include "open-peer.h"

#define CHANNELS 5000
#define STALLED 50000

static struct link peer;
static LIBSSH2_CHANNEL *channels[CHANNELS];

static double
processor_time(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
open_one(unsigned int id)
{
    check(!libssh2_channel_open_ex(peer.session, "x", 1, 1 << 20, 32768, "",
                                   0));
    peer_confirm(&peer, id, id);
    channels[id] = libssh2_channel_open_ex(peer.session, "x", 1, 1 << 20,
                                           32768, "", 0);
    check(channels[id]);
    peer.out.start = peer.out.end;
}

/* The time that some packets for a channel take; the least of five runs. */
static double
carry(unsigned int id)
{
    double least = 1e9;
    int run, i;

    for(run = 0; run < 5; run++) {
        double start = processor_time();

        for(i = 0; i < 1000; i++) {
            char text[64];

            peer_data(&peer, id, "text");
            check_int(libssh2_channel_read(channels[id], text, sizeof(text)),
                      4);
            check_int(libssh2_channel_eof(channels[id]), 0);
            check_int(libssh2_poll_channel_read(channels[id], 1), 0);
        }
        if(processor_time() - start < least)
            least = processor_time() - start;
        peer.out.start = peer.out.end;
    }
    return least;
}

int
main(void)
{
    double alone, among_many, beside_stalled;
    int i;

    peer_make(&peer);
    open_one(0);
    alone = carry(0);
    for(i = 1; i < CHANNELS; i++)
        open_one((unsigned int)i);
    among_many = carry(CHANNELS - 1);
    for(i = 0; i < STALLED; i++)
        peer_data(&peer, 1, "s");
    peer_pump(&peer);
    beside_stalled = carry(0);
    fprintf(stderr, "us per packet: alone %.2f, the last of %d %.2f, beside "
            "%d unread packets %.2f\n", alone * 1e3, CHANNELS,
            among_many * 1e3, STALLED, beside_stalled * 1e3);
    check(among_many < 8 * alone);
    check(beside_stalled < 8 * alone);
    peer.session->socket_state = LIBSSH2_SOCKET_DISCONNECTED;
    peer_end(&peer);
    return 0;
}
