# shellcheck shell=bash
#
# For contrib/libssh2/check --bench: bench.c against the stock and the patched library and `ssh -L` in turn, and the
# medians as a table. It needs about five minutes, and a machine that does nothing else for honest MB/s.

readonly bench_rounds=5 bench_megabytes=500
readonly bench_ciphers=("chacha20-poly1305@openssh.com -" "aes128-gcm@openssh.com -" "aes128-ctr hmac-sha2-256"
    "aes128-ctr hmac-sha2-256-etm@openssh.com")

bench_sshd() {
    mkdir -m 700 "$bench/home"
    ssh-keygen -q -t ed25519 -N '' -f "$bench/host"
    ssh-keygen -q -t ed25519 -N '' -f "$bench/user"
    bench_port="$("$bench/stock" port)"
    # HOME: so that no start-up file of the user's shell runs.
    cat >"$bench/config" <<CONFIG
ListenAddress 127.0.0.1
Port $bench_port
HostKey $bench/host
PidFile none
AuthorizedKeysFile $bench/user.pub
StrictModes no
UsePAM no
PermitRootLogin yes
LogLevel ERROR
MaxStartups 100
SetEnv HOME=$bench/home
CONFIG
    [ "$EUID" -ne 0 ] || mkdir -p /run/sshd
    /usr/sbin/sshd -D -f "$bench/config" -E "$bench/log" &
    bench_pid=$!
    sleep 1
    kill -0 "$bench_pid" || fail "sshd does not start: $(cat "$bench/log")"
}

# "MB/s CPU" of one run: $1 is stock, patched or ssh, then cipher, MAC, direction.
bench_once() {
    local which="$1" program="$bench/stock" extra=()
    [ "$which" != patched ] || program="$bench/patched"
    [ "$which" != ssh ] || extra=(ssh)
    timeout 120 "$program" "$bench_port" "$(id -un)" "$bench/user" "$2" "$3" "$4" "$bench_megabytes" "${extra[@]}" |
        sed 's,\(.*\) MB/s\, \(.*\) CPU s/GB,\1 \2,'
}

# The median of column $1 of a file.
bench_median() { cut -d ' ' -f "$1" "$2" | sort -n | sed -n "$(((bench_rounds + 1) / 2))p"; }

# shellcheck disable=SC2154 # check sets here, cache, stock and patched
run_bench() {
    local round each direction which cipher mac row
    bench="$(mktemp -d)"
    trap '[ -z "${bench_pid:-}" ] || kill "$bench_pid"; rm -rf "$bench"' EXIT
    for which in stock patched; do
        gcc -O2 -Wall -o "$bench/$which" "$here/bench.c" -I"$cache/${!which}/source/include" \
            "$cache/${!which}/build/src/libssh2.a" -lcrypto
    done
    bench_sshd
    say "$bench_rounds rounds of $bench_megabytes MB; load $(cut -d ' ' -f 1-3 /proc/loadavg)"
    for ((round = 0; round < bench_rounds; round++)); do
        for each in "${bench_ciphers[@]}"; do
            for direction in down up; do
                for which in stock patched ssh; do
                    # shellcheck disable=SC2086 # two words
                    bench_once "$which" $each "$direction" >>"$bench/$which-${each// /-}-$direction"
                done
            done
        done
    done
    echo "| MB/s (CPU s/GB) | stock down | patched down | ssh down | stock up | patched up | ssh up |"
    echo "|---|---|---|---|---|---|---|"
    for each in "${bench_ciphers[@]}"; do
        read -r cipher mac <<<"$each"
        row="| $cipher"
        [ "$mac" = - ] || row+=" + $mac"
        for direction in down up; do
            for which in stock patched ssh; do
                row+=" | $(bench_median 1 "$bench/$which-${each// /-}-$direction")"
                row+=" ($(bench_median 2 "$bench/$which-${each// /-}-$direction"))"
            done
        done
        echo "$row |"
    done
    say "load $(cut -d ' ' -f 1-3 /proc/loadavg)"
}
