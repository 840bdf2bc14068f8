/* stock: does not compile
 *
 * A session is freed with opens in every state they can be in, over a dead
 * connection and over one that lives: nothing is waited for but what was
 * waited for before, and no memory is lost.
 */
#include "open-fixture.h"
#include "open-peer.h"

static struct black_hole hole;
static int refusing;

/* Opens that nobody frees: refused, not answered, given up. */
static void
leave_opens(struct link *link, struct targets *targets)
{
    LIBSSH2_CHANNEL *refused = link_open_start(link, refusing);
    int i, result;

    finish(link, result, libssh2_channel_open_poll(refused));
    check_int(result, LIBSSH2_ERROR_CHANNEL_FAILURE);
    for(i = 0; i < 20; i++) {
        LIBSSH2_CHANNEL *channel =
            link_open_start(link, i % 2 ? hole.port :
                            targets->ports[i % targets->count]);

        if(i % 4 > 1)
            check_int(libssh2_channel_free(channel), 0);
    }
}

static void
test_sshd(struct targets *targets)
{
    struct link link;
    int result;
    double deadline;

    link_make(&link, sshd_port);
    leave_opens(&link, targets);
    link_end(&link);
    check_int(blocks, 0);

    link_make(&link, sshd_port);
    leave_opens(&link, targets);
    deadline = now() + 5;
    /* waits for the control channel's CLOSE, as ever */
    finish(&link, result, libssh2_session_free(link.session));
    check_int(result, 0);
    check(now() < deadline);
    check_int(blocks, 0);
    close(link.socket);
    free(link.in.bytes);
    free(link.out.bytes);
    while(targets_open(targets) && now() < deadline)
        usleep(10000);
    check_int(targets_open(targets), 0);
}

/* Answers that come while the session waits for another channel's CLOSE. */
static void
test_answers_while_freeing(void)
{
    struct link link;
    int i, result;

    peer_make(&link);
    for(i = 0; i < 4; i++)
        (void)peer_start(&link, 0);
    peer_confirm(&link, 0, 70);
    peer_pump(&link);
    for(i = 0; i < 4; i++)
        check_int(peer_take_open(&link), i);
    check_int(libssh2_session_free(link.session), LIBSSH2_ERROR_EAGAIN);
    peer_expect(&link, SSH_MSG_CHANNEL_EOF, 70);
    peer_expect(&link, SSH_MSG_CHANNEL_CLOSE, 70);
    peer_confirm(&link, 1, 71);
    peer_refuse(&link, 2, 1, "no");
    /* any packet ends libssh2's wait for a CLOSE */
    drive(&link, result, libssh2_session_free(link.session));
    check_int(result, 0);
    check_int(blocks, 0);
    free(link.in.bytes);
    free(link.out.bytes);
}

/* A request of which a part was sent does not hold up the CLOSE of others. */
static void
test_begun(void)
{
    struct link link;
    int i, result;

    peer_make(&link);
    (void)peer_start(&link, 0);
    peer_confirm(&link, 0, 70);
    peer_pump(&link);
    check_int(peer_take_open(&link), 0);
    link.send_limit = 5;
    link.send_room = 5;
    for(i = 0; i < 3; i++)
        (void)peer_start(&link, 0);
    check_int(list_length(&link.session->start_unsent), 3);
    for(i = 0; i < 50; i++) {
        link.send_room = 5;
        check_int(libssh2_session_free(link.session), LIBSSH2_ERROR_EAGAIN);
    }
    /* of the others nobody has heard, nor will */
    check_int(peer_take_open(&link), 1);
    peer_expect(&link, SSH_MSG_CHANNEL_EOF, 70);
    peer_expect(&link, SSH_MSG_CHANNEL_CLOSE, 70);
    peer_expect_nothing(&link);
    peer_send_words(&link, SSH_MSG_CHANNEL_CLOSE, 1, 0);
    drive(&link, result, libssh2_session_free(link.session));
    check_int(result, 0);
    check_int(blocks, 0);
    free(link.in.bytes);
    free(link.out.bytes);
}

int
main(void)
{
    struct targets *targets = targets_start(8, -1);

    refusing = refusing_port();
    black_hole_make(&hole);
    test_answers_while_freeing();
    test_begun();
    sshd_start("");
    test_sshd(targets);
    return 0;
}
