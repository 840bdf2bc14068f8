/* stock: fails
 *
 * A later key exchange that fails, in the choice of the methods or later, is
 * an error and the end of the connection, not a session with half of each.
 */
#include "server.h"

static int
spoil_reply(struct server *server, const unsigned char *p, size_t length)
{
    struct buffer b = { 0 };

    (void)p;
    (void)length;
    if(!server->context || p[0] != SSH2_MSG_KEX_ECDH_INIT)
        return 0;
    put_byte(&b, SSH2_MSG_KEX_ECDH_REPLY);
    put_text(&b, "no host key");
    put_text(&b, "no key");
    put_text(&b, "no signature");
    server_send_buffer(server, &b);
    return 1;
}

static void
refused(const struct offer *offer, int spoil)
{
    struct server server;
    LIBSSH2_CHANNEL *channel;
    char buffer[10];
    ssize_t got;
    int i, rc = 0;

    server_make(&server);
    server.handle = spoil_reply;
    server_login(&server);
    channel = server_open(&server);
    server.offer = *offer;
    server.context = spoil ? &server : NULL;
    server_send_kexinit(&server);
    for(i = 0; i < 10 && !rc; i++) {
        rc = client_reads(&server);
        server.context = spoil ? &server : NULL;
        if(spoil || !rc)
            server_run(&server);
    }
    check(rc < 0);
    for(i = 0; i < 3; i++) {
        got = libssh2_channel_read(channel, buffer, sizeof(buffer));
        check(got < 0 && got != LIBSSH2_ERROR_EAGAIN);
        /* what is still sent is encrypted with the keys in use */
        libssh2_session_disconnect(server.client, "bye");
    }
    if(!spoil)
        server.handle = NULL;
    server_end_clean(&server);
}

int
main(void)
{
    struct offer offer;

    check_int(libssh2_init(0), 0);
    offer = offer_of_all;
    offer.kex = "none";
    refused(&offer, 0);
    offer = offer_of_all;
    offer.hostkey = "none";
    refused(&offer, 0);
    offer = offer_of_all;
    offer.cipher_cs = "chacha20-poly1305@openssh.com";
    offer.cipher_sc = "none";
    refused(&offer, 0);
    offer = offer_of_all;
    offer.cipher_cs = "aes256-ctr";
    offer.mac_cs = "hmac-sha2-512";
    offer.mac_sc = "none";
    refused(&offer, 0);
    offer = offer_of_all;
    offer.cipher_cs = "aes256-ctr";
    refused(&offer, 1);
    libssh2_exit();
    return 0;
}
