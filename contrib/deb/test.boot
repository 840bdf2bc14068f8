#!/usr/bin/env bash
#
# Becomes the systemd of a root directory. contrib/deb/test starts it in namespaces of its own.
set -euo pipefail

root="$1"

mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
# For network forwards, where this kernel has it.
if [ -c /dev/net/tun ]; then
    mkdir "$root/dev/net"
    # For everybody, as udev makes it.
    mknod --mode 666 "$root/dev/net/tun" c 10 200
fi
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666 devpts "$root/dev/pts"
mount -t tmpfs tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
# Credentials are mounted by a process of systemd with mounts of its own, from where they must come back.
mount --make-rshared "$root"
ip link set lo up

exec env -i container=fwd-test PATH=/usr/sbin:/usr/bin:/sbin:/bin chroot "$root" /lib/systemd/systemd --show-status=no
