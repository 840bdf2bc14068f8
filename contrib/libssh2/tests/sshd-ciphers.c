/* stock: passes
 *
 * A real sshd with every cipher and MAC that both have, renegotiating the keys
 * each MiB: writes of 1 to 80 bytes and around 32 KiB come back from an echo
 * server, the same by hash, with a SEND that takes all and one that does not.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "server.h"
#include "sshd-port.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define SSHD "/usr/sbin/sshd"

static char folder[] = "/tmp/libssh2-check-XXXXXX";
static pid_t children[2];
static int child_count;

static void
clean_up(void)
{
    static const char *const files[] = {
        "host", "host.pub", "user", "user.pub", "config", "log"
    };
    size_t f;

    while(child_count) {
        kill(children[--child_count], SIGTERM);
        waitpid(children[child_count], NULL, 0);
    }
    for(f = 0; f < sizeof(files) / sizeof(*files); f++) {
        char path[128];

        snprintf(path, sizeof(path), "%s/%s", folder, files[f]);
        unlink(path);
    }
    rmdir(folder);
}

/* A child that ends with us; 0 in the child. */
static int
child(void)
{
    pid_t parent = getpid(), pid = fork();

    check(pid >= 0);
    if(pid) {
        children[child_count++] = pid;
        return 1;
    }
    child_count = 0;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if(getppid() != parent)
        _exit(1);
    return 0;
}

static int
listening(int *port)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    socklen_t length = sizeof(a);
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(s >= 0 && !bind(s, (struct sockaddr *)&a, sizeof(a)) &&
          !listen(s, 16) && !getsockname(s, (struct sockaddr *)&a, &length));
    *port = ntohs(a.sin_port);
    return s;
}

static int
connected(int port)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    int one = 1, s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons((unsigned short)port);
    if(connect(s, (struct sockaddr *)&a, sizeof(a))) {
        close(s);
        return -1;
    }
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return s;
}

static void
echo(int listener)
{
    static char bytes[65536];

    signal(SIGCHLD, SIG_IGN);
    for(;;) {
        int s = accept(listener, NULL, NULL);
        ssize_t n;

        if(s < 0 || fork()) {
            close(s);
            continue;
        }
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        while((n = read(s, bytes, sizeof(bytes))) > 0)
            if(write(s, bytes, (size_t)n) != n)
                break;
        _exit(0);
    }
}

static int
run(const char *command)
{
    char line[512];

    snprintf(line, sizeof(line), "cd %s && %s", folder, command);
    return system(line);
}

static int
sshd_start(void)
{
    char path[128];
    FILE *config;
    int port = port_for_sshd(), i, s;

    check(mkdtemp(folder));
    atexit(clean_up);
    check(!run("ssh-keygen -q -t ed25519 -N '' -f host"));
    check(!run("ssh-keygen -q -t ed25519 -N '' -f user"));
    snprintf(path, sizeof(path), "%s/config", folder);
    config = fopen(path, "w");
    check(config);
    fprintf(config,
            "ListenAddress 127.0.0.1\nPort %d\nHostKey %s/host\n"
            "PidFile none\nAuthorizedKeysFile %s/user.pub\nStrictModes no\n"
            "UsePAM no\nPermitRootLogin yes\nRekeyLimit 1M\n"
            "LogLevel ERROR\nMaxStartups 100\n"
            "Ciphers chacha20-poly1305@openssh.com,aes128-gcm@openssh.com,"
            "aes256-gcm@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,"
            "aes128-cbc,aes192-cbc,aes256-cbc,3des-cbc\n"
            "MACs hmac-sha2-256,hmac-sha2-512,hmac-sha1,hmac-sha1-96,"
            "hmac-md5,hmac-md5-96,hmac-sha2-256-etm@openssh.com,"
            "hmac-sha2-512-etm@openssh.com,hmac-sha1-etm@openssh.com\n",
            port, folder, folder);
    fclose(config);
    if(!geteuid())
        (void)mkdir("/run/sshd", 0755);
    if(!child()) {
        char log[128];

        snprintf(log, sizeof(log), "%s/log", folder);
        execl(SSHD, SSHD, "-D", "-f", path, "-E", log, (char *)NULL);
        _exit(1);
    }
    for(i = 0; i < 200; i++) {
        s = connected(port);
        if(s >= 0) {
            close(s);
            return port;
        }
        usleep(50000);
    }
    fail("sshd does not start");
}

static void
flush_out(struct server *link, int s)
{
    struct buffer *b = &link->from_client;

    while(held(b)) {
        ssize_t n = send(s, b->bytes + b->start, held(b), MSG_NOSIGNAL);

        if(n < 0 && errno == EAGAIN)
            return;
        check(n > 0);
        b->start += (size_t)n;
    }
}

/* Moves bytes between the socket and the buffers; waits for some if "wait". */
static void
move(struct server *link, int s, int wait)
{
    static unsigned char bytes[100000];
    struct pollfd p = { .fd = s, .events = POLLIN };
    ssize_t n;

    flush_out(link, s);
    if(held(&link->from_client))
        p.events |= POLLOUT;
    if(held(&link->to_client) < 1000000) {
        if(poll(&p, 1, wait ? 20000 : 0) == 0 && wait)
            fail("nothing comes");
        if(p.revents & (POLLIN | POLLHUP)) {
            n = read(s, bytes, sizeof(bytes));
            check(n > 0);
            put(&link->to_client, bytes, (size_t)n);
        }
    }
    link->send_room = link->send_limit;
}

#define until_moved(link, s, result, call) \
    do { \
        while((result = (call)) == LIBSSH2_ERROR_EAGAIN) \
            move(link, s, !held(&(link)->to_client)); \
    } while(0)

static const char *user;

static void
session(int sshd, int echo_port, const struct cipher *cipher,
        const struct mac *mac, size_t send_limit)
{
    size_t total = getenv("CHECK_IS_SLOW") ? 1200000 : 1500000;
    struct server link;
    LIBSSH2_CHANNEL *channel;
    EVP_MD_CTX *sent = EVP_MD_CTX_new(), *back = EVP_MD_CTX_new();
    static unsigned char bytes[70000], one[32], other[32];
    size_t written = 0, echoed = 0, pending = 0, size = 0;
    long in_kex = 0;
    char key[128];
    int s = connected(sshd), rc;

    memset(&link, 0, sizeof(link));
    check(s >= 0 && !fcntl(s, F_SETFL, fcntl(s, F_GETFL) | O_NONBLOCK));
    link.client = libssh2_session_init_ex(count_alloc, count_free,
                                          count_realloc, &link);
    libssh2_session_set_blocking(link.client, 0);
    libssh2_session_callback_set2(link.client, LIBSSH2_CALLBACK_SEND,
                                  (libssh2_cb_generic *)server_takes);
    libssh2_session_callback_set2(link.client, LIBSSH2_CALLBACK_RECV,
                                  (libssh2_cb_generic *)server_gives);
    client_prefers(&link, cipher->name, mac->name);
    until_moved(&link, s, rc, libssh2_session_handshake(link.client, -2));
    check_int(rc, 0);
    check(!strcmp(libssh2_session_methods(link.client,
                                          LIBSSH2_METHOD_CRYPT_SC),
                  cipher->name));
    snprintf(key, sizeof(key), "%s/user", folder);
    until_moved(&link, s, rc,
                libssh2_userauth_publickey_fromfile(link.client, user, NULL,
                                                    key, NULL));
    check_int(rc, 0);
    while(!(channel = libssh2_channel_direct_tcpip(link.client, "127.0.0.1",
                                                   echo_port))) {
        check_int(libssh2_session_last_errno(link.client),
                  LIBSSH2_ERROR_EAGAIN);
        move(&link, s, !held(&link.to_client));
    }

    EVP_DigestInit_ex(sent, EVP_sha256(), NULL);
    EVP_DigestInit_ex(back, EVP_sha256(), NULL);
    link.recv_limit = 50000;
    link.send_limit = link.send_room = send_limit;
    while(echoed < total) {
        static unsigned char in[70000];
        int idle = 1;
        ssize_t n;

        if(!pending && written < total) {
            pending = ++size <= 80 ? size : size % 4 ?
                32768 - 60 + any_below(120) : 1 + any_below(80);
            if(pending > total - written)
                pending = total - written;
            any_bytes(bytes, pending < 200 ? pending : 200);
        }
        if(pending) {
            n = libssh2_channel_write(channel, (char *)bytes, pending);
            check(n > 0 || n == LIBSSH2_ERROR_EAGAIN);
            if(n > 0) {
                EVP_DigestUpdate(sent, bytes, (size_t)n);
                memmove(bytes, bytes + n, pending - (size_t)n);
                pending -= (size_t)n;
                written += (size_t)n;
                idle = 0;
            }
        }
        n = libssh2_channel_read(channel, (char *)in, sizeof(in));
        check(n > 0 || n == LIBSSH2_ERROR_EAGAIN);
        if(n > 0) {
            EVP_DigestUpdate(back, in, (size_t)n);
            echoed += (size_t)n;
            idle = 0;
        }
        in_kex += !!(link.client->state & LIBSSH2_STATE_EXCHANGING_KEYS);
        move(&link, s, idle && !held(&link.to_client) &&
             (!send_limit || !pending));
    }
    check(echoed == written && in_kex);
    EVP_DigestFinal_ex(sent, one, NULL);
    EVP_DigestFinal_ex(back, other, NULL);
    if(memcmp(one, other, 32))
        fail("%s %s: other bytes came back", cipher->name, mac->name);
    link.send_limit = 0;
    until_moved(&link, s, rc, libssh2_channel_free(channel));
    check_int(rc, 0);
    link.client->socket_state = LIBSSH2_SOCKET_DISCONNECTED;
    check_int(libssh2_session_free(link.client), 0);
    EVP_MD_CTX_free(sent);
    EVP_MD_CTX_free(back);
    drop(&link.to_client);
    drop(&link.from_client);
    close(s);
}

int
main(void)
{
    int sshd, echo_port, listener, count = 0;
    size_t c, m;

    check_int(libssh2_init(0), 0);
    user = getpwuid(geteuid())->pw_name;
    sshd = sshd_start();
    listener = listening(&echo_port);
    if(!child())
        echo(listener);
    close(listener);
    for(c = 0; c < CIPHERS; c++)
        for(m = 0; m < MACS; m++) {
            /* sshd has neither */
            if(!strncmp(ciphers[c].name, "rijndael", 8) ||
               !strncmp(macs[m].name, "hmac-ripemd", 11))
                continue;
            if(is_aead(&ciphers[c]) ? m > 1 :
               getenv("CHECK_IS_SLOW") && (ciphers[c].kind == CBC || m > 1))
                continue;
            /* bounded SENDs stop stock in a key exchange */
#ifdef LIBSSH2_FWD_PATCHES
            session(sshd, echo_port, &ciphers[c], &macs[m],
                    (c + m) % 2 ? 10000 : 0);
#else
            session(sshd, echo_port, &ciphers[c], &macs[m], 0);
#endif
            count++;
        }
    check(count >= 9);
#ifdef LIBSSH2_FWD_PATCHES
    check_int(blocks, 0); /* stock loses some */
#endif
    libssh2_exit();
    return 0;
}
