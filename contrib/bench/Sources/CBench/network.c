#define _GNU_SOURCE
#include "CBench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int bench_enter_namespace(const char *path) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return errno;
    }
    int error = setns(descriptor, CLONE_NEWNET) == 0 ? 0 : errno;
    close(descriptor);
    return error;
}

int bench_accept(int listener) {
    return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

int bench_open_tun(const char *name) {
    int descriptor = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        return -errno;
    }
    struct ifreq request;
    memset(&request, 0, sizeof request);
    request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
    strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    int header = (int)bench_tun_header_size();
    if (ioctl(descriptor, TUNSETIFF, &request) < 0 || ioctl(descriptor, TUNSETVNETHDRSZ, &header) < 0 ||
        ioctl(descriptor, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4) < 0) {
        int error = errno;
        close(descriptor);
        return -error;
    }
    return descriptor;
}

size_t bench_tun_header_size(void) {
    return sizeof(struct virtio_net_hdr);
}

uint16_t bench_tun_segment_size(const void *header) {
    struct virtio_net_hdr copy;
    memcpy(&copy, header, sizeof copy);
    return copy.gso_type == VIRTIO_NET_HDR_GSO_NONE ? 0 : copy.gso_size;
}

void bench_precise_timers(void) {
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
}

int bench_wait_for_two(int first, int second, int64_t nanoseconds) {
    struct pollfd descriptors[2] = {{first, POLLIN, 0}, {second, POLLIN, 0}};
    struct timespec timeout = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    int count = ppoll(descriptors, 2, nanoseconds < 0 ? NULL : &timeout, NULL);
    if (count <= 0) {
        return 0;
    }
    return (descriptors[0].revents ? 1 : 0) | (descriptors[1].revents ? 2 : 0);
}
