// What the bench needs from C: a fast hash from libcrypto, and the calls around network namespaces and TUN devices
// whose constants and structures Swift does not see.
#ifndef CBENCH_H
#define CBENCH_H

#include <stddef.h>
#include <stdint.h>

// Poly1305 of a stream, with a key that is used for this stream only.
typedef struct bench_hash bench_hash;

bench_hash *bench_hash_new(const uint8_t key[32]);
void bench_hash_update(bench_hash *hash, const void *bytes, size_t count);
// Writes 16 bytes. The hash takes no more bytes afterwards.
void bench_hash_final(bench_hash *hash, uint8_t out[16]);
void bench_hash_free(bench_hash *hash);

// Moves the calling thread into the network namespace of that file. 0, or an errno.
int bench_enter_namespace(const char *path);

// accept4 with close-on-exec.
int bench_accept(int listener);

// epoll for input: a descriptor for the set, or -1; 0 or -1; how many of `ready` were filled, or -1.
int bench_poll_new(void);
int bench_poll_add(int poll, int descriptor);
int bench_poll_remove(int poll, int descriptor);
int bench_poll_wait(int poll, int *ready, int capacity);

// Opens a TUN device of that name in the calling thread's namespace: whole IP packets, each behind a virtio_net_hdr,
// TCP segments of one stream joined to packets of up to 64 KiB. A descriptor, or a negative errno.
int bench_open_tun(const char *name);

// The size of the header before each packet, and the segment size in it (0 where the packet is a single one).
size_t bench_tun_header_size(void);
uint16_t bench_tun_segment_size(const void *header);

// Lets the calling thread's timed waits end on time, and not 50 microseconds later.
void bench_precise_timers(void);

// ppoll on two descriptors, for input. Returns bit 0 and 1 for readable ones; 0 at the timeout.
int bench_wait_for_two(int first, int second, int64_t nanoseconds);

#endif
