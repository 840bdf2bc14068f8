/* A scripted far side without encryption: a session that has had no key
 * exchange reads and writes plain packets (RFC 4253 section 6), so a test can
 * say what the server sends, byte for byte. Include it after
 * open-fixture.h; needs libssh2's private headers. */
#ifndef OPEN_PEER_H
#define OPEN_PEER_H

#include "libssh2_priv.h"
#include "channel.h"
#include "packet.h"
#include "transport.h"

/* The nth allocation from now fails; 0: none. */
static long fail_alloc_in;

static void *
peer_alloc(size_t count, void **abstract)
{
    if(fail_alloc_in && !--fail_alloc_in)
        return NULL;
    return count_alloc(count, abstract);
}

static void
peer_make(struct link *link)
{
    memset(link, 0, sizeof(*link));
    link->socket = -1;
    link->session = libssh2_session_init_ex(peer_alloc, count_free,
                                            count_realloc, link);
    check(link->session);
    libssh2_session_set_blocking(link->session, 0);
    libssh2_session_callback_set2(link->session, LIBSSH2_CALLBACK_SEND,
                                  (libssh2_cb_generic *)link_send);
    libssh2_session_callback_set2(link->session, LIBSSH2_CALLBACK_RECV,
                                  (libssh2_cb_generic *)link_recv);
}

static void
peer_end(struct link *link)
{
    int result;

    link->is_closed = 1;
    drive(link, result, libssh2_session_free(link->session));
    check_int(result, 0);
    free(link->in.bytes);
    free(link->out.bytes);
    check_int(blocks, 0);
}

/* The far side sends a packet. */
static void
peer_send(struct link *link, const unsigned char *payload, size_t length)
{
    static const unsigned char zeros[16];
    unsigned char head[5];
    unsigned int padding = 8 - (unsigned int)((length + 5) % 8);

    if(padding < 4)
        padding += 8;
    _libssh2_htonu32(head, (uint32_t)(1 + length + padding));
    head[4] = (unsigned char)padding;
    buffer_append(&link->in, head, 5);
    buffer_append(&link->in, payload, length);
    buffer_append(&link->in, zeros, padding);
}

/* One message of a type and 32-bit words. */
static void
peer_send_words(struct link *link, int type, int count, ...)
{
    unsigned char payload[64];
    va_list args;
    int i;

    payload[0] = (unsigned char)type;
    va_start(args, count);
    for(i = 0; i < count; i++)
        _libssh2_htonu32(payload + 1 + 4 * i, va_arg(args, unsigned int));
    va_end(args);
    peer_send(link, payload, 1 + 4 * (size_t)count);
}

static void
peer_confirm(struct link *link, unsigned int id, unsigned int remote)
{
    peer_send_words(link, SSH_MSG_CHANNEL_OPEN_CONFIRMATION, 4, id, remote,
                    1u << 20, 32768u);
}

static void
peer_refuse(struct link *link, unsigned int id, unsigned int reason,
            const char *text)
{
    unsigned char payload[256];
    size_t length = strlen(text);

    payload[0] = SSH_MSG_CHANNEL_OPEN_FAILURE;
    _libssh2_htonu32(payload + 1, id);
    _libssh2_htonu32(payload + 5, reason);
    _libssh2_htonu32(payload + 9, (uint32_t)length);
    memcpy(payload + 13, text, length);
    _libssh2_htonu32(payload + 13 + length, 0);
    peer_send(link, payload, 17 + length);
}

static void
peer_data(struct link *link, unsigned int id, const char *text)
{
    unsigned char payload[256];
    size_t length = strlen(text);

    payload[0] = SSH_MSG_CHANNEL_DATA;
    _libssh2_htonu32(payload + 1, id);
    _libssh2_htonu32(payload + 5, (uint32_t)length);
    memcpy(payload + 9, text, length);
    peer_send(link, payload, 9 + length);
}

/* The next packet that we have sent: its payload and length; NULL if there
   is none, or not a whole one. */
static unsigned char *
peer_take(struct link *link, size_t *length)
{
    static unsigned char payload[40000];
    unsigned char *head =
        (unsigned char *)link->out.bytes + link->out.start;
    size_t there = link->out.end - link->out.start;
    size_t packet;

    if(there < 5 || there < 4 + (size_t)_libssh2_ntohu32(head))
        return NULL;
    packet = _libssh2_ntohu32(head);
    *length = packet - 1 - head[4];
    memcpy(payload, head + 5, *length);
    link->out.start += 4 + packet;
    return payload;
}

/* The next packet is of this type and for this channel of the far side. */
static void
peer_expect(struct link *link, int type, unsigned int recipient)
{
    size_t length;
    unsigned char *payload = peer_take(link, &length);

    if(!payload)
        fail("no packet was sent, type %d is missing", type);
    if(payload[0] != type)
        fail("a packet of type %d was sent, not %d", payload[0], type);
    check(length >= 5);
    check_int(_libssh2_ntohu32(payload + 1), recipient);
}

/* Nothing was sent. */
static void
peer_expect_nothing(struct link *link)
{
    size_t length;
    unsigned char *payload = peer_take(link, &length);

    if(payload)
        fail("a packet of type %d was sent", payload[0]);
    check_int(link->out.end - link->out.start, 0);
}

/* The next packet is a CHANNEL_OPEN; returns our number of the channel. */
static unsigned int
peer_take_open(struct link *link)
{
    size_t length;
    unsigned char *payload = peer_take(link, &length);

    check(payload && payload[0] == SSH_MSG_CHANNEL_OPEN && length >= 17);
    return _libssh2_ntohu32(payload + 5 + _libssh2_ntohu32(payload + 1));
}

/* Takes all input in, as any call that reads does. */
static void
peer_pump(struct link *link)
{
    int result;

    do {
        link->saw_empty = 0;
        do
            result = _libssh2_transport_read(link->session);
        while(result > 0);
        if(result < 0 && result != LIBSSH2_ERROR_EAGAIN)
            fail("transport: %d", result);
    } while(!link->saw_empty);
}

static int
list_length(struct list_head *list)
{
    struct list_node *node;
    int count = 0;

    for(node = _libssh2_list_first(list); node;
        node = _libssh2_list_next(node))
        count++;
    return count;
}

#define packets_left(link) list_length(&(link)->session->packets)

#ifdef LIBSSH2_HAVE_CHANNEL_OPEN_START
static LIBSSH2_CHANNEL *
peer_start(struct link *link, unsigned int window)
{
    LIBSSH2_CHANNEL *channel =
        libssh2_channel_open_start(link->session, "direct-tcpip", 12, window,
                                   32768, "message", 7);

    check(channel);
    return channel;
}
#endif

#endif
