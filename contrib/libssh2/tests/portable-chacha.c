/* stock: does not compile
 *
 * ChaCha20-Poly1305 by libcrypto and by libssh2's own portable code, which is
 * used where libcrypto has none: the same bytes for every length and sequence
 * number.
 */
#include "server.h"

#include "cipher-chachapoly.h"

#ifndef LIBSSH2_CHACHAPOLY_EVP
#error "this library does not use libcrypto's ChaCha20"
#endif

static unsigned char key[64];

static void
make(struct chachapoly_ctx *ctx, int portable)
{
    memset(ctx, 0xee, sizeof(*ctx));
    check_int(chachapoly_init(ctx, key, 64), 0);
    check(ctx->main_evp && ctx->poly_evp);
    if(portable) {
        chachapoly_free(ctx);
        chacha_keysetup(&ctx->main_ctx, key, 256);
        chacha_keysetup(&ctx->header_ctx, key + 32, 256);
    }
}

int
main(void)
{
    static unsigned char plain[40000], one[40000], other[40000];
    struct chachapoly_ctx evp, portable;
    u_int length, sequence, got;
    int same = 0;

    any_bytes(key, sizeof(key));
    make(&evp, 0);
    make(&portable, 1);
    check(!portable.main_evp);
    for(length = 1; length < 33000;
        length += length < 700 ? 1 : 1 + any_below(3000)) {
        sequence = any_below(3) ? any_number() : any_below(2) ? 0 : UINT_MAX;
        any_bytes(plain, length + 4);
        memcpy(one, plain, length + 4);
        memcpy(other, plain, length + 4);
        check_int(chachapoly_crypt(&evp, sequence, one, one, length, 4, 1),
                  0);
        check_int(chachapoly_crypt(&portable, sequence, other, other, length,
                                   4, 1), 0);
        check(!memcmp(one, other, length + 20));
        check_int(chachapoly_get_length(&evp, &got, sequence, one, 4), 0);
        check(got == _libssh2_ntohu32(plain));
        check_int(chachapoly_get_length(&portable, &got, sequence, one, 4),
                  0);
        check(got == _libssh2_ntohu32(plain));
        /* each decrypts what the other has encrypted */
        check_int(chachapoly_crypt(&evp, sequence, other, other, length, 4,
                                   0), 0);
        check_int(chachapoly_crypt(&portable, sequence, one, one, length, 4,
                                   0), 0);
        check(!memcmp(one, plain, length + 4) &&
              !memcmp(other, plain, length + 4));
        /* and neither one with another tag or sequence number */
        check_int(chachapoly_crypt(&evp, sequence, one, plain, length, 4, 1),
                  0);
        check(chachapoly_crypt(&evp, sequence + 1, one, one, length, 4, 0));
        one[any_below(length + 20)] ^= 4;
        check(chachapoly_crypt(&evp, sequence, one, one, length, 4, 0));
        same++;
    }
    check(same > 700);
    chachapoly_free(&evp);

    /* a libcrypto that has neither, as in FIPS mode */
    check(EVP_set_default_properties(NULL, "fips=yes"));
    memset(&evp, 0xee, sizeof(evp));
    check_int(chachapoly_init(&evp, key, 64), 0);
    check(!evp.main_evp && !evp.poly_evp);
    any_bytes(plain, 5004);
    memcpy(one, plain, 5004);
    memcpy(other, plain, 5004);
    check_int(chachapoly_crypt(&evp, 7, one, one, 5000, 4, 1), 0);
    check_int(chachapoly_crypt(&portable, 7, other, other, 5000, 4, 1), 0);
    check(!memcmp(one, other, 5020));
    chachapoly_free(&evp);
    return 0;
}
