/*
 * One forwarded connection on loopback: MB/s, and the forwarder's CPU seconds per GB.
 *
 *     bench PORT USER KEY CIPHER MAC down|up MEGABYTES [ssh]
 *     bench port         prints a free port
 *
 * PORT is that of an sshd on 127.0.0.1 that lets USER in with the private key file KEY. MAC is "-" for a cipher that
 * needs none. The forwarder is a small relay on libssh2, fed as fwd feeds it: through the SEND and RECV callbacks, SEND
 * always accepting. With "ssh" as the last argument it is `ssh -L` with the same cipher.
 *
 * `contrib/libssh2/check --bench` runs it against the stock and the patched library in turn.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libssh2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define SOCKET_BUFFER (256 * 1024)
#define HIGH_WATER (1024 * 1024)

static void fail(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timeval t;
    gettimeofday(&t, NULL);
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int listening(int *port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof a;
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if(s < 0 || bind(s, (struct sockaddr *)&a, sizeof a) || listen(s, 8) ||
       getsockname(s, (struct sockaddr *)&a, &len))
        fail("listen");
    *port = ntohs(a.sin_port);
    return s;
}

static int connected(int port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int one = 1, s = socket(AF_INET, SOCK_STREAM, 0);
    a.sin_port = htons((uint16_t)port);
    if(s < 0 || connect(s, (struct sockaddr *)&a, sizeof a)) {
        if(s >= 0)
            close(s);
        return -1;
    }
    setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return s;
}

/* The far end: for 'd' it sends for ever, for 'u' it takes all until EOF, then says how much that was. */
static void endpoint(int listener)
{
    static char buf[SOCKET_BUFFER];
    for(;;) {
        int s = accept(listener, NULL, NULL);
        char what;
        ssize_t n;
        if(s < 0)
            fail("accept");
        if(read(s, &what, 1) == 1) {
            if(what == 'd') {
                while(write(s, buf, sizeof buf) > 0)
                    ;
            }
            else {
                long long total = 0;
                while((n = read(s, buf, sizeof buf)) > 0)
                    total += n;
                if(write(s, &total, sizeof total) < 0)
                    fail("write");
            }
        }
        close(s);
    }
}

struct buffer {
    unsigned char *data;
    size_t start, end, size;
};

static void append(struct buffer *b, const void *data, size_t len)
{
    if(b->start >= b->end - b->start) {
        memmove(b->data, b->data + b->start, b->end - b->start);
        b->end -= b->start;
        b->start = 0;
    }
    if(b->end + len > b->size) {
        b->size = (b->end + len) * 2;
        b->data = realloc(b->data, b->size);
        if(!b->data)
            fail("realloc");
    }
    memcpy(b->data + b->end, data, len);
    b->end += len;
}

static size_t held(const struct buffer *b)
{
    return b->end - b->start;
}

/* Writes what it can; 0 when the socket is gone. */
static int flush(int s, struct buffer *b)
{
    while(held(b)) {
        ssize_t n = write(s, b->data + b->start, held(b));
        if(n < 0)
            return errno == EAGAIN;
        b->start += (size_t)n;
    }
    return 1;
}

struct transport {
    struct buffer in, out;
    int saw_empty; /* RECV has said that there is nothing more, since the last pump */
};

static LIBSSH2_SEND_FUNC(always_send)
{
    struct transport *t = *abstract;
    (void)socket;
    (void)flags;
    append(&t->out, buffer, length);
    return (ssize_t)length;
}

static LIBSSH2_RECV_FUNC(buffered_recv)
{
    struct transport *t = *abstract;
    size_t n = held(&t->in) < length ? held(&t->in) : length;
    (void)socket;
    (void)flags;
    if(!n) {
        t->saw_empty = 1;
        return -EAGAIN;
    }
    memcpy(buffer, t->in.data + t->in.start, n);
    t->in.start += n;
    return (ssize_t)n;
}

static int fill(int s, struct buffer *b)
{
    static unsigned char chunk[SOCKET_BUFFER];
    ssize_t n = read(s, chunk, sizeof chunk);
    if(n <= 0)
        return n < 0 && errno == EAGAIN;
    append(b, chunk, (size_t)n);
    return 1;
}

static void pump(int s, struct transport *t, short events)
{
    struct pollfd p = { .fd = s, .events = events };
    if(!flush(s, &t->out))
        fail("the SSH connection ended");
    if(!t->saw_empty)
        return;
    t->saw_empty = 0;
    if(held(&t->out))
        p.events |= POLLOUT;
    poll(&p, 1, 10000);
    if((p.revents & POLLIN) && !fill(s, &t->in))
        fail("the SSH connection ended");
}

static void nonblocking(int s)
{
    fcntl(s, F_SETFL, fcntl(s, F_GETFL) | O_NONBLOCK);
}

static void must(int rc, LIBSSH2_SESSION *session, const char *what)
{
    char *text;
    if(!rc)
        return;
    libssh2_session_last_error(session, &text, NULL, 0);
    fprintf(stderr, "bench: %s: %d %s\n", what, rc, text);
    exit(1);
}

static void relay(int listener, int sshd, const char *user, const char *key, const char *cipher, const char *mac,
                  int far)
{
    static struct transport t;
    static char chunk[SOCKET_BUFFER];
    struct buffer down = { 0 }, up = { 0 };
    LIBSSH2_SESSION *session;
    LIBSSH2_CHANNEL *channel;
    int s = connected(sshd), local, rc, local_open = 1, eof_sent = 0;

    if(s < 0 || libssh2_init(0))
        fail("connect");
    nonblocking(s);
    session = libssh2_session_init_ex(NULL, NULL, NULL, &t);
    libssh2_session_set_blocking(session, 0);
    libssh2_session_callback_set2(session, LIBSSH2_CALLBACK_SEND, (libssh2_cb_generic *)always_send);
    libssh2_session_callback_set2(session, LIBSSH2_CALLBACK_RECV, (libssh2_cb_generic *)buffered_recv);
    must(libssh2_session_method_pref(session, LIBSSH2_METHOD_CRYPT_CS, cipher), session, "cipher");
    must(libssh2_session_method_pref(session, LIBSSH2_METHOD_CRYPT_SC, cipher), session, "cipher");
    if(strcmp(mac, "-")) {
        must(libssh2_session_method_pref(session, LIBSSH2_METHOD_MAC_CS, mac), session, "MAC");
        must(libssh2_session_method_pref(session, LIBSSH2_METHOD_MAC_SC, mac), session, "MAC");
    }
    while((rc = libssh2_session_handshake(session, -2)) == LIBSSH2_ERROR_EAGAIN)
        pump(s, &t, POLLIN);
    must(rc, session, "handshake");
    while((rc = libssh2_userauth_publickey_fromfile(session, user, NULL, key, NULL)) == LIBSSH2_ERROR_EAGAIN)
        pump(s, &t, POLLIN);
    must(rc, session, "login");
    while(!(channel = libssh2_channel_open_ex(session, "session", 7, 2097152, 32768, NULL, 0)) &&
          libssh2_session_last_errno(session) == LIBSSH2_ERROR_EAGAIN)
        pump(s, &t, POLLIN);
    /* So that sshd sets TCP_NODELAY, which it does for a command alone. */
    while((rc = libssh2_channel_exec(channel, "true")) == LIBSSH2_ERROR_EAGAIN)
        pump(s, &t, POLLIN);
    must(rc, session, "exec");
    while(libssh2_channel_free(channel) == LIBSSH2_ERROR_EAGAIN)
        pump(s, &t, POLLIN);

    local = accept(listener, NULL, NULL);
    if(local < 0)
        fail("accept");
    nonblocking(local);
    while(!(channel = libssh2_channel_direct_tcpip_ex(session, "127.0.0.1", far, "127.0.0.1", 1)) &&
          libssh2_session_last_errno(session) == LIBSSH2_ERROR_EAGAIN)
        pump(s, &t, POLLIN);
    if(!channel)
        must(libssh2_session_last_errno(session), session, "direct-tcpip");

    for(;;) {
        struct pollfd p[2] = { { .fd = s }, { .fd = local } };
        ssize_t n = 1;

        /* SSH to local: as long as the local socket keeps up. */
        while(held(&down) < HIGH_WATER &&
              (n = libssh2_channel_read(channel, chunk, sizeof chunk)) > 0)
            append(&down, chunk, (size_t)n);
        if(n < 0 && n != LIBSSH2_ERROR_EAGAIN)
            must((int)n, session, "read");
        /* Local to SSH. */
        while(held(&up) && held(&t.out) < HIGH_WATER &&
              (n = libssh2_channel_write(channel, (char *)up.data + up.start, held(&up))) > 0)
            up.start += (size_t)n;
        if(n < 0 && n != LIBSSH2_ERROR_EAGAIN)
            must((int)n, session, "write");
        if(!local_open && !held(&up) && !eof_sent)
            eof_sent = libssh2_channel_send_eof(channel) == 0;
        if(!flush(s, &t.out) || !flush(local, &down) || (libssh2_channel_eof(channel) && !held(&down)))
            exit(0);
        if(held(&t.in) && held(&down) < HIGH_WATER)
            continue;

        if(held(&t.in) < HIGH_WATER)
            p[0].events = POLLIN;
        if(held(&t.out))
            p[0].events |= POLLOUT;
        if(local_open && held(&up) < SOCKET_BUFFER)
            p[1].events = POLLIN;
        if(held(&down))
            p[1].events |= POLLOUT;
        if(!p[1].events)
            p[1].fd = -1;
        poll(p, 2, 10000);
        if((p[0].revents & POLLIN) && !fill(s, &t.in))
            exit(0);
        if(p[1].revents & (POLLIN | POLLHUP | POLLERR) && local_open && !fill(local, &up))
            local_open = 0;
    }
}

static void ssh(int local, int sshd, const char *user, const char *key, const char *cipher, const char *mac, int far)
{
    char forward[64], port[16], ciphers[128], macs[128] = "MACs=hmac-sha2-256";
    snprintf(forward, sizeof forward, "127.0.0.1:%d:127.0.0.1:%d", local, far);
    snprintf(port, sizeof port, "%d", sshd);
    snprintf(ciphers, sizeof ciphers, "Ciphers=%s", cipher);
    if(strcmp(mac, "-"))
        snprintf(macs, sizeof macs, "MACs=%s", mac);
    execlp("ssh", "ssh", "-F", "none", "-N", "-L", forward, "-p", port, "-i", key, "-l", user, "-o", ciphers, "-o", macs,
           "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
           "-o", "IdentitiesOnly=yes", "127.0.0.1", (char *)NULL);
    fail("ssh");
}

int main(int argc, char **argv)
{
    static char buf[SOCKET_BUFFER];
    int use_ssh = argc == 9 && !strcmp(argv[8], "ssh");
    int far, near, listener, s = -1, i, status;
    long long bytes, done = 0;
    pid_t far_pid, forwarder;
    struct rusage usage;
    double started, seconds, cpu;

    if(argc == 2 && !strcmp(argv[1], "port")) {
        listening(&far);
        printf("%d\n", far);
        return 0;
    }
    if(argc < 8) {
        fprintf(stderr, "usage: bench PORT USER KEY CIPHER MAC down|up MEGABYTES [ssh]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    bytes = atoll(argv[7]) * 1000000;

    listener = listening(&far);
    far_pid = fork();
    if(far_pid == 0)
        endpoint(listener);
    close(listener);
    listener = listening(&near);
    if(use_ssh)
        close(listener);
    forwarder = fork();
    if(forwarder == 0) {
        if(use_ssh)
            ssh(near, atoi(argv[1]), argv[2], argv[3], argv[4], argv[5], far);
        else
            relay(listener, atoi(argv[1]), argv[2], argv[3], argv[4], argv[5], far);
    }
    for(i = 0; i < 200 && (s = connected(near)) < 0; i++)
        usleep(50000);
    if(s < 0)
        fail("connect");

    if(write(s, argv[6], 1) != 1)
        fail("write");
    if(argv[6][0] == 'd' && read(s, buf, 1) != 1)
        fail("read");
    if(!use_ssh && argv[6][0] == 'u')
        usleep(300000); /* the relay may still be logging in */
    started = now();
    while(done < bytes) {
        ssize_t n = argv[6][0] == 'd' ? read(s, buf, sizeof buf) : write(s, buf, sizeof buf);
        if(n <= 0)
            fail("the forwarded connection ended");
        done += n;
    }
    if(argv[6][0] == 'u') {
        long long got = -1;
        shutdown(s, SHUT_WR);
        if(read(s, &got, sizeof got) != sizeof got || got != done)
            fail("bytes were lost");
    }
    seconds = now() - started;
    close(s);
    kill(forwarder, use_ssh ? SIGTERM : SIGKILL);
    wait4(forwarder, &status, 0, &usage);
    kill(far_pid, SIGKILL);
    waitpid(far_pid, NULL, 0);
    cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
          (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("%.0f MB/s, %.2f CPU s/GB\n", (double)done / 1e6 / seconds, cpu / ((double)done / 1e9));
    return 0;
}
