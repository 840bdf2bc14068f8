/* stock: does not compile
 *
 * Connections that come in through a real sshd's -R: with a window of 0 the
 * far side sends nothing but what it was allowed to, and each tells where it
 * comes from. The default is what it always was.
 */
#include "open-fixture.h"

#define CLIENTS 50
#define BULK (4 << 20)

static LIBSSH2_LISTENER *
listen_far(struct link *link, int *port)
{
    LIBSSH2_LISTENER *listener = NULL;
    int result;

    finish(link, result,
           (listener = libssh2_channel_forward_listen_ex(link->session,
                                                         "127.0.0.1", 0, port,
                                                         1024),
            listener ? 0 : libssh2_session_last_errno(link->session)));
    if(!listener)
        fail("listen: %d %s", result, last_error(link));
    return listener;
}

static LIBSSH2_CHANNEL *
accept_far(struct link *link, LIBSSH2_LISTENER *listener)
{
    LIBSSH2_CHANNEL *channel = NULL;
    int result;

    finish(link, result,
           (channel = libssh2_channel_forward_accept(listener),
            channel ? 0 : LIBSSH2_ERROR_EAGAIN));
    return channel;
}

static int
local_port(int connection)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);

    getsockname(connection, (struct sockaddr *)&address, &length);
    return ntohs(address.sin_port);
}

static int
readable(LIBSSH2_CHANNEL *channel)
{
    return libssh2_poll_channel_read(channel, 0) == 1;
}

static void
test_many(struct link *link)
{
    int clients[CLIENTS], seen[CLIENTS];
    LIBSSH2_CHANNEL *channels[CLIENTS];
    LIBSSH2_LISTENER *listener;
    int port, i, j;

    memset(seen, 0, sizeof(seen));
    listener = listen_far(link, &port);
    for(i = 0; i < CLIENTS; i++) {
        char text[1000];

        clients[i] = connect_to_loopback(port);
        check(clients[i] >= 0);
        memset(text, i, sizeof(text));
        check_int(send(clients[i], text, sizeof(text), MSG_NOSIGNAL),
                  sizeof(text));
    }
    for(i = 0; i < CLIENTS; i++)
        channels[i] = accept_far(link, listener);
    for(i = 0; i < 10; i++)
        link_turn(link, 20);

    for(i = 0; i < CLIENTS; i++) {
        const char *host = NULL;
        size_t length = 0;
        unsigned long initial = 1;
        int from = 0;
        char text[1000];

        check(!readable(channels[i]));
        check_int(libssh2_channel_window_read_ex(channels[i], NULL, &initial),
                  0);
        check_int(initial, 0);
        check_int(libssh2_channel_originator(channels[i], &host, &length,
                                             &from), 0);
        check(length == 9 && !strcmp(host, "127.0.0.1"));
        for(j = 0; j < CLIENTS && local_port(clients[j]) != from; j++)
            ;
        if(j == CLIENTS)
            fail("nobody comes from port %d", from);
        check(!seen[j]++);

        link_grant(link, channels[i], 100);
        link_read(link, channels[i], text, 100);
        link_turn(link, 1);
        check(!readable(channels[i]));
        check_int(libssh2_channel_window_read(channels[i]), 0);
        link_grant(link, channels[i], 900);
        link_read(link, channels[i], text + 100, 900);
        check(text[0] == j && text[99] == j && text[999] == j);

        link_write(link, channels[i], text, 1000);
        while(link->out.start < link->out.end)
            link_move(link, 10);
        check_int(recv(clients[j], text, 1000, MSG_WAITALL), 1000);
    }
    for(i = 0; i < CLIENTS; i++) {
        link_free(link, channels[i]);
        close(clients[i]);
    }
    {
        int result;

        finish(link, result, libssh2_channel_forward_cancel(listener));
        check_int(result, 0);
    }
}

/* 4 MiB in steps: never more than was allowed. */
static void
test_bulk(struct link *link)
{
    static char buffer[65536];
    LIBSSH2_LISTENER *listener;
    LIBSSH2_CHANNEL *channel;
    int port, client, result;
    size_t allowed = 0, taken = 0;
    double deadline = now() + 60;

    listener = listen_far(link, &port);
    if(fixture_fork() == 0) {
        size_t sent = 0;

        client = connect_to_loopback(port);
        memset(buffer, 'b', sizeof(buffer));
        while(sent < BULK) {
            ssize_t count = send(client, buffer, sizeof(buffer), MSG_NOSIGNAL);

            if(count < 0)
                _exit(1);
            sent += (size_t)count;
        }
        (void)!recv(client, buffer, 1, 0);
        _exit(0);
    }
    channel = accept_far(link, listener);
    while(taken < BULK) {
        unsigned long window, there = 0;

        check(now() < deadline);
        if(allowed - taken < 50000) {
            link_grant(link, channel, 30001);
            allowed += 30001;
        }
        link_turn(link, 10);
        window = libssh2_channel_window_read_ex(channel, &there, NULL);
        check_int(window, allowed - taken);
        check(there <= window);
        if(!there)
            continue;
        drive(link, result,
              (int)libssh2_channel_read(channel, buffer,
                                        window < sizeof(buffer) ? window :
                                        sizeof(buffer)));
        check(result > 0 && buffer[0] == 'b' && buffer[result - 1] == 'b');
        taken += (size_t)result;
        check(taken <= allowed);
    }
    check_int(taken, BULK);
    link_free(link, channel);
    finish(link, result, libssh2_channel_forward_cancel(listener));
    check_int(result, 0);
}

int
main(void)
{
    struct targets *targets = targets_start(1, -1);
    struct link link;
    LIBSSH2_LISTENER *listener;
    LIBSSH2_CHANNEL *channel;
    unsigned long initial;
    int port, client;

    sshd_start("");
    link_make(&link, sshd_port);

    /* the default, which holds for what comes before the change */
    listener = listen_far(&link, &port);
    client = connect_to_loopback(port);
    channel = accept_far(&link, listener);
    check_int(libssh2_channel_window_read_ex(channel, NULL, &initial),
              2 * 1024 * 1024);
    check_int(initial, 2 * 1024 * 1024);
    libssh2_session_set_forwarded_window(NULL, 0);
    libssh2_session_set_forwarded_window(link.session, 0);
    check_int(send(client, "before", 6, MSG_NOSIGNAL), 6);
    {
        char text[6];

        link_read(&link, channel, text, 6);
        check(!memcmp(text, "before", 6));
    }
    check_int(libssh2_channel_originator(channel, NULL, NULL, NULL), 0);
    link_free(&link, channel);
    close(client);

    test_many(&link);
    test_bulk(&link);

    /* any other size */
    libssh2_session_set_forwarded_window(link.session, 12345);
    client = connect_to_loopback(port);
    channel = accept_far(&link, listener);
    check_int(libssh2_channel_window_read(channel), 12345);
    close(client);

    /* what did not come in has no originator, and keeps its own window */
    check_int(libssh2_channel_originator(NULL, NULL, NULL, NULL),
              LIBSSH2_ERROR_BAD_USE);
    check_int(libssh2_channel_originator(link.control, NULL, NULL, NULL),
              LIBSSH2_ERROR_BAD_USE);
    check_int(libssh2_channel_window_read(link.control), 65536);
    channel = link_open_classic_direct(&link, targets->ports[0]);
    check_int(libssh2_channel_originator(channel, NULL, NULL, NULL),
              LIBSSH2_ERROR_BAD_USE);
    link_end(&link);
    check_int(blocks, 0);
    return 0;
}
