# shellcheck shell=bash
# What the checks beside this file have in common. Source it.

repo="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
readonly repo

say() { printf '%s: %s\n' "$(basename "$0")" "$*"; }
skip() {
    say "skipped: $*"
    exit 0
}
fail() {
    say "FAILED: $*" >&2
    exit 1
}

# needs COMMAND PACKAGE...: skips the check where one is missing.
needs() {
    while [ "$#" -gt 0 ]; do
        command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || skip "needs $1 (Debian's package $2)"
        shift 2
    done
}

# $FWD_BINARY, else the newest that was built here.
fwd_binary() {
    local built=("$repo/.build-release/release/fwd" "$repo/.build/debug/fwd") found
    found="${FWD_BINARY:-$(ls -t "${built[@]}" 2>/dev/null | head -n 1)}"
    [ -x "$found" ] || skip "there is no built fwd: swift build --product fwd"
    printf '%s\n' "$found"
}

# eventually SECONDS WHAT COMMAND...: waits until the command succeeds.
eventually() {
    local deadline=$((SECONDS + $1)) what="$2"
    until "${@:3}" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || fail "waited $1 s in vain until $what"
        sleep 0.1
    done
}

# A port of loopback that nobody has. The kernel gives it to somebody else only by chance.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# A process, its children, their children.
kill_tree() {
    local pid="$1" child
    for child in $(ps -o pid= --ppid "$pid"); do kill_tree "$child"; done
    kill -KILL "$pid" 2>/dev/null || true
}

# sshd in $work/NAME on ADDRESS:PORT, for root with $work/key; $sshd_pid is its process.
# start_sshd NAME ADDRESS PORT [WRAPPER...]
start_sshd() {
    local folder="$work/$1"
    mkdir -p "$folder" /run/sshd
    [ -e "$work/key" ] || ssh-keygen -q -t ed25519 -N '' -f "$work/key"
    [ -e "$work/hostkey" ] || ssh-keygen -q -t ed25519 -N '' -f "$work/hostkey"
    cp "$work/key.pub" "$folder/authorized_keys"
    cat >"$folder/sshd_config" <<CONFIG
Port $3
ListenAddress $2
HostKey $work/hostkey
PidFile $folder/pid
AuthorizedKeysFile $folder/authorized_keys
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
CONFIG
    "${@:4}" /usr/sbin/sshd -D -f "$folder/sshd_config" -E "$folder/log" &
    sshd_pid=$!
}
