/* stock: fails
 *
 * Key exchanges that agree upon other ciphers and MACs than are in use, from
 * each kind to each, with both methods of key exchange, with and without
 * strict key exchange. Data flows before, after, and in both directions.
 */
#include "server.h"

static const struct pair {
    const char *cipher, *mac;
} pairs[] = {
    { "chacha20-poly1305@openssh.com", "hmac-sha2-256" },
    { "aes128-gcm@openssh.com", "hmac-sha2-256" },
    { "aes256-gcm@openssh.com", "hmac-sha2-256" },
    { "aes256-ctr", "hmac-sha2-512" },
    { "aes128-ctr", "hmac-md5-96" },
    { "aes192-ctr", "hmac-sha2-256-etm@openssh.com" },
    { "aes256-ctr", "hmac-sha2-512-etm@openssh.com" },
    { "3des-cbc", "hmac-sha1" }
};
#define PAIRS (sizeof(pairs) / sizeof(*pairs))

static void
exchange(struct server *server)
{
    unsigned char sent[1000], *got;
    size_t length = 1 + any_below(900), got_length;
    int rc;

    any_bytes(sent, length);
    sent[0] = SSH_MSG_CHANNEL_SUCCESS;
    server_send(server, sent, length);
    check_int(client_reads(server), 0);
    check(!_libssh2_packet_ask(server->client, SSH_MSG_CHANNEL_SUCCESS, &got,
                               &got_length, 0, NULL, 0));
    check(got_length == length && !memcmp(got, sent, length));
    count_free(got, NULL);

    until_done(server, rc, _libssh2_transport_send(server->client, sent,
                                                   length, NULL, 0));
    check_int(rc, 0);
    check(server->payload.end == length &&
          !memcmp(server->payload.bytes, sent, length));
}

/* The two directions differ by "apart" places in the table. */
static void
offer(struct server *server, size_t n, size_t apart)
{
    const struct pair *cs = &pairs[n], *sc = &pairs[(n + apart) % PAIRS];

    server->offer.cipher_cs = cs->cipher;
    server->offer.cipher_sc = sc->cipher;
    server->offer.mac_cs = cs->mac;
    server->offer.mac_sc = sc->mac;
}

int
main(void)
{
    size_t from, to, apart;

    check_int(libssh2_init(0), 0);
    for(from = 0; from < PAIRS; from++)
        for(apart = 0; apart < PAIRS; apart++) {
            struct server server;

            server_make(&server);
            /* what a client has by default lists no MD5 and 3DES last */
            client_prefers(&server, server.offer.cipher_cs,
                           server.offer.mac_cs);
            server.strict = from % 2;
            offer(&server, from, apart);
            server_login(&server);
            exchange(&server);
            for(to = 0; to < PAIRS; to++) {
                server.offer.kex = to % 3 ? "curve25519-sha256" :
                    "ecdh-sha2-nistp256";
                offer(&server, to, (apart + to) % PAIRS);
                check_int(server_rekey(&server), 0);
                check(!strcmp(libssh2_session_methods(server.client,
                                                   LIBSSH2_METHOD_CRYPT_CS),
                              server.offer.cipher_cs));
                check(!strcmp(libssh2_session_methods(server.client,
                                                   LIBSSH2_METHOD_CRYPT_SC),
                              server.offer.cipher_sc));
                exchange(&server);
                offer(&server, from, apart);
                check_int(server_rekey(&server), 0);
                exchange(&server);
            }
            server_end_clean(&server);
            if(getenv("CHECK_IS_SLOW"))
                apart += 2;
        }
    libssh2_exit();
    return 0;
}
