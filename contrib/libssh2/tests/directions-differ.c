/* stock: fails
 *
 * Each cipher to the server with each cipher from it: packets of all sizes
 * pass in both directions.
 */
#include "server.h"

static void
run(const struct cipher *cs, const struct cipher *sc, const struct mac *mac)
{
    struct server server;
    unsigned char sent[100], *got;
    size_t length, got_length;
    int rc;

    server_make(&server);
    client_prefers(&server, server.offer.cipher_cs, server.offer.mac_cs);
    server.offer.cipher_cs = cs->name;
    server.offer.cipher_sc = sc->name;
    server.offer.mac_cs = mac->name;
    server_login(&server);
    server.recv_limit = 40;
    for(length = 1; length <= sizeof(sent); length += 3) {
        any_bytes(sent, length);
        sent[0] = SSH_MSG_CHANNEL_SUCCESS;
        server_send(&server, sent, length);
        check_int(client_reads(&server), 0);
        check(!_libssh2_packet_ask(server.client, SSH_MSG_CHANNEL_SUCCESS,
                                   &got, &got_length, 0, NULL, 0));
        check(got_length == length && !memcmp(got, sent, length));
        count_free(got, NULL);

        until_done(&server, rc, _libssh2_transport_send(server.client, sent,
                                                        length, NULL, 0));
        check_int(rc, 0);
        check(server.payload.end == length &&
              !memcmp(server.payload.bytes, sent, length));
    }
    server_end_clean(&server);
}

int
main(void)
{
    size_t cs, sc, m;

    check_int(libssh2_init(0), 0);
    for(cs = 0; cs < CIPHERS; cs++)
        for(sc = 0; sc < CIPHERS; sc++)
            for(m = 0; m < 2; m++)
                if(!getenv("CHECK_IS_SLOW") || (cs + sc + m) % 4 == 0)
                    run(&ciphers[cs], &ciphers[sc], &macs[m]);
    libssh2_exit();
    return 0;
}
