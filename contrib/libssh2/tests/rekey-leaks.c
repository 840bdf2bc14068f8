/* stock: fails
 *
 * Hundreds of key exchanges leave nothing behind, neither in libssh2 nor in
 * OpenSSL, and what libssh2_session_hostkey() returned stays valid.
 */
#include "server.h"

static long crypto_blocks;

static void *
crypto_alloc(size_t count, const char *file, int line)
{
    (void)file;
    (void)line;
    crypto_blocks++;
    return malloc(count);
}

static void
crypto_free(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    if(block)
        crypto_blocks--;
    free(block);
}

static void *
crypto_realloc(void *block, size_t count, const char *file, int line)
{
    (void)file;
    (void)line;
    if(!block)
        crypto_blocks++;
    else if(!count) {
        crypto_blocks--;
        free(block);
        return NULL;
    }
    return realloc(block, count);
}

static void
rekeys(const char *kex, const char *cipher)
{
    int count = getenv("CHECK_IS_SLOW") ? 20 : 300;
    struct server server;
    const char *key;
    unsigned char *copy;
    size_t length;
    long before, crypto_before;
    int type, i;

    server_make(&server);
    server.offer.kex = kex;
    client_prefers(&server, cipher, "hmac-sha2-256");
    server_login(&server);
    for(i = 0; i < 5; i++)
        check_int(server_rekey(&server), 0);

    key = libssh2_session_hostkey(server.client, &length, &type);
    copy = malloc(length);
    check(key && copy);
    memcpy(copy, key, length);
    before = blocks_bytes;
    crypto_before = crypto_blocks;
    for(i = 0; i < count; i++)
        check_int(server_rekey(&server), 0);
    check(libssh2_session_hostkey(server.client, &length, &type) == key);
    check(!memcmp(copy, key, length));
    free(copy);
    check_int(blocks_bytes, before);
    if(labs(crypto_blocks - crypto_before) > 5)
        fail("%s: %ld blocks of OpenSSL's after %d key exchanges", kex,
             crypto_blocks - crypto_before, count);

    /* another host key is taken in */
    EVP_PKEY_free(server.hostkey);
    server.hostkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    check_int(server_rekey(&server), 0);
    key = libssh2_session_hostkey(server.client, &length, &type);
    check(key && length == 51);
    server_end_clean(&server);
}

int
main(void)
{
    check(CRYPTO_set_mem_functions(crypto_alloc, crypto_realloc,
                                   crypto_free));
    check_int(libssh2_init(0), 0);
    rekeys("curve25519-sha256", "chacha20-poly1305@openssh.com");
    rekeys("curve25519-sha256", "aes256-gcm@openssh.com");
    rekeys("ecdh-sha2-nistp256", "aes128-ctr");
    libssh2_exit();
    return 0;
}
