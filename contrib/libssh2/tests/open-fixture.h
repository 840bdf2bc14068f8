/* What the open- and listen- tests share: an sshd of their own, targets to
 * forward to, and a session on memory buffers. Include it once, in the one C
 * file of a test. Everything is on 127.0.0.1 and ends with the test. */
#ifndef OPEN_FIXTURE_H
#define OPEN_FIXTURE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libssh2.h>

/* Functions that a test does not use are no fault. */
#pragma GCC diagnostic ignored "-Wunused-function"

/* --- Failing ----------------------------------------------------------- */

static void
fixture_fail(const char *file, int line, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

#define fail(...) fixture_fail(__FILE__, __LINE__, __VA_ARGS__)
#define check(condition) \
    do { \
        if(!(condition)) \
            fail("not true: %s", #condition); \
    } while(0)
#define check_int(expression, expected) \
    do { \
        long fixture_value = (long)(expression); \
        if(fixture_value != (long)(expected)) \
            fail("%s is %ld, not %ld", #expression, fixture_value, \
                 (long)(expected)); \
    } while(0)

#include "sshd-port.h"

static double
now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- Memory ------------------------------------------------------------ */

/* Blocks that libssh2 holds; each test ends with none. */
static long blocks;

static void *
count_alloc(size_t count, void **abstract)
{
    (void)abstract;
    blocks++;
    return malloc(count);
}

static void
count_free(void *block, void **abstract)
{
    (void)abstract;
    if(block)
        blocks--;
    free(block);
}

static void *
count_realloc(void *block, size_t count, void **abstract)
{
    (void)abstract;
    if(!block)
        blocks++;
    return realloc(block, count);
}

/* --- Processes --------------------------------------------------------- */

static pid_t fixture_children[16];
static int fixture_child_count;
static char fixture_folder[64];

static void
fixture_clean_up(void)
{
    int i;

    for(i = 0; i < fixture_child_count; i++) {
        kill(fixture_children[i], SIGTERM);
        waitpid(fixture_children[i], NULL, 0);
    }
    fixture_child_count = 0;
    if(fixture_folder[0]) {
        static const char *const files[] = {
            "host", "host.pub", "user", "user.pub", "config", "log"
        };
        size_t f;

        for(f = 0; f < sizeof(files) / sizeof(*files); f++) {
            char path[128];

            snprintf(path, sizeof(path), "%s/%s", fixture_folder, files[f]);
            unlink(path);
        }
        rmdir(fixture_folder);
        fixture_folder[0] = 0;
    }
}

/* Whoever loses patience with us sends this. */
static void
fixture_interrupted(int number)
{
    fixture_clean_up();
    _exit(128 + number);
}

/* A child that ends with us; 0 in the child. */
static pid_t
fixture_fork(void)
{
    pid_t parent = getpid();
    pid_t child;

    if(!fixture_child_count) {
        atexit(fixture_clean_up);
        signal(SIGTERM, fixture_interrupted);
        signal(SIGINT, fixture_interrupted);
    }
    fflush(NULL);
    child = fork();
    if(child < 0)
        fail("fork: %s", strerror(errno));
    if(child == 0) {
        fixture_child_count = 0;
        fixture_folder[0] = 0;
        signal(SIGTERM, SIG_DFL);
        signal(SIGINT, SIG_DFL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if(getppid() != parent)
            _exit(1);
    }
    else
        fixture_children[fixture_child_count++] = child;
    return child;
}

static void
fixture_run(const char *program, ...)
{
    char *arguments[16];
    va_list args;
    int count = 1;
    int status;
    pid_t child;

    arguments[0] = (char *)program;
    va_start(args, program);
    do
        arguments[count] = va_arg(args, char *);
    while(arguments[count++]);
    va_end(args);

    child = fork();
    if(child == 0) {
        execvp(program, arguments);
        _exit(127);
    }
    if(child < 0 || waitpid(child, &status, 0) != child || status)
        fail("%s failed", program);
}

/* --- Sockets ----------------------------------------------------------- */

static int
listen_on_loopback(int backlog, int *port)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if(listener < 0 ||
       bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
       listen(listener, backlog) ||
       getsockname(listener, (struct sockaddr *)&address, &length))
        fail("listen: %s", strerror(errno));
    *port = ntohs(address.sin_port);
    return listener;
}

static int
connect_to_loopback(int port)
{
    struct sockaddr_in address;
    int one = 1;
    int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((unsigned short)port);
    if(connect(connection, (struct sockaddr *)&address, sizeof(address))) {
        close(connection);
        return -1;
    }
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return connection;
}

/* A port where nobody listens: bound, so that nobody else takes it. */
static int
refusing_port(void)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    int holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if(holder < 0 ||
       bind(holder, (struct sockaddr *)&address, sizeof(address)) ||
       getsockname(holder, (struct sockaddr *)&address, &length))
        fail("bind: %s", strerror(errno));
    return ntohs(address.sin_port);
}

/* A port that answers no SYN, until black_hole_open. */
struct black_hole {
    int port;
    int listener;
    int fillers[8];
};

static void
black_hole_make(struct black_hole *hole)
{
    struct sockaddr_in address;
    int i;

    hole->listener = listen_on_loopback(0, &hole->port);
    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((unsigned short)hole->port);
    for(i = 0; i < 8; i++) {
        hole->fillers[i] =
            socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)!connect(hole->fillers[i], (struct sockaddr *)&address,
                       sizeof(address));
    }
    usleep(20000);
}

/* Takes what filled it away. What knocked is let in when its SYN comes
   again, after a second, three or seven. */
static void
black_hole_open(struct black_hole *hole)
{
    int i, connection;

    for(i = 0; i < 8; i++)
        close(hole->fillers[i]);
    fcntl(hole->listener, F_SETFL, O_NONBLOCK);
    listen(hole->listener, 128);
    while((connection = accept(hole->listener, NULL, NULL)) >= 0)
        close(connection);
}

/* --- Targets ----------------------------------------------------------- */

#define TARGETS_MAX 600

/* A process with many listeners. Each sends its own number as 4 bytes, then
   sends back what it gets; "flood" targets send without end instead. */
struct targets {
    int count;
    int ports[TARGETS_MAX];
    volatile int accepted[TARGETS_MAX];
    volatile int ended[TARGETS_MAX];
    volatile int flood;         /* the number of the one that floods, or -1 */
};

static void
targets_serve(struct targets *targets, int *listeners)
{
    static char buffer[65536];
    struct epoll_event event, events[64];
    int epoll = epoll_create1(0);
    int i, n, fd;

    for(i = 0; i < targets->count; i++) {
        event.events = EPOLLIN;
        event.data.u64 = ((unsigned long long)i << 32) |
            (unsigned int)listeners[i];
        epoll_ctl(epoll, EPOLL_CTL_ADD, listeners[i], &event);
    }
    for(;;) {
        n = epoll_wait(epoll, events, 64, -1);
        for(i = 0; i < n; i++) {
            int number = (int)(events[i].data.u64 >> 32);
            ssize_t got;

            fd = (int)(events[i].data.u64 & 0x7fffffff);
            if(fd == listeners[number]) {
                uint32_t word = htonl((uint32_t)number);
                int one = 1;

                fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
                if(fd < 0)
                    continue;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
                __sync_fetch_and_add(&targets->accepted[number], 1);
                (void)!send(fd, &word, 4, MSG_NOSIGNAL);
                event.events = EPOLLIN;
                if(targets->flood == number) {
                    fcntl(fd, F_SETFL, O_NONBLOCK);
                    event.events |= EPOLLOUT;
                }
                event.data.u64 = ((unsigned long long)number << 32) |
                    (unsigned int)fd;
                epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
                continue;
            }
            if(events[i].events & EPOLLOUT)
                (void)!send(fd, buffer, sizeof(buffer), MSG_NOSIGNAL);
            if(!(events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
                continue;
            got = recv(fd, buffer, sizeof(buffer), 0);
            if(got > 0 && targets->flood != number)
                (void)!send(fd, buffer, (size_t)got, MSG_NOSIGNAL);
            else if(got == 0 || (got < 0 && errno != EAGAIN)) {
                close(fd);
                __sync_fetch_and_add(&targets->ended[number], 1);
            }
        }
    }
}

static void
more_descriptors(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static struct targets *
targets_start(int count, int flood)
{
    static int listeners[TARGETS_MAX];
    struct targets *targets;
    int i;

    more_descriptors();
    targets = mmap(NULL, sizeof(*targets), PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(targets != MAP_FAILED && count <= TARGETS_MAX);
    targets->count = count;
    targets->flood = flood;
    for(i = 0; i < count; i++)
        listeners[i] = listen_on_loopback(1024, &targets->ports[i]);
    if(fixture_fork() == 0)
        targets_serve(targets, listeners);
    for(i = 0; i < count; i++)
        close(listeners[i]);
    return targets;
}

static int
targets_open(const struct targets *targets)
{
    int i, open = 0;

    for(i = 0; i < targets->count; i++)
        open += targets->accepted[i] - targets->ended[i];
    return open;
}

/* --- sshd -------------------------------------------------------------- */

static int sshd_port;

/* Starts an sshd with these lines added to its configuration. */
static void
sshd_start(const char *lines)
{
    char path[128], log[128];
    struct passwd *user = getpwuid(getuid());
    FILE *config;
    double deadline;
    int connection;

    if(access("/usr/sbin/sshd", X_OK))
        fail("there is no /usr/sbin/sshd");
    strcpy(fixture_folder, "/tmp/libssh2-open.XXXXXX");
    if(!mkdtemp(fixture_folder))
        fail("mkdtemp: %s", strerror(errno));
    snprintf(path, sizeof(path), "%s/host", fixture_folder);
    fixture_run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path,
                NULL);
    snprintf(path, sizeof(path), "%s/user", fixture_folder);
    fixture_run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path,
                NULL);

    sshd_port = port_for_sshd();
    snprintf(path, sizeof(path), "%s/config", fixture_folder);
    snprintf(log, sizeof(log), "%s/log", fixture_folder);
    config = fopen(path, "w");
    fprintf(config,
            "ListenAddress 127.0.0.1\nPort %d\nHostKey %s/host\n"
            "AuthorizedKeysFile %s/user.pub\nAllowUsers %s\n"
            "StrictModes no\nUsePAM no\nPidFile none\nUseDNS no\n"
            "PermitRootLogin yes\nPasswordAuthentication no\n"
            "MaxStartups 100\nMaxSessions 100\nAllowTcpForwarding yes\n"
            /* no shell, whose start may take any time */
            "ForceCommand internal-sftp\nLogLevel INFO\n%s\n",
            sshd_port, fixture_folder, fixture_folder, user->pw_name, lines);
    fclose(config);
    if(getuid() == 0)
        mkdir("/run/sshd", 0755);
    if(fixture_fork() == 0) {
        more_descriptors();
        execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-f", path, "-E", log, NULL);
        _exit(127);
    }
    deadline = now() + 20;
    while((connection = connect_to_loopback(sshd_port)) < 0) {
        if(now() > deadline)
            fail("sshd does not answer; see %s", log);
        usleep(20000);
    }
    close(connection);
}

/* --- A session on memory buffers --------------------------------------- */

struct buffer {
    char *bytes;
    size_t start, end, size;
};

static void
buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
    if(buffer->start == buffer->end)
        buffer->start = buffer->end = 0;
    if(buffer->end + length > buffer->size) {
        buffer->size = (buffer->end + length) * 2;
        buffer->bytes = realloc(buffer->bytes, buffer->size);
    }
    memcpy(buffer->bytes + buffer->end, bytes, length);
    buffer->end += length;
}

struct link {
    LIBSSH2_SESSION *session;
    LIBSSH2_CHANNEL *control;   /* to pump with */
    int socket;
    struct buffer in, out;
    size_t send_limit;          /* what SEND takes at once; 0: everything */
    size_t send_room;           /* with a limit: what it takes in this turn */
    int saw_empty;              /* RECV had nothing */
    int is_closed;
    unsigned long long received;
};

static ssize_t
link_send(libssh2_socket_t socket, const void *bytes, size_t length, int flags,
          void **abstract)
{
    struct link *link = *abstract;

    (void)socket;
    (void)flags;
    if(link->is_closed)
        return -EPIPE;
    if(link->send_limit) {
        if(!link->send_room)
            return -EAGAIN;
        if(length > link->send_limit)
            length = link->send_limit;
        if(length > link->send_room)
            length = link->send_room;
        link->send_room -= length;
    }
    buffer_append(&link->out, bytes, length);
    return (ssize_t)length;
}

static ssize_t
link_recv(libssh2_socket_t socket, void *bytes, size_t length, int flags,
          void **abstract)
{
    struct link *link = *abstract;
    size_t there = link->in.end - link->in.start;

    (void)socket;
    (void)flags;
    if(!there) {
        if(link->is_closed)
            return 0;
        link->saw_empty = 1;
        return -EAGAIN;
    }
    if(length > there)
        length = there;
    memcpy(bytes, link->in.bytes + link->in.start, length);
    link->in.start += length;
    return (ssize_t)length;
}

/* Moves bytes between the buffers and the socket, and waits up to `ms` for
   some to come. */
static void
link_move(struct link *link, int ms)
{
    static char chunk[65536];
    struct pollfd poller;
    ssize_t count;

    poller.fd = link->socket;
    poller.events = POLLIN;
    if(link->out.start < link->out.end) {
        count = send(link->socket, link->out.bytes + link->out.start,
                     link->out.end - link->out.start,
                     MSG_NOSIGNAL | MSG_DONTWAIT);
        if(count > 0)
            link->out.start += (size_t)count;
        else if(count < 0 && errno != EAGAIN)
            link->is_closed = 1;
        if(link->out.start < link->out.end)
            poller.events |= POLLOUT;
    }
    link->send_room = link->send_limit;
    poll(&poller, 1, ms);
    if(poller.revents & (POLLIN | POLLHUP | POLLERR)) {
        count = recv(link->socket, chunk, sizeof(chunk), MSG_DONTWAIT);
        if(count > 0) {
            buffer_append(&link->in, chunk, (size_t)count);
            link->received += (unsigned long long)count;
        }
        else if(count == 0 || errno != EAGAIN)
            link->is_closed = 1;
    }
}

/* Repeats a call until it is done or the transport can do no more: has really
   asked for input, or cannot send (where a part of another call's packet was
   sent, it does not even try). */
#define drive(link, result, call) \
    do { \
        (link)->saw_empty = 0; \
        result = (call); \
    } while(result == LIBSSH2_ERROR_EAGAIN && !(link)->saw_empty && \
            !(link)->send_limit)

/* Repeats a call, with the socket, until it is done. */
#define finish(link, result, call) \
    do { \
        double finish_deadline = now() + 60; \
        for(;;) { \
            drive(link, result, call); \
            if(result != LIBSSH2_ERROR_EAGAIN) \
                break; \
            if(now() > finish_deadline) \
                fail("%s does not end", #call); \
            link_move(link, 100); \
        } \
    } while(0)

static const char *
last_error(struct link *link)
{
    char *text = NULL;

    libssh2_session_last_error(link->session, &text, NULL, 0);
    return text ? text : "";
}

/* Lets libssh2 take in all that has come. */
static void
link_pump(struct link *link)
{
    char nothing;
    int result;

    do {
        link->saw_empty = 0;
        result = (int)libssh2_channel_read_ex(link->control, 0, &nothing, 0);
        if(result < 0 && result != LIBSSH2_ERROR_EAGAIN)
            fail("pump: %d %s", result, last_error(link));
    } while(!link->saw_empty && !link->send_limit);
}

static void
link_turn(struct link *link, int ms)
{
    link_move(link, ms);
    link_pump(link);
}

/* The classic open, repeated until it is answered; NULL if it was refused. */
static LIBSSH2_CHANNEL *
link_open_classic(struct link *link, const char *type, unsigned int window,
                  const char *message, unsigned int length)
{
    LIBSSH2_CHANNEL *channel = NULL;
    int result;

    finish(link, result,
           (channel = libssh2_channel_open_ex(link->session, type,
                                              (unsigned int)strlen(type),
                                              window, 32768, message, length),
            channel ? 0 : libssh2_session_last_errno(link->session)));
    return channel;
}

/* Connects to sshd, logs in and opens the control channel. */
static void
link_make(struct link *link, int port)
{
    char public_key[128], private_key[128];
    struct passwd *user = getpwuid(getuid());
    const char *cipher = getenv("TEST_CIPHER");
    int one = 1;
    int result;

    memset(link, 0, sizeof(*link));
    link->socket = connect_to_loopback(port);
    check(link->socket >= 0);
    setsockopt(link->socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    check_int(libssh2_init(0), 0);
    link->session = libssh2_session_init_ex(count_alloc, count_free,
                                            count_realloc, link);
    check(link->session);
    libssh2_session_set_blocking(link->session, 0);
    libssh2_session_callback_set2(link->session, LIBSSH2_CALLBACK_SEND,
                                  (libssh2_cb_generic *)link_send);
    libssh2_session_callback_set2(link->session, LIBSSH2_CALLBACK_RECV,
                                  (libssh2_cb_generic *)link_recv);
    if(cipher) {
        libssh2_session_method_pref(link->session, LIBSSH2_METHOD_CRYPT_CS,
                                    cipher);
        libssh2_session_method_pref(link->session, LIBSSH2_METHOD_CRYPT_SC,
                                    cipher);
    }
    finish(link, result, libssh2_session_handshake(link->session, -2));
    if(result)
        fail("handshake: %d %s", result, last_error(link));
    snprintf(public_key, sizeof(public_key), "%s/user.pub", fixture_folder);
    snprintf(private_key, sizeof(private_key), "%s/user", fixture_folder);
    finish(link, result,
           libssh2_userauth_publickey_fromfile_ex(
               link->session, user->pw_name,
               (unsigned int)strlen(user->pw_name), public_key, private_key,
               NULL));
    if(result)
        fail("login: %d %s", result, last_error(link));
    link->control = link_open_classic(link, "session", 65536, NULL, 0);
    check(link->control);
}

/* sshd leaves Nagle's algorithm on until a session channel has executed
   something. */
static void
link_quicken(struct link *link)
{
    LIBSSH2_CHANNEL *spare =
        link_open_classic(link, "session", 65536, NULL, 0);
    int result;

    check(spare);
    finish(link, result, libssh2_channel_process_startup(spare, "exec", 4,
                                                         "true", 4));
    check_int(result, 0);
    finish(link, result, libssh2_channel_free(spare));
}

/* Frees the session as its owner does: the connection is dead before. */
static void
link_end(struct link *link)
{
    int result;

    link->is_closed = 1;
    link->in.start = link->in.end;
    drive(link, result, libssh2_session_free(link->session));
    check_int(result, 0);
    close(link->socket);
    free(link->in.bytes);
    free(link->out.bytes);
    libssh2_exit();
}

/* --- direct-tcpip ------------------------------------------------------ */

static unsigned int
put_string(char *to, const char *text)
{
    uint32_t length = (uint32_t)strlen(text);
    uint32_t word = htonl(length);

    memcpy(to, &word, 4);
    memcpy(to + 4, text, length);
    return 4 + length;
}

/* The message of RFC 4254 section 7.2; returns its length. */
static unsigned int
direct_message(char message[128], int port)
{
    unsigned int length = put_string(message, "127.0.0.1");
    uint32_t word = htonl((uint32_t)port);

    memcpy(message + length, &word, 4);
    length += 4;
    length += put_string(message + length, "127.0.0.1");
    word = htonl(1);
    memcpy(message + length, &word, 4);
    return length + 4;
}

static LIBSSH2_CHANNEL *
link_open_classic_direct(struct link *link, int port)
{
    char message[128];
    unsigned int length = direct_message(message, port);

    return link_open_classic(link, "direct-tcpip", 0, message, length);
}

#ifdef LIBSSH2_HAVE_CHANNEL_OPEN_START
static LIBSSH2_CHANNEL *
link_open_start(struct link *link, int port)
{
    char message[128];
    unsigned int length = direct_message(message, port);
    LIBSSH2_CHANNEL *channel =
        libssh2_channel_open_start(link->session, "direct-tcpip", 12, 0, 32768,
                                   message, length);

    if(!channel)
        fail("start: %d %s", libssh2_session_last_errno(link->session),
             last_error(link));
    /* it was copied */
    memset(message, 0xee, sizeof(message));
    return channel;
}
#endif

/* Credit for the far side. */
static void
link_grant(struct link *link, LIBSSH2_CHANNEL *channel, unsigned long count)
{
    int result;

    finish(link, result,
           libssh2_channel_receive_window_adjust2(channel, count, 1, NULL));
    check_int(result, 0);
}

static void
link_free(struct link *link, LIBSSH2_CHANNEL *channel)
{
    int result;

    finish(link, result, libssh2_channel_free(channel));
    check_int(result, 0);
}

/* Reads exactly `length` bytes within the window granted before. */
static void
link_read(struct link *link, LIBSSH2_CHANNEL *channel, void *bytes,
          size_t length)
{
    char *to = bytes;
    int result;

    while(length) {
        finish(link, result,
               (int)libssh2_channel_read_ex(channel, 0, to, length));
        if(result <= 0)
            fail("read: %d %s", result, last_error(link));
        to += result;
        length -= (size_t)result;
    }
}

static void
link_write(struct link *link, LIBSSH2_CHANNEL *channel, const void *bytes,
           size_t length)
{
    const char *from = bytes;
    int result;

    while(length) {
        finish(link, result,
               (int)libssh2_channel_write_ex(channel, 0, from, length));
        if(result < 0)
            fail("write: %d %s", result, last_error(link));
        from += result;
        length -= (size_t)result;
    }
}

#endif
