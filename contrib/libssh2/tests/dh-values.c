/* stock: fails
 *
 * Diffie-Hellman: the values that a server must not send are refused, and so
 * is a group of a size that nobody asked for; right ones are not.
 */
#include "server.h"

#include <openssl/bn.h>

static BIGNUM *group_p, *group_g, *secret_y, *value_f;
static int gex_inits;

/* A number as the contents of an mpint. */
static struct buffer
contents(const BIGNUM *number)
{
    unsigned char bytes[2048];
    struct buffer b = { 0 };
    int length = BN_bn2bin(number, bytes);

    put_mpint(&b, bytes, (size_t)length);
    b.start = 4;
    return b;
}

static int
exchange(struct server *server, const unsigned char *p, size_t length)
{
    struct buffer f, k, middle = { 0 };
    BN_CTX *ctx;
    BIGNUM *e, *secret;
    unsigned char bytes[2048];
    int gex = p[0] == SSH_MSG_KEX_DH_GEX_INIT;

    (void)length;
    if(p[0] == SSH_MSG_KEX_DH_GEX_REQUEST) {
        struct buffer b = { 0 }, n;

        put_byte(&b, SSH_MSG_KEX_DH_GEX_GROUP);
        n = contents(group_p);
        put_string(&b, n.bytes + 4, held(&n));
        drop(&n);
        n = contents(group_g);
        put_string(&b, n.bytes + 4, held(&n));
        drop(&n);
        server_send_buffer(server, &b);
        return 1;
    }
    if(p[0] != SSH_MSG_KEXDH_INIT && !gex)
        return 0;
    gex_inits += gex;

    /* f = g^y and the secret e^y, unless the test has set another f */
    ctx = BN_CTX_new();
    secret = BN_new();
    e = BN_bin2bn(p + 5, (int)_libssh2_ntohu32(p + 1), NULL);
    check(BN_mod_exp(secret, e, secret_y, group_p, ctx));
    if(value_f)
        check(BN_one(secret));
    f = contents(value_f ? value_f : secret_y);
    if(!value_f) {
        BIGNUM *own = BN_new();

        check(BN_mod_exp(own, group_g, secret_y, group_p, ctx));
        drop(&f);
        f = contents(own);
        BN_free(own);
    }
    if(gex) {
        put_u32(&middle, LIBSSH2_DH_GEX_MINGROUP);
        put_u32(&middle, LIBSSH2_DH_GEX_OPTGROUP);
        put_u32(&middle, LIBSSH2_DH_GEX_MAXGROUP);
        k = contents(group_p);
        put_string(&middle, k.bytes + 4, held(&k));
        drop(&k);
        k = contents(group_g);
        put_string(&middle, k.bytes + 4, held(&k));
        drop(&k);
    }
    server_reply(server, gex ? SSH_MSG_KEX_DH_GEX_REPLY :
                 SSH_MSG_KEXDH_REPLY, &middle, p + 5, _libssh2_ntohu32(p + 1),
                 f.bytes + 4, held(&f), bytes,
                 (size_t)BN_bn2bin(secret, bytes));
    drop(&f);
    drop(&middle);
    BN_free(e);
    BN_free(secret);
    BN_CTX_free(ctx);
    return 1;
}

static int
handshake(const char *kex, int rekeys)
{
    struct server server;
    int rc, i;

    gex_inits = 0;
    server_make(&server);
    server.handle = exchange;
    server.offer.kex = kex;
    until_done(&server, rc, libssh2_session_handshake(server.client, -2));
    for(i = 0; !rc && i < rekeys; i++)
        rc = server_rekey(&server);
    server_end_clean(&server);
    return rc;
}

int
main(void)
{
    static const char fixed[] = "diffie-hellman-group14-sha256";
    static const char gex[] = "diffie-hellman-group-exchange-sha256";
    static const struct {
        int bits, ok;
    } sizes[] = {
        { 512, 0 }, { 1024, 0 }, { 2047, 0 }, { 2048, 1 }, { 2100, 1 },
        { 8192, 1 }, { 8193, 0 }, { 16383, 0 }
    };
    size_t i;

    check_int(libssh2_init(0), 0);
    group_p = BN_get_rfc3526_prime_2048(NULL);
    group_g = BN_new();
    secret_y = BN_new();
    check(BN_set_word(group_g, 2) && BN_rand(secret_y, 300, 0, 0));

    check_int(handshake(fixed, 3), 0);
    check_int(handshake(gex, 3), 0);
    check(gex_inits == 4);

    value_f = BN_new();
    check(BN_set_word(value_f, 1));
    check(handshake(fixed, 0) < 0);
    check(handshake(gex, 0) < 0);
    check(BN_copy(value_f, group_p) && BN_sub_word(value_f, 1));
    check(handshake(fixed, 0) < 0);
    check(BN_copy(value_f, group_p));
    check(handshake(fixed, 0) < 0);
    check(BN_add_word(value_f, 1));
    check(handshake(fixed, 0) < 0);
    BN_zero(value_f);
    check(handshake(fixed, 0) < 0);
    BN_free(value_f);
    value_f = NULL;

    for(i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        /* odd will do for the computing */
        check(BN_rand(group_p, sizes[i].bits, BN_RAND_TOP_ONE,
                      BN_RAND_BOTTOM_ODD));
        if(sizes[i].bits > 4096 && getenv("CHECK_IS_SLOW"))
            continue;
        if(sizes[i].ok)
            check_int(handshake(gex, 0), 0);
        else {
            check(handshake(gex, 0) < 0);
            check_int(gex_inits, 0);
        }
    }
    group_p = (BN_free(group_p), BN_get_rfc3526_prime_2048(NULL));
    check(BN_set_word(group_g, 1));
    check(handshake(gex, 0) < 0);
    check_int(gex_inits, 0);

    BN_free(group_p);
    BN_free(group_g);
    BN_free(secret_y);
    libssh2_exit();
    return 0;
}
