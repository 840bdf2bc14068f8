/* stock: passes
 *
 * Packets of every size, both ways, with every cipher and MAC: what libssh2
 * encrypts OpenSSL decrypts, and the other way round, whatever the pieces in
 * which they come and go.
 */
#include "server.h"

#define SMALL 600

static unsigned char sent[40000];

/* The server sends a payload; the client must have just that. */
static void
to_client(struct server *server, size_t length)
{
    unsigned char *got;
    size_t got_length;
    unsigned int more = any_below(4) ? 0 : any_below(8);
    int rc, rounds = 0;

    any_bytes(sent, length);
    sent[0] = SSH_MSG_CHANNEL_SUCCESS;
    server_send_padded(server, sent, length, more);
    while((rc = _libssh2_packet_ask(server->client, SSH_MSG_CHANNEL_SUCCESS,
                                    &got, &got_length, 0, NULL, 0))) {
        rc = _libssh2_transport_read(server->client);
        check(rc == LIBSSH2_ERROR_EAGAIN || rc == SSH_MSG_CHANNEL_SUCCESS);
        check(++rounds < 100000);
    }
    check_int(got_length, length);
    check(!memcmp(got, sent, length));
    count_free(got, NULL);
}

/* The client sends one, in two parts. */
static void
to_server(struct server *server, size_t length)
{
    size_t first = 1 + any_below((unsigned int)(length < 13 ? length : 13));
    int rc;

    any_bytes(sent, length);
    sent[0] = SSH_MSG_CHANNEL_SUCCESS;
    until_done(server, rc,
               _libssh2_transport_send(server->client, sent, first,
                                       sent + first, length - first));
    check_int(rc, 0);
    check_int(server->payload.end, length);
    check(!memcmp(server->payload.bytes, sent, length));
}

static void
run(const struct cipher *cipher, const struct mac *mac, unsigned int step,
    int strict)
{
    struct server server;
    size_t length;

    server_make(&server);
    client_prefers(&server, cipher->name, mac->name);
    server.strict = strict;
    server_login(&server);

    server.recv_limit = 100;
    for(length = 1 + any_below(step); length <= SMALL; length += step) {
        to_client(&server, length);
        server.send_limit = length % 3 ? 0 : 50;
        to_server(&server, length);
    }
    server.recv_limit = 20000;
    for(length = 32700; length <= 32700 + 90; length += step) {
        to_client(&server, length);
        server.send_limit = length % 3 ? 0 : 20000;
        to_server(&server, length);
    }
    server_end(&server);
}

int
main(void)
{
    /* fewer sizes each where a run is slow */
    unsigned int slow = getenv("CHECK_IS_SLOW") ? 20 : 1;
    size_t c, m;

    check_int(libssh2_init(0), 0);
    for(c = 0; c < CIPHERS; c++)
        for(m = 0; m < MACS; m++) {
            if(is_aead(&ciphers[c]) && m)
                continue;
            /* all sizes with the ciphers and MACs in use today */
            run(&ciphers[c], &macs[m],
                slow * (ciphers[c].kind != CBC && m < 4 ? 1 : 7),
                (int)(c + m) % 2);
        }
    libssh2_exit();
    return 0;
}
