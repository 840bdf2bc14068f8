/* stock: fails
 *
 * A first KEXINIT, before anything is checked, whose list of key exchanges has
 * the names that only announce extensions.
 */
#include "server.h"

static int
handshake(const char *offered, const char *preferred)
{
    struct server server;
    int rc;

    server_make(&server);
    server.offer.kex = offered;
    if(preferred)
        check_int(libssh2_session_method_pref(server.client,
                                              LIBSSH2_METHOD_KEX, preferred),
                  0);
    until_done(&server, rc, libssh2_session_handshake(server.client, -2));
    server_end_clean(&server);
    return rc;
}

int
main(void)
{
    static const char *const preferred[] = {
        NULL, "curve25519-sha256,ecdh-sha2-nistp256"
    };
    int i;

    check_int(libssh2_init(0), 0);
    for(i = 0; i < 2; i++) {
        const char *p = preferred[i];

        check(handshake("ext-info-c", p) < 0);
        check(handshake("kex-strict-c-v00@openssh.com", p) < 0);
        check(handshake("ext-info-c,kex-strict-c-v00@openssh.com", p) < 0);
        check(handshake("none,ext-info-c", p) < 0);
        check(handshake("", p) < 0);
        check_int(handshake("ext-info-c,curve25519-sha256", p), 0);
        check_int(handshake("ecdh-sha2-nistp256,ext-info-c", p), 0);
    }
    libssh2_exit();
    return 0;
}
