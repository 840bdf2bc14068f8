# A clean Debian with a systemd of its own, for contrib/deb/test and contrib/deb/first-hour, which source this.
#
# It needs root, debootstrap and apt's mirror. The machine is a folder with namespaces of its own for processes, mounts
# and the network, where it has loopback only. Its base is kept in .build-deb/base-* for the next time.
# shellcheck shell=bash
# shellcheck disable=SC2154 # Who sources it sets repo and out.

# Debian's base with systemd, and what the steps look at the package with.
readonly packages=systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,openssh-server,openssh-client,iproute2,nftables
readonly tools=curl,netcat-openbsd,bash-completion,man-db
# No command in the machine may take longer; in seconds.
readonly patience=60

script_name="deb $(basename "$0")"
readonly script_name

say() { printf '%s: %s\n' "$script_name" "$*"; }
fail() {
    printf '%s: FAILED: %s\n' "$script_name" "$*" >&2
    exit 1
}
skip() {
    say "skipped: $*"
    exit 0
}

# step NAME COMMAND...: runs it, and prints how long it took.
step() {
    local began now
    current="$1"
    began="$(date +%s%N)"
    "${@:2}"
    now="$(date +%s%N)"
    say "$(printf '%-50s %6.1f s' "$current" "$(((now - began) / 1000000))e-3")"
}

# --- The machine ----------------------------------------------------------------------------------------------------

check_means() {
    [ "$EUID" -eq 0 ] || skip "it needs root"
    local command
    for command in debootstrap unshare nsenter findmnt; do
        command -v "$command" >/dev/null || skip "it needs $command"
    done
    cgroups="$(findmnt --noheadings --types cgroup2 --output TARGET | head -n 1)"
    [ -n "$cgroups" ] || skip "it needs cgroup2"
    deb="${1:-$(find "$out" -maxdepth 1 -name 'fwd_*.deb' -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -n 1 | cut -d ' ' -f 2-)}"
    [ -f "$deb" ] || fail "there is no package: run contrib/deb/build first"
}

make_base() {
    codename="$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")"
    # Another list of packages is another base.
    base="$out/base-$codename-$(printf '%s' "$packages,$tools" | cksum | cut -d ' ' -f 1)"
    [ ! -e "$base" ] || return 0
    local mirror
    # shellcheck disable=SC2016 # apt's variables.
    mirror="$(apt-get indextargets --format '$(CODENAME) $(REPO_URI)' "Created-By: Packages" |
        sed -n "s/^$codename //p" | head -n 1)"
    [ -n "$mirror" ] || skip "apt has no mirror of $codename"
    mkdir -p "$out"
    debootstrap --variant=minbase --include="$packages,$tools" "$codename" "$work/base" "$mirror" >"$work/log" 2>&1 || {
        tail -n 20 "$work/log" >&2
        return 1
    }
    rm -f "$work"/base/var/cache/apt/archives/*.deb "$work"/base/etc/ssh/ssh_host_*
    mv "$work/base" "$base"
}

# A layer above the base takes all that is written.
make_machine() {
    mkdir "$work/root" "$work/layer" "$work/overlay"
    mount -t overlay -o "lowerdir=$base,upperdir=$work/layer,workdir=$work/overlay" overlay "$work/root"
    chroot "$work/root" ssh-keygen -q -A >/dev/null 2>&1
}

# fetch_dependencies [PACKAGE...]: of the package, and of these, while the machine still has a network.
fetch_dependencies() {
    cp "$deb" "$work/root/var/tmp/fwd.deb"
    cp /etc/resolv.conf "$work/root/etc/resolv.conf"
    local apt=(timeout 300 chroot "$work/root" env DEBIAN_FRONTEND=noninteractive apt-get -qq)
    "${apt[@]}" update
    "${apt[@]}" install --download-only --yes /var/tmp/fwd.deb "$@"
}

boot() {
    cgroup="$cgroups/fwd-deb-test-$$"
    mkdir "$cgroup"
    (
        echo "$BASHPID" >"$cgroup/cgroup.procs"
        exec unshare --mount --pid --uts --ipc --net --cgroup --fork --kill-child "$repo/contrib/deb/test.boot" "$work/root"
    ) >"$work/console" 2>&1 </dev/null &
    machine=$!
    until_true "systemd is there" has_systemd
    equals "the machine" running "$(inside systemctl is-system-running --wait || true)"
}

has_systemd() {
    init="$(pgrep --parent "$machine")" && [ "$(cat "/proc/$init/comm")" = systemd ] &&
        inside test -S /run/systemd/private
}

# inside COMMAND...: as root of the machine.
inside() {
    timeout "$patience" nsenter --target "$init" --mount --uts --ipc --net --pid --cgroup --root --wd \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@" </dev/null
}

# until_true WHAT COMMAND...
until_true() {
    local end=$((SECONDS + patience))
    until "${@:2}" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || fail "waited in vain until $1"
        sleep 0.1
    done
}

halt() {
    if [ -n "${machine:-}" ]; then
        pkill --parent "$machine" --signal KILL 2>/dev/null || true
        wait "$machine" 2>/dev/null || true
    fi
    [ -z "${cgroup:-}" ] || find "$cgroup" -depth -type d -exec rmdir {} \; 2>/dev/null || true
    if mountpoint --quiet "$work/root"; then umount "$work/root"; fi
    rm -rf --one-file-system "$work"
}

finish() {
    local status=$?
    if [ "$status" -ne 0 ]; then
        printf '%s: FAILED in the step "%s"\n' "$script_name" "$current" >&2
        [ -z "${init:-}" ] || inside journalctl --no-pager --unit fwd.service --lines 40 >&2 || true
    fi
    halt
    exit "$status"
}

# equals WHAT WANTED FOUND
equals() {
    [ "$2" = "$3" ] || fail "$1 is \"$3\", not \"$2\""
}

# refused COMMAND...: which must fail.
refused() {
    if "$@" >/dev/null 2>&1; then fail "\"$*\" was done"; fi
}

# begin [FILE.deb]: finds the package and makes a folder to work in.
begin() {
    check_means "$@"
    # Its mounts are seen by nobody else, and go with it.
    if [ "${FWD_DEB_TEST_MOUNTS:-}" != own ]; then
        exec env FWD_DEB_TEST_MOUNTS=own unshare --mount --propagation private "$0" "$deb"
    fi
    current=beginning
    mkdir -p "$out"
    work="$(mktemp -d "$out/test.XXXXXX")"
    trap finish EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    say "$deb"
}
