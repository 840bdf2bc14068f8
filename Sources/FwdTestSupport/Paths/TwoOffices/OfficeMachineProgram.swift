/// The programs of an `OfficeMachine`.
enum OfficeMachineProgram {
    /// Its first process. Arguments: a directory of its own, and the path of fwd.
    static let boot = #"""
        set -euo pipefail
        own="$1" fwd="$2"
        systemctl="$(cat "$own/systemctl")"
        # What is written goes into memory, above what this system has.
        mount -t tmpfs tmpfs "$own"
        for part in /etc /home /root /usr/local /var; do
            mkdir -p "$own$part/upper" "$own$part/work"
            mount -t overlay -o "lowerdir=$part,upperdir=$own$part/upper,workdir=$own$part/work" overlay "$part"
        done
        mount -t tmpfs -o mode=755 tmpfs /run
        # Where udev is, everybody may open it; what may be done with it is for the kernel to say.
        mknod -m 666 "$own/tun" c 10 200
        mount --bind "$own/tun" /dev/net/tun
        rm -rf /root/.ssh /etc/fwd /etc/ssh/sshd_config.d/* /etc/ssh/ssh_host_*
        mkdir -p /etc/fwd/forwards.d /etc/fwd/keys /etc/ssh/sshd_config.d /run/sshd
        ssh-keygen -q -A
        printf '%s\n' "$systemctl" >/usr/local/bin/systemctl
        chmod 755 /usr/local/bin/systemctl
        ln -sf "$fwd" /usr/local/bin/fwd
        systemctl start ssh
        echo booted
        exec sleep infinity
        """#

    static let systemctl = #"""
        #!/bin/bash
        set -euo pipefail

        stop() {
            local pid
            pid="$(cat "/run/$1.pid" 2>/dev/null)" || return 0
            kill "$pid" 2>/dev/null || return 0
            while kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
        }

        # As LoadCredential=key:/etc/fwd/keys does.
        load_credentials() {
            rm -rf /run/credentials
            mkdir -p -m 700 /run/credentials
            local key
            for key in /etc/fwd/keys/*; do
                [ ! -f "$key" ] || install -m 400 "$key" "/run/credentials/key_${key##*/}"
            done
        }

        start_fwd() {
            load_credentials
            CREDENTIALS_DIRECTORY=/run/credentials setsid fwd run >/var/log/fwd.log 2>&1 </dev/null &
            echo "$!" >/run/fwd.pid
            for _ in {1..200}; do
                ! fwd list >/dev/null 2>&1 || return 0
                sleep 0.05
            done
            cat /var/log/fwd.log >&2
            return 1
        }

        case "$*" in
            "start ssh") /usr/sbin/sshd </dev/null >/dev/null 2>&1 && until [ -s /run/sshd.pid ]; do sleep 0.05; done ;;
            "reload ssh") /usr/sbin/sshd -t && kill -HUP "$(cat /run/sshd.pid)" ;;
            "restart ssh") /usr/sbin/sshd -t && stop sshd && systemctl start ssh ;;
            "restart fwd") stop fwd && start_fwd ;;
            "reload fwd") fwd reload ;;
            "daemon-reload") ;;
            *) echo "this machine has no systemctl $*" >&2 && exit 1 ;;
        esac
        """#
}
