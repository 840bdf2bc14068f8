/* stock: does not compile
 *
 * libssh2_channel_open_ex and its kin beside opens of the new kind, with a
 * real sshd: no answer goes to the wrong one, whichever comes first.
 */
#include "open-fixture.h"

#include "libssh2_priv.h"

#define ROUNDS 100
#define STARTS 12

static void
check_target(struct link *link, LIBSSH2_CHANNEL *channel, int number)
{
    uint32_t word = ~0u;

    link_grant(link, channel, 4);
    link_read(link, channel, &word, 4);
    check_int(ntohl(word), number);
}

int
main(void)
{
    static struct black_hole hole;
    struct targets *targets = targets_start(60, -1);
    struct link link;
    LIBSSH2_CHANNEL *started[STARTS];
    LIBSSH2_CHANNEL *stuck;
    int refusing = refusing_port();
    int round, i;

    black_hole_make(&hole);
    sshd_start("");
    link_make(&link, sshd_port);
    link_quicken(&link);
    /* one that is never answered, all along */
    stuck = link_open_start(&link, hole.port);

    for(round = 0; round < ROUNDS; round++) {
        LIBSSH2_CHANNEL *classic = NULL;
        int number = (round * 13) % 60;
        int result;

        for(i = 0; i < STARTS / 2; i++)
            started[i] = link_open_start(&link, i % 4 == 3 ? refusing :
                                         targets->ports[(number + i) % 60]);
        /* the classic open is begun, and more starts follow before its answer
           was looked for */
        switch(round % 3) {
        case 0:
            drive(&link, result,
                  (classic = libssh2_channel_direct_tcpip_ex(
                       link.session, "127.0.0.1", targets->ports[number],
                       "127.0.0.1", 1),
                   classic ? 0 : libssh2_session_last_errno(link.session)));
            break;
        case 1:
            drive(&link, result,
                  (classic = libssh2_channel_direct_tcpip_ex(
                       link.session, "127.0.0.1", refusing, "127.0.0.1", 1),
                   classic ? 0 : libssh2_session_last_errno(link.session)));
            break;
        default:
            drive(&link, result, libssh2_channel_setenv_ex(link.control, "X",
                                                           1, "", 0));
        }
        check_int(result, LIBSSH2_ERROR_EAGAIN);
        for(; i < STARTS; i++)
            started[i] = link_open_start(&link, i % 4 == 3 ? refusing :
                                         targets->ports[(number + i) % 60]);

        switch(round % 3) {
        case 0:
            finish(&link, result,
                   (classic = libssh2_channel_direct_tcpip_ex(
                        link.session, "127.0.0.1", targets->ports[number],
                        "127.0.0.1", 1),
                    classic ? 0 : libssh2_session_last_errno(link.session)));
            if(!classic)
                fail("round %d: classic open: %d %s", round, result,
                     last_error(&link));
            check_target(&link, classic, number);
            break;
        case 1:
            finish(&link, result,
                   (classic = libssh2_channel_direct_tcpip_ex(
                        link.session, "127.0.0.1", refusing, "127.0.0.1", 1),
                    classic ? 0 : libssh2_session_last_errno(link.session)));
            check(!classic);
            check_int(result, LIBSSH2_ERROR_CHANNEL_FAILURE);
            break;
        default:
            finish(&link, result, libssh2_channel_setenv_ex(link.control, "X",
                                                            1, "", 0));
            check_int(result, LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED);
        }

        for(i = 0; i < STARTS; i++) {
            finish(&link, result, libssh2_channel_open_poll(started[i]));
            if(i % 4 == 3)
                check_int(result, LIBSSH2_ERROR_CHANNEL_FAILURE);
            else {
                check_int(result, 0);
                check_target(&link, started[i], (number + i) % 60);
            }
            link_free(&link, started[i]);
        }
        if(classic)
            link_free(&link, classic);
        check(!_libssh2_list_first(&link.session->packets));
    }

    check_int(libssh2_channel_open_poll(stuck), LIBSSH2_ERROR_EAGAIN);
    link_end(&link);
    check_int(blocks, 0);
    return 0;
}
