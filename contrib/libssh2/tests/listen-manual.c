/* stock: does not compile
 *
 * A channel whose window is left to us: reading allows nothing, however much
 * it asks for, and whoever opened the channel. Without that, all is as it was.
 */
#include "open-fixture.h"
#include "open-peer.h"

static struct link peer;

/* 20,000 bytes come; returns what our reads allowed the far side by
   themselves. */
static unsigned int
allowed_by_reading(LIBSSH2_CHANNEL *channel, unsigned int id,
                   unsigned int remote)
{
    static char buffer[65536];
    unsigned int allowed = 0;
    unsigned char *payload;
    size_t length;
    int i;

    for(i = 0; i < 100; i++) {
        char text[201];

        memset(text, 'a' + i % 26, 200);
        text[200] = 0;
        peer_data(&peer, id, text);
        check_int(libssh2_channel_read(channel, buffer, sizeof(buffer)), 200);
        check(buffer[0] == 'a' + i % 26 && buffer[199] == 'a' + i % 26);
    }
    while((payload = peer_take(&peer, &length))) {
        check_int(payload[0], SSH_MSG_CHANNEL_WINDOW_ADJUST);
        check_int(_libssh2_ntohu32(payload + 1), remote);
        allowed += _libssh2_ntohu32(payload + 5);
    }
    return allowed;
}

static void
test_opened(void)
{
    LIBSSH2_CHANNEL *automatic, *manual;
    char byte;

    peer_make(&peer);
    check_int(libssh2_channel_manual_window(NULL, 1), LIBSSH2_ERROR_BAD_USE);
    automatic = peer_start(&peer, 30000);
    check_int(peer_take_open(&peer), 0);
    manual = peer_start(&peer, 30000);
    check_int(peer_take_open(&peer), 1);
    /* before it is confirmed */
    check_int(libssh2_channel_manual_window(manual, 1), 0);
    peer_confirm(&peer, 0, 70);
    peer_confirm(&peer, 1, 71);
    check_int(libssh2_channel_open_poll(manual), 0);

    check(allowed_by_reading(automatic, 0, 70) > 20000);
    check_int(allowed_by_reading(manual, 1, 71), 0);
    check_int(libssh2_channel_window_read(manual), 10000);
    check_int(libssh2_channel_receive_window_adjust2(manual, 20000, 1, NULL),
              0);
    peer_expect(&peer, SSH_MSG_CHANNEL_WINDOW_ADJUST, 71);
    check_int(allowed_by_reading(manual, 1, 71), 0);
    check_int(libssh2_channel_window_read(manual), 10000);
    /* and back */
    check_int(libssh2_channel_manual_window(manual, 0), 0);
    check_int(libssh2_channel_read(manual, &byte, 1), LIBSSH2_ERROR_EAGAIN);
    peer_expect(&peer, SSH_MSG_CHANNEL_WINDOW_ADJUST, 71);
    peer_end(&peer);
}

static void
test_accepted(void)
{
    unsigned char payload[128];
    unsigned char *p = payload;
    LIBSSH2_LISTENER *listener;
    LIBSSH2_CHANNEL *channel;
    size_t length;

    peer_make(&peer);
    libssh2_session_set_forwarded_window(peer.session, 30000);
    check(!libssh2_channel_forward_listen_ex(peer.session, "", 2222, NULL, 4));
    check(peer_take(&peer, &length));
    peer_send_words(&peer, SSH_MSG_REQUEST_SUCCESS, 0);
    listener = libssh2_channel_forward_listen_ex(peer.session, "", 2222, NULL,
                                                 4);
    check(listener);
    *p++ = SSH_MSG_CHANNEL_OPEN;
    _libssh2_store_str(&p, "forwarded-tcpip", 15);
    _libssh2_store_u32(&p, 70);
    _libssh2_store_u32(&p, 1000);
    _libssh2_store_u32(&p, 32768);
    _libssh2_store_str(&p, "", 0);
    _libssh2_store_u32(&p, 2222);
    _libssh2_store_str(&p, "::1", 3);
    _libssh2_store_u32(&p, 4444);
    peer_send(&peer, payload, (size_t)(p - payload));
    channel = libssh2_channel_forward_accept(listener);
    check(channel);
    peer_expect(&peer, SSH_MSG_CHANNEL_OPEN_CONFIRMATION, 70);
    check_int(libssh2_channel_manual_window(channel, 1), 0);
    check_int(allowed_by_reading(channel, 0, 70), 0);
    check_int(libssh2_channel_window_read(channel), 10000);
    peer_end(&peer);
}

int
main(void)
{
    test_opened();
    test_accepted();
    return 0;
}
