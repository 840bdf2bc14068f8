/* A scripted SSH server on memory buffers, written on OpenSSL alone, so that
 * it checks libssh2's own use of it: handshake, key exchanges with any methods
 * in any direction, and packets with any length, padding and fault that a test
 * asks for. The client is a libssh2 session whose SEND and RECV it feeds.
 * Include it once, in the one C file of a test. */
#ifndef SERVER_H
#define SERVER_H

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "libssh2_priv.h"
#include "channel.h"
#include "mac.h"
#include "packet.h"
#include "transport.h"

/* Functions that a test does not use are no fault. */
#pragma GCC diagnostic ignored "-Wunused-function"

/* --- Failing ----------------------------------------------------------- */

#define fail(...) \
    do { \
        fprintf(stderr, "%s:%d: ", __FILE__, __LINE__); \
        fprintf(stderr, __VA_ARGS__); \
        fputc('\n', stderr); \
        exit(1); \
    } while(0)
#define check(condition) \
    do { \
        if(!(condition)) \
            fail("not true: %s", #condition); \
    } while(0)
#define check_int(expression, expected) \
    do { \
        long check_value = (long)(expression); \
        if(check_value != (long)(expected)) \
            fail("%s is %ld, not %ld", #expression, check_value, \
                 (long)(expected)); \
    } while(0)

/* Numbers that look random and are the same in each run. */
static uint64_t any_state = 88172645463325252ULL;

static unsigned int
any_number(void)
{
    any_state ^= any_state << 13;
    any_state ^= any_state >> 7;
    any_state ^= any_state << 17;
    return (unsigned int)(any_state >> 16);
}

static void
any_seed(unsigned int seed)
{
    any_state = 88172645463325252ULL + seed * 0x9e3779b97f4a7c15ULL;
}

static unsigned int
any_below(unsigned int limit)
{
    return any_number() % limit;
}

static void
any_bytes(unsigned char *bytes, size_t length)
{
    while(length--)
        *bytes++ = (unsigned char)any_number();
}

/* --- Memory ------------------------------------------------------------ */

/* What libssh2 holds. With fence_blocks each block lies right before a page
   that cannot be touched, and freed ones cannot be touched either: a read or
   write too far ends the test. (Under valgrind and the sanitizers, which do
   this better, it is of no use and slow.) */
static long blocks, blocks_bytes;
static int fence_blocks;

static size_t
fence_size(size_t count)
{
    return (count + sizeof(size_t) + 4095) / 4096 * 4096;
}

static void *
count_alloc(size_t count, void **abstract)
{
    unsigned char *block;

    (void)abstract;
    blocks++;
    blocks_bytes += (long)count;
    if(!fence_blocks) {
        size_t *plain = malloc(count + 2 * sizeof(size_t));

        check(plain);
        plain[0] = count;
        return plain + 2;
    }
    block = mmap(NULL, fence_size(count) + 4096, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(block != MAP_FAILED);
    check(!mprotect(block + fence_size(count), 4096, PROT_NONE));
    *(size_t *)(void *)block = count;
    memset(block + sizeof(size_t), 0xa5, fence_size(count) - sizeof(size_t));
    return block + fence_size(count) - count;
}

static void
count_free(void *block, void **abstract)
{
    (void)abstract;
    if(!block)
        return;
    blocks--;
    if(!fence_blocks) {
        size_t *plain = (size_t *)block - 2;

        blocks_bytes -= (long)plain[0];
        free(plain);
    }
    else {
        unsigned char *start =
            (unsigned char *)(((uintptr_t)block - sizeof(size_t)) &
                              ~(uintptr_t)4095);
        size_t count = *(size_t *)(void *)start;

        /* a block of more than a page begins further back */
        while(start + fence_size(count) - count != (unsigned char *)block) {
            start -= 4096;
            count = *(size_t *)(void *)start;
        }
        blocks_bytes -= (long)count;
        check(!mprotect(start, fence_size(count), PROT_NONE));
    }
}

static void *
count_realloc(void *block, size_t count, void **abstract)
{
    void *other;
    size_t old;

    if(!block)
        return count_alloc(count, abstract);
    check(!fence_blocks);
    old = ((size_t *)block - 2)[0];
    other = count_alloc(count, abstract);
    memcpy(other, block, old < count ? old : count);
    count_free(block, abstract);
    return other;
}

/* --- Buffers ----------------------------------------------------------- */

struct buffer {
    unsigned char *bytes;
    size_t start, end, size;
};

static size_t
held(const struct buffer *b)
{
    return b->end - b->start;
}

static void
put(struct buffer *b, const void *bytes, size_t length)
{
    if(b->start == b->end)
        b->start = b->end = 0;
    if(b->end + length > b->size) {
        b->size = 2 * (b->end + length);
        b->bytes = realloc(b->bytes, b->size);
        check(b->bytes);
    }
    if(length)
        memcpy(b->bytes + b->end, bytes, length);
    b->end += length;
}

static void
put_byte(struct buffer *b, unsigned int value)
{
    unsigned char byte = (unsigned char)value;

    put(b, &byte, 1);
}

static void
put_u32(struct buffer *b, uint32_t value)
{
    unsigned char bytes[4];

    _libssh2_htonu32(bytes, value);
    put(b, bytes, 4);
}

static void
put_string(struct buffer *b, const void *bytes, size_t length)
{
    put_u32(b, (uint32_t)length);
    put(b, bytes, length);
}

static void
put_text(struct buffer *b, const char *text)
{
    put_string(b, text, strlen(text));
}

/* A secret as RFC 4251's mpint. */
static void
put_mpint(struct buffer *b, const unsigned char *bytes, size_t length)
{
    while(length && !*bytes) {
        bytes++;
        length--;
    }
    put_u32(b, (uint32_t)(length + (length && (*bytes & 0x80))));
    if(length && (*bytes & 0x80))
        put_byte(b, 0);
    put(b, bytes, length);
}

static void
drop(struct buffer *b)
{
    free(b->bytes);
    memset(b, 0, sizeof(*b));
}

/* --- Ciphers and MACs, as the server has them --------------------------- */

enum cipher_kind { CTR, CBC, GCM, CHACHA };

static const struct cipher {
    const char *name;
    enum cipher_kind kind;
    const char *evp;
    unsigned int block, key, iv;
} ciphers[] = {
    { "chacha20-poly1305@openssh.com", CHACHA, "ChaCha20", 8, 64, 0 },
    { "aes256-gcm@openssh.com", GCM, "AES-256-GCM", 16, 32, 12 },
    { "aes128-gcm@openssh.com", GCM, "AES-128-GCM", 16, 16, 12 },
    { "aes256-ctr", CTR, "AES-256-CTR", 16, 32, 16 },
    { "aes192-ctr", CTR, "AES-192-CTR", 16, 24, 16 },
    { "aes128-ctr", CTR, "AES-128-CTR", 16, 16, 16 },
    { "aes256-cbc", CBC, "AES-256-CBC", 16, 32, 16 },
    { "rijndael-cbc@lysator.liu.se", CBC, "AES-256-CBC", 16, 32, 16 },
    { "aes192-cbc", CBC, "AES-192-CBC", 16, 24, 16 },
    { "aes128-cbc", CBC, "AES-128-CBC", 16, 16, 16 },
    { "3des-cbc", CBC, "DES-EDE3-CBC", 8, 24, 8 }
};
#define CIPHERS (sizeof(ciphers) / sizeof(*ciphers))

static const struct mac {
    const char *name, *digest;
    unsigned int key, length;
    int etm;
} macs[] = {
    { "hmac-sha2-256", "SHA256", 32, 32, 0 },
    { "hmac-sha2-256-etm@openssh.com", "SHA256", 32, 32, 1 },
    { "hmac-sha2-512", "SHA512", 64, 64, 0 },
    { "hmac-sha2-512-etm@openssh.com", "SHA512", 64, 64, 1 },
    { "hmac-sha1", "SHA1", 20, 20, 0 },
    { "hmac-sha1-etm@openssh.com", "SHA1", 20, 20, 1 },
    { "hmac-sha1-96", "SHA1", 20, 12, 0 },
    { "hmac-md5", "MD5", 16, 16, 0 },
    { "hmac-md5-96", "MD5", 16, 12, 0 },
    { "hmac-ripemd160", "RIPEMD160", 20, 20, 0 },
    { "hmac-ripemd160@openssh.com", "RIPEMD160", 20, 20, 0 }
};
#define MACS (sizeof(macs) / sizeof(*macs))

static const struct cipher *
cipher_named(const char *name)
{
    size_t i;

    for(i = 0; i < CIPHERS; i++)
        if(!strcmp(ciphers[i].name, name))
            return &ciphers[i];
    fail("no cipher %s", name);
}

static const struct mac *
mac_named(const char *name)
{
    size_t i;

    for(i = 0; i < MACS; i++)
        if(!strcmp(macs[i].name, name))
            return &macs[i];
    fail("no MAC %s", name);
}

/* An AEAD cipher has no MAC beside it. */
static int
is_aead(const struct cipher *cipher)
{
    return cipher->kind == GCM || cipher->kind == CHACHA;
}

/* One direction of the connection. */
struct direction {
    const struct cipher *cipher;        /* NULL: plain */
    const struct mac *mac;
    EVP_CIPHER_CTX *evp, *header;
    unsigned char iv[16];               /* GCM */
    unsigned char mac_key[64];
    uint32_t sequence;
    int encrypt;
};

static EVP_CIPHER_CTX *
cipher_start(const char *name, const unsigned char *key,
             const unsigned char *iv, int encrypt)
{
    EVP_CIPHER *evp = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    check(evp && ctx && EVP_CipherInit_ex2(ctx, evp, key, iv, encrypt, NULL));
    EVP_CIPHER_CTX_set_padding(ctx, 0);
    EVP_CIPHER_free(evp);
    return ctx;
}

static void
direction_plain(struct direction *d)
{
    EVP_CIPHER_CTX_free(d->evp);
    EVP_CIPHER_CTX_free(d->header);
    d->evp = d->header = NULL;
    d->cipher = NULL;
    d->mac = NULL;
}

static void
direction_start(struct direction *d, const struct cipher *cipher,
                const struct mac *mac, const unsigned char *key,
                const unsigned char *iv, const unsigned char *mac_key)
{
    direction_plain(d);
    d->cipher = cipher;
    d->mac = is_aead(cipher) ? NULL : mac;
    if(cipher->kind == CHACHA) {
        d->evp = cipher_start(cipher->evp, key, NULL, 1);
        d->header = cipher_start(cipher->evp, key + 32, NULL, 1);
    }
    else
        d->evp = cipher_start(cipher->evp, key,
                              cipher->kind == GCM ? NULL : iv, d->encrypt);
    memcpy(d->iv, iv, cipher->kind == GCM ? 12 : 0);
    if(d->mac)
        memcpy(d->mac_key, mac_key, d->mac->key);
}

static void
cipher_update(EVP_CIPHER_CTX *ctx, unsigned char *bytes, size_t length)
{
    int done = 0;

    if(length)
        check(EVP_CipherUpdate(ctx, bytes, &done, bytes, (int)length));
    check_int(done, length);
}

static void
chacha_seek(EVP_CIPHER_CTX *ctx, uint32_t sequence, int block)
{
    unsigned char iv[16] = { 0 };

    iv[0] = (unsigned char)block;
    _libssh2_htonu32(iv + 12, sequence);
    check(EVP_CipherInit_ex2(ctx, NULL, NULL, iv, 1, NULL));
}

static void
poly1305(const struct direction *d, const unsigned char *bytes,
         size_t length, unsigned char tag[16])
{
    unsigned char key[32] = { 0 };
    size_t tag_length;
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "POLY1305", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);

    chacha_seek(d->evp, d->sequence, 0);
    cipher_update(d->evp, key, 32);
    check(EVP_MAC_init(ctx, key, 32, NULL) &&
          EVP_MAC_update(ctx, bytes, length) &&
          EVP_MAC_final(ctx, tag, &tag_length, 16) && tag_length == 16);
    EVP_MAC_CTX_free(ctx);
    EVP_MAC_free(mac);
}

static void
hmac(const struct direction *d, const unsigned char *bytes, size_t length,
     unsigned char *tag)
{
    unsigned char full[64];
    struct buffer b = { 0 };

    put_u32(&b, d->sequence);
    put(&b, bytes, length);
    check(EVP_Q_mac(NULL, "HMAC", NULL, d->mac->digest, NULL, d->mac_key,
                    d->mac->key, b.bytes, b.end, full, sizeof(full), NULL));
    memcpy(tag, full, d->mac->length);
    drop(&b);
}

static void
gcm_next(struct direction *d)
{
    int i;

    for(i = 11; i >= 4 && !++d->iv[i]; i--)
        ;
}

static unsigned int
tag_length(const struct direction *d)
{
    return !d->cipher ? 0 : is_aead(d->cipher) ? 16 : d->mac->length;
}

/* Whether the length field is outside what the cipher's blocks hold. */
static int
length_outside(const struct direction *d)
{
    return d->cipher && (is_aead(d->cipher) || d->mac->etm);
}

/* Encrypts a packet (length field and all) in place and appends the tag. */
static void
seal(struct direction *d, unsigned char *packet, size_t length)
{
    unsigned char *tag = packet + length;
    int done;

    if(!d->cipher)
        ;
    else if(d->cipher->kind == CHACHA) {
        chacha_seek(d->header, d->sequence, 0);
        cipher_update(d->header, packet, 4);
        chacha_seek(d->evp, d->sequence, 1);
        cipher_update(d->evp, packet + 4, length - 4);
        poly1305(d, packet, length, tag);
    }
    else if(d->cipher->kind == GCM) {
        check(EVP_CipherInit_ex2(d->evp, NULL, NULL, d->iv, 1, NULL) &&
              EVP_CipherUpdate(d->evp, NULL, &done, packet, 4));
        cipher_update(d->evp, packet + 4, length - 4);
        check(EVP_CipherFinal_ex(d->evp, tag, &done) &&
              EVP_CIPHER_CTX_ctrl(d->evp, EVP_CTRL_GCM_GET_TAG, 16, tag));
        gcm_next(d);
    }
    else if(d->mac->etm) {
        cipher_update(d->evp, packet + 4, length - 4);
        hmac(d, packet, length, tag);
    }
    else {
        hmac(d, packet, length, tag);
        cipher_update(d->evp, packet, length);
    }
    d->sequence++;
}

/* Takes a whole packet out of the buffer, checked and decrypted. 0 when it is
   not complete. */
static int
unseal(struct direction *d, struct buffer *from, struct buffer *payload)
{
    unsigned char length_bytes[4], tag[64];
    unsigned char *packet = from->bytes + from->start;
    unsigned int block = d->cipher ? d->cipher->block : 8;
    size_t length, at = length_outside(d) ? 4 : 0;
    int done;

    if(held(from) < (d->cipher && !at ? block : 4))
        return 0;
    memcpy(length_bytes, packet, 4);
    if(d->cipher && d->cipher->kind == CHACHA) {
        chacha_seek(d->header, d->sequence, 0);
        cipher_update(d->header, length_bytes, 4);
    }
    else if(d->cipher && !at) {
        /* try the first block on a copy of the context */
        unsigned char first[16];
        EVP_CIPHER_CTX *copy = EVP_CIPHER_CTX_new();

        memcpy(first, packet, block);
        check(EVP_CIPHER_CTX_copy(copy, d->evp));
        cipher_update(copy, first, block);
        EVP_CIPHER_CTX_free(copy);
        memcpy(length_bytes, first, 4);
    }
    length = 4 + (size_t)_libssh2_ntohu32(length_bytes);
    check(length <= 40000 && (length - at) % block == 0);
    if(held(from) < length + tag_length(d))
        return 0;

    if(!d->cipher)
        ;
    else if(d->cipher->kind == CHACHA) {
        poly1305(d, packet, length, tag);
        check(!memcmp(tag, packet + length, 16));
        chacha_seek(d->evp, d->sequence, 1);
        cipher_update(d->evp, packet + 4, length - 4);
    }
    else if(d->cipher->kind == GCM) {
        check(EVP_CipherInit_ex2(d->evp, NULL, NULL, d->iv, 0, NULL) &&
              EVP_CipherUpdate(d->evp, NULL, &done, packet, 4));
        cipher_update(d->evp, packet + 4, length - 4);
        check(EVP_CIPHER_CTX_ctrl(d->evp, EVP_CTRL_GCM_SET_TAG, 16,
                                  packet + length) &&
              EVP_CipherFinal_ex(d->evp, tag, &done));
        gcm_next(d);
    }
    else {
        if(!d->mac->etm)
            cipher_update(d->evp, packet, length);
        hmac(d, packet, length, tag);
        check(!memcmp(tag, packet + length, d->mac->length));
        if(d->mac->etm)
            cipher_update(d->evp, packet + 4, length - 4);
    }
    check(packet[4] >= 4 && packet[4] + 1u + 4u < length);
    payload->start = payload->end = 0;
    put(payload, packet + 5, length - 5 - packet[4]);
    from->start += length + tag_length(d);
    d->sequence++;
    return 1;
}

/* --- The server -------------------------------------------------------- */

/* The lists of a KEXINIT. NULL: what its client is known to have. */
struct offer {
    const char *kex, *hostkey, *cipher_cs, *cipher_sc, *mac_cs, *mac_sc;
};

struct server {
    LIBSSH2_SESSION *client;
    struct buffer to_client, from_client;
    size_t recv_limit;          /* most that one RECV gets; 0: all there is */
    size_t send_limit;          /* most that one SEND takes; 0: everything */
    size_t send_room;           /* with send_limit, what is left for now */
    long client_sends;

    struct direction out, in;
    char *client_banner;
    struct buffer client_kexinit, kexinit, payload;
    struct offer offer;
    EVP_PKEY *hostkey;
    unsigned char session_id[32], hash[32];
    int has_session_id, banner_done, in_kex, strict;
    long kex_count;
    struct buffer next_keys;            /* the secret, for after NEWKEYS */
    int quiet;                          /* answer nothing but key exchanges */

    /* A test's own look at what came: return 1 when it is dealt with. */
    int (*handle)(struct server *server, const unsigned char *payload,
                  size_t length);
    void *context;
};

static LIBSSH2_SEND_FUNC(server_takes)
{
    struct server *server = *abstract;

    (void)socket;
    (void)flags;
    server->client_sends++;
    if(server->send_limit) {
        if(!server->send_room)
            return -EAGAIN;
        if(length > server->send_room)
            length = server->send_room;
        server->send_room -= length;
    }
    put(&server->from_client, buffer, length);
    return (ssize_t)length;
}

static LIBSSH2_RECV_FUNC(server_gives)
{
    struct server *server = *abstract;
    size_t most = server->recv_limit ? 1 + any_below(server->recv_limit) : 0;

    (void)socket;
    (void)flags;
    if(most && length > most)
        length = most;
    if(length > held(&server->to_client))
        length = held(&server->to_client);
    if(!length)
        return -EAGAIN;
    memcpy(buffer, server->to_client.bytes + server->to_client.start, length);
    server->to_client.start += length;
    return (ssize_t)length;
}

static const struct offer offer_of_all = {
    "curve25519-sha256,ecdh-sha2-nistp256", "ssh-ed25519",
    "aes256-ctr,chacha20-poly1305@openssh.com,aes256-gcm@openssh.com,"
    "aes128-gcm@openssh.com,aes192-ctr,aes128-ctr,aes256-cbc,"
    "rijndael-cbc@lysator.liu.se,aes192-cbc,aes128-cbc,3des-cbc", NULL,
    "hmac-sha2-256,hmac-sha2-256-etm@openssh.com,hmac-sha2-512,"
    "hmac-sha2-512-etm@openssh.com,hmac-sha1,hmac-sha1-etm@openssh.com,"
    "hmac-sha1-96,hmac-md5,hmac-md5-96,hmac-ripemd160,"
    "hmac-ripemd160@openssh.com", NULL
};

static void
server_make(struct server *server)
{
    memset(server, 0, sizeof(*server));
    server->out.encrypt = 1;
    server->offer = offer_of_all;
    server->hostkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    check(server->hostkey);
    put(&server->to_client, "SSH-2.0-scripted\r\n", 18);
    server->client = libssh2_session_init_ex(count_alloc, count_free,
                                             count_realloc, server);
    check(server->client);
    libssh2_session_set_blocking(server->client, 0);
    libssh2_session_callback_set2(server->client, LIBSSH2_CALLBACK_SEND,
                                  (libssh2_cb_generic *)server_takes);
    libssh2_session_callback_set2(server->client, LIBSSH2_CALLBACK_RECV,
                                  (libssh2_cb_generic *)server_gives);
}

/* Ends both. */
static void
server_end(struct server *server)
{
    server->client->socket_state = LIBSSH2_SOCKET_DISCONNECTED;
    server->send_limit = 0;
    /* libssh2_session_free() does not end while a packet is sent in part */
    server->client->packet.olen = 0;
    check_int(libssh2_session_free(server->client), 0);
    direction_plain(&server->out);
    direction_plain(&server->in);
    EVP_PKEY_free(server->hostkey);
    drop(&server->to_client);
    drop(&server->from_client);
    drop(&server->client_kexinit);
    drop(&server->kexinit);
    drop(&server->payload);
    drop(&server->next_keys);
    free(server->client_banner);
}

/* Ends both; the client must have given all its memory back. */
static void
server_end_clean(struct server *server)
{
    server_end(server);
    check_int(blocks, 0);
}

/* The least padding that a payload needs. */
static unsigned int
padding_for(const struct direction *d, size_t length)
{
    unsigned int block = d->cipher ? d->cipher->block : 8;
    unsigned int padding =
        block - (unsigned int)((length + 1 + (length_outside(d) ? 0 : 4)) %
                               block);

    return padding < 4 ? padding + block : padding;
}

/* Sends a packet just as the test says: "length" and "padding" are what its
   fields claim, "bytes" is what follows the padding's length. */
static void
server_send_raw(struct server *server, uint32_t length, unsigned int padding,
                const unsigned char *bytes, size_t count)
{
    struct buffer packet = { 0 };

    put_u32(&packet, length);
    put_byte(&packet, padding);
    put(&packet, bytes, count);
    put(&packet, "0123456789012345678901234567890123456789012345678901234567"
        "890123", 64); /* room for the tag */
    packet.end -= 64;
    seal(&server->out, packet.bytes, packet.end);
    packet.end += tag_length(&server->out);
    put(&server->to_client, packet.bytes, packet.end);
    drop(&packet);
}

/* With "more" blocks of padding than needed. */
static void
server_send_padded(struct server *server, const void *payload, size_t length,
                   unsigned int more)
{
    unsigned int block = server->out.cipher ? server->out.cipher->block : 8;
    unsigned int padding = padding_for(&server->out, length) + more * block;
    struct buffer b = { 0 };
    unsigned char random[256];

    check(padding <= 255);
    any_bytes(random, padding);
    put(&b, payload, length);
    put(&b, random, padding);
    server_send_raw(server, (uint32_t)(1 + length + padding), padding,
                    b.bytes, b.end);
    drop(&b);
}

static void
server_send(struct server *server, const void *payload, size_t length)
{
    server_send_padded(server, payload, length, 0);
}

static void
server_send_buffer(struct server *server, struct buffer *b)
{
    server_send(server, b->bytes, b->end);
    drop(b);
}

/* One message of a type and 32-bit words. */
#define server_send_words(server, type, ...) \
    do { \
        static const uint32_t words_[] = { __VA_ARGS__ }; \
        struct buffer b_ = { 0 }; \
        size_t i_; \
        put_byte(&b_, type); \
        for(i_ = 0; i_ < sizeof(words_) / sizeof(*words_); i_++) \
            put_u32(&b_, words_[i_]); \
        server_send_buffer(server, &b_); \
    } while(0)

static void
server_send_kexinit(struct server *server)
{
    const struct offer *o = &server->offer;
    struct buffer *b = &server->kexinit;
    unsigned char cookie[16];
    const char *strict = "kex-strict-s-v00@openssh.com";
    char kex[512];

    b->start = b->end = 0;
    any_bytes(cookie, 16);
    put_byte(b, SSH_MSG_KEXINIT);
    put(b, cookie, 16);
    snprintf(kex, sizeof(kex), "%s%s%s", o->kex, server->strict ? "," : "",
             server->strict ? strict : "");
    put_text(b, kex);
    put_text(b, o->hostkey);
    put_text(b, o->cipher_cs);
    put_text(b, o->cipher_sc ? o->cipher_sc : o->cipher_cs);
    put_text(b, o->mac_cs);
    put_text(b, o->mac_sc ? o->mac_sc : o->mac_cs);
    put_text(b, "none");
    put_text(b, "none");
    put_u32(b, 0);
    put_u32(b, 0);
    put_byte(b, 0);
    put_u32(b, 0);
    server->in_kex = 1;
    server_send(server, b->bytes, b->end);
}

/* The nth list of a KEXINIT, with an end. */
static char *
kexinit_list(const struct buffer *kexinit, int n)
{
    unsigned char *at = kexinit->bytes + 17;
    char *list;

    for(; n; n--)
        at += 4 + _libssh2_ntohu32(at);
    list = malloc(_libssh2_ntohu32(at) + 1);
    check(list);
    memcpy(list, at + 4, _libssh2_ntohu32(at));
    list[_libssh2_ntohu32(at)] = 0;
    return list;
}

/* The client's first that is also the server's; NULL if there is none. */
static char *
agreed(const struct server *server, int n)
{
    char *ours = kexinit_list(&server->kexinit, n);
    char *theirs = kexinit_list(&server->client_kexinit, n);
    char *rest = NULL, *name, *found = NULL;

    for(name = strtok_r(theirs, ",", &rest); name && !found;
        name = strtok_r(NULL, ",", &rest)) {
        const char *at = ours;
        size_t length = strlen(name);

        if(!strcmp(name, "ext-info-c") || !strncmp(name, "kex-strict", 10))
            continue;
        while(at && !found) {
            if(!strncmp(at, name, length) &&
               (!at[length] || at[length] == ','))
                found = strdup(name);
            at = strchr(at, ',');
            if(at)
                at++;
        }
    }
    free(ours);
    free(theirs);
    return found;
}

static void
derive(const struct server *server, char letter, unsigned char *key,
       size_t length)
{
    unsigned char digest[32];
    struct buffer out = { 0 };

    while(out.end < length) {
        struct buffer b = { 0 };

        put(&b, server->next_keys.bytes, server->next_keys.end);
        put(&b, server->hash, 32);
        if(!out.end) {
            put_byte(&b, (unsigned char)letter);
            put(&b, server->session_id, 32);
        }
        else
            put(&b, out.bytes, out.end);
        check(EVP_Q_digest(NULL, "SHA256", NULL, b.bytes, b.end, digest,
                           NULL));
        put(&out, digest, 32);
        drop(&b);
    }
    memcpy(key, out.bytes, length);
    drop(&out);
}

/* Our NEWKEYS is out, or theirs has come. */
static void
server_new_keys(struct server *server, struct direction *d)
{
    int theirs = d == &server->in;
    char *cipher = agreed(server, theirs ? 2 : 3);
    char *mac = agreed(server, theirs ? 4 : 5);
    unsigned char key[64], iv[64], mac_key[64];

    derive(server, theirs ? 'A' : 'B', iv, sizeof(iv));
    derive(server, theirs ? 'C' : 'D', key, sizeof(key));
    derive(server, theirs ? 'E' : 'F', mac_key, sizeof(mac_key));
    direction_start(d, cipher_named(cipher), mac_named(mac), key, iv, mac_key);
    if(server->strict)
        d->sequence = 0;
    free(cipher);
    free(mac);
}

/* Answers the client's key with ours, signed, and with NEWKEYS behind. The two
   keys and the secret are as on the wire, without their length; "middle" is
   what a method hashes before the keys. */
static void
server_reply(struct server *server, unsigned char type,
             const struct buffer *middle, const unsigned char *q_c,
             size_t q_c_length, const unsigned char *q_s, size_t q_s_length,
             const unsigned char *secret, size_t secret_length)
{
    unsigned char raw[32], signature[64];
    size_t raw_length = sizeof(raw), signature_length = sizeof(signature);
    struct buffer key = { 0 }, sig = { 0 }, hashed = { 0 }, reply = { 0 };
    EVP_MD_CTX *sign = EVP_MD_CTX_new();
    static const unsigned char newkeys = SSH_MSG_NEWKEYS;

    server->next_keys.start = server->next_keys.end = 0;
    put_mpint(&server->next_keys, secret, secret_length);

    check(EVP_PKEY_get_raw_public_key(server->hostkey, raw, &raw_length));
    put_text(&key, "ssh-ed25519");
    put_string(&key, raw, raw_length);

    put_text(&hashed, server->client_banner);
    put_text(&hashed, "SSH-2.0-scripted");
    put_string(&hashed, server->client_kexinit.bytes,
               server->client_kexinit.end);
    put_string(&hashed, server->kexinit.bytes, server->kexinit.end);
    put_string(&hashed, key.bytes, key.end);
    if(middle)
        put(&hashed, middle->bytes, middle->end);
    put_string(&hashed, q_c, q_c_length);
    put_string(&hashed, q_s, q_s_length);
    put(&hashed, server->next_keys.bytes, server->next_keys.end);
    check(EVP_Q_digest(NULL, "SHA256", NULL, hashed.bytes, hashed.end,
                       server->hash, NULL));
    if(!server->has_session_id)
        memcpy(server->session_id, server->hash, 32);
    server->has_session_id = 1;
    check(EVP_DigestSignInit(sign, NULL, NULL, NULL, server->hostkey) &&
          EVP_DigestSign(sign, signature, &signature_length, server->hash,
                         32));
    put_text(&sig, "ssh-ed25519");
    put_string(&sig, signature, signature_length);

    put_byte(&reply, type);
    put_string(&reply, key.bytes, key.end);
    put_string(&reply, q_s, q_s_length);
    put_string(&reply, sig.bytes, sig.end);
    server_send_buffer(server, &reply);
    server_send(server, &newkeys, 1);
    server_new_keys(server, &server->out);

    EVP_MD_CTX_free(sign);
    drop(&key);
    drop(&sig);
    drop(&hashed);
}

/* The client's key has come, for Curve25519 or P-256. */
static void
server_key_exchange(struct server *server, const unsigned char *q_c,
                    size_t q_c_length)
{
    char *kex = agreed(server, 0);
    EVP_PKEY *ours, *theirs = NULL;
    EVP_PKEY_CTX *ctx;
    unsigned char q_s[133], secret[66];
    size_t q_s_length = sizeof(q_s), secret_length = sizeof(secret);
    static char group[] = "P-256";

    if(!strncmp(kex, "curve25519", 10)) {
        ours = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
        theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, q_c,
                                             q_c_length);
        check(EVP_PKEY_get_raw_public_key(ours, q_s, &q_s_length));
    }
    else {
        OSSL_PARAM params[3];
        EVP_PKEY_CTX *make = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);

        ours = EVP_PKEY_Q_keygen(NULL, NULL, "EC", group);
        params[0] = OSSL_PARAM_construct_utf8_string(
            OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
        params[1] = OSSL_PARAM_construct_octet_string(
            OSSL_PKEY_PARAM_PUB_KEY, (void *)q_c, q_c_length);
        params[2] = OSSL_PARAM_construct_end();
        check(EVP_PKEY_fromdata_init(make) > 0 &&
              EVP_PKEY_fromdata(make, &theirs, EVP_PKEY_PUBLIC_KEY,
                                params) > 0);
        EVP_PKEY_CTX_free(make);
        check(EVP_PKEY_get_octet_string_param(ours, OSSL_PKEY_PARAM_PUB_KEY,
                                              q_s, sizeof(q_s), &q_s_length));
    }
    check(ours && theirs);
    ctx = EVP_PKEY_CTX_new(ours, NULL);
    check(EVP_PKEY_derive_init(ctx) > 0 &&
          EVP_PKEY_derive_set_peer(ctx, theirs) > 0 &&
          EVP_PKEY_derive(ctx, secret, &secret_length) > 0);
    server_reply(server, SSH2_MSG_KEX_ECDH_REPLY, NULL, q_c, q_c_length, q_s,
                 q_s_length, secret, secret_length);
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(ours);
    EVP_PKEY_free(theirs);
    free(kex);
}

static void
server_handle(struct server *server, const unsigned char *p, size_t length)
{
    struct buffer b = { 0 };

    if(server->handle && server->handle(server, p, length))
        return;
    switch(p[0]) {
    case SSH_MSG_KEXINIT:
        server->client_kexinit.start = server->client_kexinit.end = 0;
        put(&server->client_kexinit, p, length);
        if(!server->in_kex)
            server_send_kexinit(server);
        break;
    case SSH2_MSG_KEX_ECDH_INIT:
        server_key_exchange(server, p + 5, _libssh2_ntohu32(p + 1));
        break;
    case SSH_MSG_NEWKEYS:
        server_new_keys(server, &server->in);
        server->in_kex = 0;
        server->kex_count++;
        break;
    case SSH_MSG_SERVICE_REQUEST:
        if(!server->quiet) {
            put_byte(&b, SSH_MSG_SERVICE_ACCEPT);
            put_text(&b, "ssh-userauth");
            server_send_buffer(server, &b);
        }
        break;
    case SSH_MSG_USERAUTH_REQUEST:
        if(!server->quiet) {
            put_byte(&b, SSH_MSG_USERAUTH_SUCCESS);
            server_send_buffer(server, &b);
        }
        break;
    case SSH_MSG_CHANNEL_OPEN:
        if(!server->quiet) {
            const unsigned char *id = p + 5 + _libssh2_ntohu32(p + 1);

            /* our number is theirs and 1000 */
            put_byte(&b, SSH_MSG_CHANNEL_OPEN_CONFIRMATION);
            put(&b, id, 4);
            put_u32(&b, _libssh2_ntohu32(id) + 1000);
            put_u32(&b, 0x7fffffff);
            put_u32(&b, 32768);
            server_send_buffer(server, &b);
        }
        break;
    default:
        break;
    }
}

/* Takes in all that the client has sent. */
static void
server_run(struct server *server)
{
    server->send_room = server->send_limit ? 1 +
        any_below((unsigned int)server->send_limit) : 0;
    while(!server->banner_done && held(&server->from_client)) {
        struct buffer *b = &server->from_client;
        unsigned char *end = memchr(b->bytes + b->start, '\n', held(b));

        if(!end)
            return;
        server->client_banner =
            strndup((char *)b->bytes + b->start,
                    (size_t)(end - b->bytes) - b->start - 1);
        b->start = (size_t)(end - b->bytes) + 1;
        server->banner_done = 1;
    }
    while(held(&server->from_client) &&
          unseal(&server->in, &server->from_client, &server->payload))
        server_handle(server, server->payload.bytes, server->payload.end);
}

/* Repeats a call of the client, and lets the server answer, until the call no
   longer says EAGAIN. Fails when that does not come to an end. */
#define until_done(server, result, call) \
    do { \
        long rounds_ = 0; \
        while((result = (call)) == LIBSSH2_ERROR_EAGAIN) { \
            server_run(server); \
            if(++rounds_ > 200000) \
                fail("%s comes to no end", #call); \
        } \
        server_run(server); \
    } while(0)

static void
server_handshake(struct server *server)
{
    int rc;

    until_done(server, rc, libssh2_session_handshake(server->client, -2));
    if(rc) {
        char *text;

        libssh2_session_last_error(server->client, &text, NULL, 0);
        fail("the handshake failed: %d %s", rc, text);
    }
}

static void
server_login(struct server *server)
{
    int rc;

    server_handshake(server);
    until_done(server, rc, libssh2_userauth_password(server->client, "me",
                                                     "secret"));
    check_int(rc, 0);
}

static LIBSSH2_CHANNEL *
server_open(struct server *server)
{
    LIBSSH2_CHANNEL *channel;
    long rounds = 0;

    while(!(channel = libssh2_channel_open_session(server->client))) {
        check_int(libssh2_session_last_errno(server->client),
                  LIBSSH2_ERROR_EAGAIN);
        server_run(server);
        check(++rounds < 200000);
    }
    return channel;
}

/* Lets the client take in all that was sent to it; the error if it has one. */
static int
client_reads(struct server *server)
{
    int rc, rounds = 0;

    do {
        rc = _libssh2_transport_read(server->client);
        if(rc == LIBSSH2_ERROR_EAGAIN && held(&server->to_client)) {
            server_run(server);
            rc = 0;
        }
        check(++rounds < 200000);
    } while(rc >= 0);
    return rc == LIBSSH2_ERROR_EAGAIN ? 0 : rc;
}

/* A key exchange that the server begins. The client's error if it fails. */
static int
server_rekey(struct server *server)
{
    long before = server->kex_count;
    int rc, rounds = 0;

    server_send_kexinit(server);
    do {
        rc = client_reads(server);
        server_run(server);
        check(++rounds < 20000);
    } while(!rc && server->kex_count == before);
    return rc ? rc : client_reads(server);
}

/* The client is to use this cipher and MAC only, in both directions. */
static void
client_prefers(struct server *server, const char *cipher, const char *mac)
{
    check_int(libssh2_session_method_pref(server->client,
                                          LIBSSH2_METHOD_CRYPT_CS, cipher), 0);
    check_int(libssh2_session_method_pref(server->client,
                                          LIBSSH2_METHOD_CRYPT_SC, cipher), 0);
    check_int(libssh2_session_method_pref(server->client,
                                          LIBSSH2_METHOD_MAC_CS, mac), 0);
    check_int(libssh2_session_method_pref(server->client,
                                          LIBSSH2_METHOD_MAC_SC, mac), 0);
}

#endif
