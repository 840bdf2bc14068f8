#include "CBench.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct bench_hash {
    EVP_MAC *algorithm;
    EVP_MAC_CTX *context;
};

bench_hash *bench_hash_new(const uint8_t key[32]) {
    bench_hash *hash = calloc(1, sizeof *hash);
    if (hash == NULL) {
        abort();
    }
    hash->algorithm = EVP_MAC_fetch(NULL, "POLY1305", NULL);
    hash->context = hash->algorithm == NULL ? NULL : EVP_MAC_CTX_new(hash->algorithm);
    if (hash->context == NULL || EVP_MAC_init(hash->context, key, 32, NULL) != 1) {
        abort();
    }
    return hash;
}

void bench_hash_update(bench_hash *hash, const void *bytes, size_t count) {
    if (EVP_MAC_update(hash->context, bytes, count) != 1) {
        abort();
    }
}

void bench_hash_final(bench_hash *hash, uint8_t out[16]) {
    size_t length = 0;
    if (EVP_MAC_final(hash->context, out, &length, 16) != 1 || length != 16) {
        abort();
    }
}

void bench_hash_free(bench_hash *hash) {
    EVP_MAC_CTX_free(hash->context);
    EVP_MAC_free(hash->algorithm);
    free(hash);
}
