/* stock: fails
 *
 * An answer for another channel does not end the wait for one's own: neither
 * that of a channel request nor that of a channel open.
 */
#include "open-fixture.h"
#include "open-peer.h"

int
main(void)
{
    struct link link;
    LIBSSH2_CHANNEL *first, *second;

    peer_make(&link);
    check(!libssh2_channel_open_ex(link.session, "one", 3, 0, 32768, "", 0));
    peer_confirm(&link, 0, 70);
    first = libssh2_channel_open_ex(link.session, "one", 3, 0, 32768, "", 0);
    check(first);
    check(!libssh2_channel_open_ex(link.session, "two", 3, 0, 32768, "", 0));
    peer_confirm(&link, 1, 71);
    second = libssh2_channel_open_ex(link.session, "two", 3, 0, 32768, "", 0);
    check(second);

    check_int(libssh2_channel_setenv_ex(first, "X", 1, "", 0),
              LIBSSH2_ERROR_EAGAIN);
    check_int(libssh2_channel_setenv_ex(second, "X", 1, "", 0),
              LIBSSH2_ERROR_EAGAIN);
    /* the second one's comes first, each in a segment of its own */
    peer_send_words(&link, SSH_MSG_CHANNEL_FAILURE, 1, 1);
    check_int(libssh2_channel_setenv_ex(first, "X", 1, "", 0),
              LIBSSH2_ERROR_EAGAIN);
    peer_send_words(&link, SSH_MSG_CHANNEL_SUCCESS, 1, 0);
    check_int(libssh2_channel_setenv_ex(first, "X", 1, "", 0), 0);
    check_int(libssh2_channel_setenv_ex(second, "X", 1, "", 0),
              LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED);
    check_int(packets_left(&link), 0);

    /* a stray answer while an open waits */
    check(!libssh2_channel_open_ex(link.session, "three", 5, 0, 32768, "",
                                   0));
    peer_refuse(&link, 4711, 1, "stray");
    check(!libssh2_channel_open_ex(link.session, "three", 5, 0, 32768, "",
                                   0));
    check_int(libssh2_session_last_errno(link.session), LIBSSH2_ERROR_EAGAIN);
    peer_confirm(&link, 2, 72);
    check(libssh2_channel_open_ex(link.session, "three", 5, 0, 32768, "", 0));
    peer_end(&link);
    return 0;
}
