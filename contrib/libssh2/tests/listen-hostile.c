/* stock: does not compile
 *
 * What a server may say of a connection that comes in, right or wrong, against
 * a scripted far side.
 */
#include "open-fixture.h"
#include "open-peer.h"

static struct link peer;
static LIBSSH2_LISTENER *listener;

/* A CHANNEL_OPEN of forwarded-tcpip; `claim` is the length that the
   originator's address is said to have. */
static size_t
forwarded(unsigned char *payload, unsigned int id, const char *originator,
          size_t length, unsigned int claim, unsigned int port)
{
    unsigned char *p = payload;

    *p++ = SSH_MSG_CHANNEL_OPEN;
    _libssh2_store_str(&p, "forwarded-tcpip", 15);
    _libssh2_store_u32(&p, id);
    _libssh2_store_u32(&p, 1u << 20);
    _libssh2_store_u32(&p, 32768);
    _libssh2_store_str(&p, "localhost", 9);
    _libssh2_store_u32(&p, 2222);
    _libssh2_store_u32(&p, claim);
    memcpy(p, originator, length);
    p += length;
    _libssh2_store_u32(&p, port);
    return (size_t)(p - payload);
}

static void
make(void)
{
    size_t length;

    peer_make(&peer);
    check(!libssh2_channel_forward_listen_ex(peer.session, "localhost", 2222,
                                             NULL, 4));
    check(peer_take(&peer, &length));
    peer_send_words(&peer, SSH_MSG_REQUEST_SUCCESS, 0);
    listener = libssh2_channel_forward_listen_ex(peer.session, "localhost",
                                                 2222, NULL, 4);
    check(listener);
}

/* The window in our CONFIRMATION. */
static void
expect_confirmation(unsigned int remote, unsigned int window)
{
    size_t length;
    unsigned char *payload = peer_take(&peer, &length);

    check(payload && payload[0] == SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
    check_int(length, 17);
    check_int(_libssh2_ntohu32(payload + 1), remote);
    check_int(_libssh2_ntohu32(payload + 9), window);
}

static void
test_windows(void)
{
    static const unsigned int windows[] = { 0, 1, 65536, 0xffffffffu };
    unsigned char payload[256];
    LIBSSH2_CHANNEL *channel;
    size_t i;

    make();
    peer_send(&peer, payload, forwarded(payload, 7, "::1", 3, 3, 1));
    peer_pump(&peer);
    expect_confirmation(7, 2 * 1024 * 1024);
    check(libssh2_channel_forward_accept(listener));
    for(i = 0; i < 4; i++) {
        char byte;

        libssh2_session_set_forwarded_window(peer.session, windows[i]);
        peer_send(&peer, payload, forwarded(payload, 8, "::1", 3, 3, 1));
        channel = libssh2_channel_forward_accept(listener);
        check(channel);
        expect_confirmation(8, windows[i]);
        check_int(libssh2_channel_window_read(channel), windows[i]);
        if(windows[i])
            continue;
        /* what is sent beyond the window is dropped; reading nothing and
           asking allow nothing */
        peer_data(&peer, channel->local.id, "not allowed");
        check_int(libssh2_channel_read(channel, &byte, 0),
                  LIBSSH2_ERROR_EAGAIN);
        check_int(packets_left(&peer), 0);
        peer_expect_nothing(&peer);
        check_int(libssh2_channel_receive_window_adjust2(channel, 3, 1, NULL),
                  0);
        peer_expect(&peer, SSH_MSG_CHANNEL_WINDOW_ADJUST, 8);
        peer_data(&peer, channel->local.id, "abc");
        check_int(libssh2_channel_read(channel, &byte, 1), 1);
        check_int(libssh2_channel_read(channel, &byte, 1), 1);
        check_int(libssh2_channel_read(channel, &byte, 1), 1);
        check_int(byte, 'c');
        peer_expect_nothing(&peer);
    }
    peer_end(&peer);
}

static void
test_originators(void)
{
    static const size_t lengths[] = { 0, 1, 9, 39, 255, 256, 1025, 30000 };
    static unsigned char payload[40000];
    static char name[30000];
    size_t i, length;
    const char *host;
    int port;

    make();
    memset(name, 'n', sizeof(name));
    for(i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        LIBSSH2_CHANNEL *channel;

        peer_send(&peer, payload,
                  forwarded(payload, 7, name, lengths[i],
                            (unsigned int)lengths[i], 54321));
        channel = libssh2_channel_forward_accept(listener);
        check(channel);
        if(lengths[i] > 255) {
            check_int(libssh2_channel_originator(channel, &host, &length,
                                                 &port),
                      LIBSSH2_ERROR_BAD_USE);
            continue;
        }
        check_int(libssh2_channel_originator(channel, &host, &length, &port),
                  0);
        check_int(length, lengths[i]);
        check(!memcmp(host, name, length) && !host[length]);
        check_int(port, 54321);
        check_int(libssh2_channel_originator(channel, NULL, NULL, NULL), 0);
    }
    /* not an address, but it is handed on as it is */
    peer_send(&peer, payload, forwarded(payload, 7, "a\0\n", 3, 3, ~0u));
    {
        LIBSSH2_CHANNEL *channel = libssh2_channel_forward_accept(listener);

        check(channel);
        check_int(libssh2_channel_originator(channel, &host, &length, &port),
                  0);
        check(length == 3 && !memcmp(host, "a\0\n", 4));
        check_int(port, -1);
    }
    peer_end(&peer);
}

/* A length that is more than there is, and a packet cut anywhere. */
static void
test_lies(void)
{
    unsigned char payload[256];
    size_t length, cut;
    unsigned char *exact;

    for(cut = 5; ; cut++) {
        int result;

        make();
        length = forwarded(payload, 7, "10.1.2.3", 8, 8, 1);
        if(cut == length) {
            peer_end(&peer);
            break;
        }
        exact = count_alloc(cut, NULL);
        memcpy(exact, payload, cut);
        result = _libssh2_packet_add(peer.session, exact, cut,
                                     LIBSSH2_MAC_CONFIRMED, 0);
        check(result != LIBSSH2_ERROR_EAGAIN);
        check(!_libssh2_list_first(&listener->queue));
        peer_end(&peer);
    }
    for(cut = 0; cut < 3; cut++) {
        static const unsigned int claims[] = { 13, 0x7fffffff, 0xffffffffu };

        make();
        length = forwarded(payload, 7, "10.1.2.3", 8, claims[cut], 1);
        exact = count_alloc(length, NULL);
        memcpy(exact, payload, length);
        _libssh2_packet_add(peer.session, exact, length,
                            LIBSSH2_MAC_CONFIRMED, 0);
        check(!_libssh2_list_first(&listener->queue));
        peer_end(&peer);
    }
}

static void
test_no_memory(void)
{
    unsigned char payload[256];
    int nth;

    /* the packet, the channel, its type, the originator */
    for(nth = 2; nth <= 4; nth++) {
        make();
        peer_send(&peer, payload, forwarded(payload, 7, "::1", 3, 3, 1));
        fail_alloc_in = nth;
        peer_pump(&peer);
        check_int(fail_alloc_in, 0);
        peer_expect(&peer, SSH_MSG_CHANNEL_OPEN_FAILURE, 7);
        peer_expect_nothing(&peer);
        check(!libssh2_channel_forward_accept(listener));
        peer_end(&peer);
    }
}

int
main(void)
{
    test_windows();
    test_originators();
    test_lies();
    test_no_memory();
    return 0;
}
