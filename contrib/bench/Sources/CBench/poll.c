#include "CBench.h"

#include <sys/epoll.h>

int bench_poll_new(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}

int bench_poll_add(int poll, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    return epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event);
}

int bench_poll_remove(int poll, int descriptor) {
    return epoll_ctl(poll, EPOLL_CTL_DEL, descriptor, NULL);
}

int bench_poll_wait(int poll, int *ready, int capacity) {
    struct epoll_event events[256];
    int count = epoll_wait(poll, events, capacity < 256 ? capacity : 256, -1);
    for (int i = 0; i < count; i++) {
        ready[i] = events[i].data.fd;
    }
    return count;
}
