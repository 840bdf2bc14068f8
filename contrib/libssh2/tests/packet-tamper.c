/* stock: fails
 *
 * A packet that was changed in any of its bytes is refused and never handed
 * on, one that was cut short is waited for, and nothing of either stays in
 * memory. With every cipher and MAC.
 */
#include "server.h"

/* Takes the packets the server has put there, for a test to send in its own
   way. */
static void
take(struct server *server, unsigned char *bytes, size_t *length)
{
    *length = held(&server->to_client);
    check(*length <= 1000);
    memcpy(bytes, server->to_client.bytes + server->to_client.start, *length);
    server->to_client.start = server->to_client.end;
}

static int
got_one(struct server *server)
{
    unsigned char *got;
    size_t length;

    if(_libssh2_packet_ask(server->client, SSH_MSG_CHANNEL_SUCCESS, &got,
                           &length, 0, NULL, 0))
        return 0;
    count_free(got, NULL);
    return 1;
}

static void
start(struct server *server, const struct cipher *cipher,
      const struct mac *mac, size_t payload_length, unsigned char *packet,
      size_t *length)
{
    unsigned char payload[100];

    server_make(server);
    client_prefers(server, cipher->name, mac->name);
    server_login(server);
    any_bytes(payload, payload_length);
    payload[0] = SSH_MSG_CHANNEL_SUCCESS;
    server_send(server, payload, payload_length);
    take(server, packet, length);
}

static void
changed(const struct cipher *cipher, const struct mac *mac)
{
    static unsigned char junk[40000];
    unsigned char packet[1000];
    size_t length, at = 0;

    any_bytes(junk, sizeof(junk));
    do {
        struct server server;
        int rc;

        start(&server, cipher, mac, 37, packet, &length);
        packet[at] ^= (unsigned char)(1u << any_below(8));
        put(&server.to_client, packet, length);
        rc = _libssh2_transport_read(server.client);
        if(rc == LIBSSH2_ERROR_EAGAIN) {
            /* it became a longer packet: complete that */
            put(&server.to_client, junk, sizeof(junk));
            rc = _libssh2_transport_read(server.client);
        }
        if(rc >= 0 || rc == LIBSSH2_ERROR_EAGAIN)
            fail("%s %s: byte %ld changed: %d", cipher->name, mac->name,
                 (long)at, rc);
        check(!got_one(&server));
        /* nor anything after it */
        put(&server.to_client, packet, length);
        rc = _libssh2_transport_read(server.client);
        check(rc < 0 && rc != LIBSSH2_ERROR_EAGAIN && !got_one(&server));
        server_end_clean(&server);
        at += getenv("CHECK_IS_SLOW") ? 1 + any_below(9) : 1;
    } while(at < length);
}

static void
cut_short(const struct cipher *cipher, const struct mac *mac)
{
    unsigned char packet[1000];
    struct server server;
    size_t length, at;

    start(&server, cipher, mac, 53, packet, &length);
    for(at = 0; at < length; at++) {
        check_int(_libssh2_transport_read(server.client),
                  LIBSSH2_ERROR_EAGAIN);
        check(!got_one(&server));
        put(&server.to_client, packet + at, 1);
    }
    check_int(_libssh2_transport_read(server.client),
              SSH_MSG_CHANNEL_SUCCESS);
    check(got_one(&server));
    server_end_clean(&server);

    /* ended in the middle of a packet */
    start(&server, cipher, mac, 53, packet, &length);
    put(&server.to_client, packet, any_below((unsigned int)length));
    check_int(_libssh2_transport_read(server.client), LIBSSH2_ERROR_EAGAIN);
    server_end_clean(&server);
}

int
main(void)
{
    size_t c, m;

    check_int(libssh2_init(0), 0);
    for(c = 0; c < CIPHERS; c++)
        for(m = 0; m < MACS; m++) {
            if(is_aead(&ciphers[c]) ? m > 0 :
               getenv("CHECK_IS_SLOW") && (c + m) % 5)
                continue;
            changed(&ciphers[c], &macs[m]);
            cut_short(&ciphers[c], &macs[m]);
        }
    libssh2_exit();
    return 0;
}
