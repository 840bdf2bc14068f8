/* stock: fails
 *
 * The same names in the KEXINIT of a later key exchange.
 */
#include "server.h"

static void
rekey(const char *offered)
{
    struct server server;
    int rc;

    server_make(&server);
    server_login(&server);
    server.offer.kex = offered;
    server_send_kexinit(&server);
    rc = client_reads(&server);
    check(rc < 0);
    server_end_clean(&server);
}

int
main(void)
{
    check_int(libssh2_init(0), 0);
    rekey("ext-info-c");
    rekey("kex-strict-c-v00@openssh.com");
    libssh2_exit();
    return 0;
}
