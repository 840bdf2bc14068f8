/* stock: fails
 *
 * Packets with every other kind of wrong length, with every kind of cipher:
 * none is handed on.
 */
#include "server.h"

static void
refused(const struct cipher *cipher, const struct mac *mac, uint32_t length,
        unsigned int padding, size_t count)
{
    static unsigned char bytes[42000];
    struct server server;
    unsigned int block = cipher->block;
    int rc;

    bytes[0] = SSH_MSG_CHANNEL_SUCCESS;
    server_make(&server);
    client_prefers(&server, cipher->name, mac->name);
    server_login(&server);
    check(server.out.cipher == cipher);
    /* what is encrypted must be whole blocks, whatever the fields say */
    while(!is_aead(cipher) &&
          (1 + count + (length_outside(&server.out) ? 0 : 4)) % block)
        count++;
    server_send_raw(&server, length, padding, bytes, count);
    put(&server.to_client, bytes, 200);
    rc = client_reads(&server);
    if(rc >= 0)
        fail("%s %s: length %u padding %u: %d", cipher->name, mac->name,
             (unsigned int)length, padding, rc);
    check(!_libssh2_list_first(&server.client->packets));
    server_end_clean(&server);
}

int
main(void)
{
    size_t c, m;

    check_int(libssh2_init(0), 0);
    for(c = 0; c < CIPHERS; c++)
        for(m = 0; m < 2; m++) {
            const struct cipher *cipher = &ciphers[c];
            const struct mac *mac = &macs[m];
            int etm = is_aead(cipher) || mac->etm;
            /* the length of a packet of two blocks */
            uint32_t two = 2 * cipher->block - (etm ? 0 : 4);
            uint32_t off;

            if(is_aead(cipher) ? m > 0 :
               getenv("CHECK_IS_SLOW") && c != 3 + m)
                continue;
            /* not of whole blocks */
            for(off = 1; off < cipher->block; off += 3)
                refused(cipher, mac, two + off, 4, two + off - 1);
            /* nothing but padding, or still more of it */
            refused(cipher, mac, two, two - 1, two - 1);
            refused(cipher, mac, two, two, two - 1);
            refused(cipher, mac, two, 255, two - 1);
            /* far too short and far too long */
            refused(cipher, mac, 0, 0, two - 1);
            refused(cipher, mac, 1, 0, two - 1);
            refused(cipher, mac, 40016 - (etm ? 0 : 4), 4,
                    40016 - (etm ? 0 : 4) - 1);
            refused(cipher, mac, 0x7ffffff0 - (etm ? 0 : 4), 4, two - 1);
            refused(cipher, mac, 0xfffffff0 - (etm ? 0 : 4), 4, two - 1);
        }
    libssh2_exit();
    return 0;
}
