/* stock: passes
 *
 * Data goes to the channel it is for, in the order it came, however many
 * channels there are, whichever of them end, and wherever they came from: with
 * extended data, flushes, ends and listeners, against a scripted far side.
 */
#include "open-fixture.h"
#include "open-peer.h"

#define CHANNELS 1500

static struct link peer;
static unsigned int seed = 99;

static unsigned int
chance(unsigned int below)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 8) % below;
}

static LIBSSH2_CHANNEL *
open_one(unsigned int id, unsigned int remote)
{
    LIBSSH2_CHANNEL *channel;

    check(!libssh2_channel_open_ex(peer.session, "x", 1, 1 << 20, 32768, "",
                                   0));
    check_int(peer_take_open(&peer), id);
    peer_confirm(&peer, id, remote);
    channel = libssh2_channel_open_ex(peer.session, "x", 1, 1 << 20, 32768,
                                      "", 0);
    check(channel);
    return channel;
}

/* The far side closes, then we free: nothing to wait for. */
static void
end_one(LIBSSH2_CHANNEL *channel, unsigned int id)
{
    size_t length;

    peer_send_words(&peer, SSH_MSG_CHANNEL_CLOSE, 1, id);
    peer_pump(&peer);
    check_int(libssh2_channel_free(channel), 0);
    while(peer_take(&peer, &length))
        ;
}

static void
test_many(void)
{
    static LIBSSH2_CHANNEL *channels[4 * CHANNELS];
    static unsigned int sent[4 * CHANNELS], got[4 * CHANNELS];
    unsigned int next = 0, live = 0, round, i;
    long before;

    peer_make(&peer);
    before = blocks;
    for(round = 0; round < 40; round++) {
        while(live < CHANNELS && next < 4 * CHANNELS) {
            channels[next] = open_one(next, next + 10000);
            next++;
            live++;
        }
        for(i = 0; i < 3000; i++) {
            unsigned int id = chance(next + 100);
            char text[32];

            /* some are for channels that are gone, or never were */
            snprintf(text, sizeof(text), "%u:%u,", id,
                     id < next ? sent[id]++ : 0);
            peer_data(&peer, id, text);
        }
        peer_pump(&peer);
        for(i = 0; i < 1500; i++) {
            unsigned int id = chance(next);
            char text[4096], expected[32];
            ssize_t length;
            char *place = text;

            if(!channels[id])
                continue;
            length = libssh2_channel_read(channels[id], text,
                                          sizeof(text) - 1);
            if(got[id] == sent[id]) {
                check_int(length, LIBSSH2_ERROR_EAGAIN);
                check_int(libssh2_poll_channel_read(channels[id], 0), 0);
                continue;
            }
            check(length > 0);
            text[length] = 0;
            while(*place) {
                snprintf(expected, sizeof(expected), "%u:%u,", id, got[id]++);
                check(!strncmp(place, expected, strlen(expected)));
                place += strlen(expected);
            }
            check_int(got[id], sent[id]);
        }
        for(i = 0; i < 300; i++) {
            unsigned int id = chance(next);

            if(!channels[id])
                continue;
            check_int(libssh2_poll_channel_read(channels[id], 0),
                      got[id] != sent[id]);
            end_one(channels[id], id);
            channels[id] = NULL;
            live--;
        }
    }
    for(i = 0; i < next; i++)
        if(channels[i])
            end_one(channels[i], i);
    check_int(packets_left(&peer), 0);
    check_int(blocks, before);
    peer_end(&peer);
}

static void
extended(unsigned int id, unsigned int stream, const char *text)
{
    unsigned char payload[256];
    size_t length = strlen(text);

    payload[0] = SSH_MSG_CHANNEL_EXTENDED_DATA;
    _libssh2_htonu32(payload + 1, id);
    _libssh2_htonu32(payload + 5, stream);
    _libssh2_htonu32(payload + 9, (uint32_t)length);
    memcpy(payload + 13, text, length);
    peer_send(&peer, payload, 13 + length);
}

static void
test_streams(void)
{
    LIBSSH2_CHANNEL *one, *two;
    unsigned long there;
    char text[64];

    peer_make(&peer);
    one = open_one(0, 70);
    two = open_one(1, 71);
    peer_data(&peer, 0, "a");
    extended(1, 1, "E");
    extended(0, 1, "e");
    peer_data(&peer, 1, "b");
    peer_data(&peer, 0, "c");
    peer_send_words(&peer, SSH_MSG_CHANNEL_EOF, 1, 0);
    peer_pump(&peer);
    libssh2_channel_window_read_ex(one, &there, NULL);
    check(there >= 3);
    check_int(libssh2_channel_eof(one), 0);
    check_int(libssh2_channel_read_ex(one, 1, text, sizeof(text)), 1);
    check_int(text[0], 'e');
    check_int(libssh2_channel_read(one, text, sizeof(text)), 2);
    check(!memcmp(text, "ac", 2));
    check_int(libssh2_channel_eof(one), 1);
    check_int(libssh2_channel_read(one, text, sizeof(text)), 0);
    check_int(libssh2_channel_handle_extended_data2(
                  two, LIBSSH2_CHANNEL_EXTENDED_DATA_MERGE), 0);
    check_int(libssh2_poll_channel_read(two, 1), 1);
    check_int(libssh2_channel_read(two, text, sizeof(text)), 2);
    check(!memcmp(text, "Eb", 2));
    check_int(libssh2_channel_eof(two), 0);

    /* flushed, or thrown away with the channel */
    peer_data(&peer, 1, "more");
    extended(1, 1, "and more");
    peer_data(&peer, 1, "even more");
    peer_pump(&peer);
    check_int(libssh2_channel_flush_ex(two, 0), 13);
    check_int(libssh2_channel_read(two, text, sizeof(text)), 8);
    check_int(libssh2_channel_eof(two), 0);
    peer_data(&peer, 1, "unread");
    peer_pump(&peer);
    end_one(two, 1);
    end_one(one, 0);
    check_int(packets_left(&peer), 0);
    peer_end(&peer);
}

static void
forwarded(unsigned int remote)
{
    unsigned char payload[128];
    unsigned char *p = payload;

    *p++ = SSH_MSG_CHANNEL_OPEN;
    _libssh2_store_str(&p, "forwarded-tcpip", 15);
    _libssh2_store_u32(&p, remote);
    _libssh2_store_u32(&p, 1000);
    _libssh2_store_u32(&p, 32768);
    _libssh2_store_str(&p, "localhost", 9);
    _libssh2_store_u32(&p, 2222);
    _libssh2_store_str(&p, "::1", 3);
    _libssh2_store_u32(&p, 4444);
    peer_send(&peer, payload, (size_t)(p - payload));
}

static void
test_listener(void)
{
    LIBSSH2_LISTENER *listener;
    LIBSSH2_CHANNEL *channel;
    char text[64];
    size_t length;
    int i, result;

    peer_make(&peer);
    check(!libssh2_channel_forward_listen_ex(peer.session, "localhost", 2222,
                                             NULL, 16));
    peer_send_words(&peer, SSH_MSG_REQUEST_SUCCESS, 0);
    listener = libssh2_channel_forward_listen_ex(peer.session, "localhost",
                                                 2222, NULL, 16);
    check(listener);
    for(i = 0; i < 10; i++)
        forwarded(70 + (unsigned int)i);
    /* early data, for channels that nobody has accepted yet */
    for(i = 9; i >= 0; i--) {
        snprintf(text, sizeof(text), "channel %d", i);
        peer_data(&peer, (unsigned int)i, text);
    }
    for(i = 0; i < 5; i++) {
        char got[64];

        channel = libssh2_channel_forward_accept(listener);
        check(channel);
        snprintf(text, sizeof(text), "channel %d", i);
        check_int(libssh2_channel_read(channel, got, sizeof(got)),
                  strlen(text));
        check(!memcmp(text, got, strlen(text)));
        end_one(channel, (unsigned int)i);
    }
    /* the rest goes with the listener */
    drive(&peer, result, libssh2_channel_forward_cancel(listener));
    for(i = 5; i < 10 && result == LIBSSH2_ERROR_EAGAIN; i++) {
        peer_send_words(&peer, SSH_MSG_CHANNEL_CLOSE, 1, (unsigned int)i);
        drive(&peer, result, libssh2_channel_forward_cancel(listener));
    }
    check_int(result, 0);
    while(peer_take(&peer, &length))
        ;
    check_int(packets_left(&peer), 0);
    peer_end(&peer);
}

int
main(void)
{
    test_many();
    test_streams();
    test_listener();
    return 0;
}
