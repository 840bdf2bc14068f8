# shellcheck shell=bash
#
# For contrib/setup and contrib/libssh2/check, which source it: Debian's source package of libssh2, and the patches of
# this folder upon it. Neither prints anything but the reason of a failure.

libssh2_patches="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

# One word for what would be applied: it changes whenever a patch does.
libssh2_patches_hash() {
    local name
    {
        cat "$libssh2_patches/series"
        while read -r name; do
            cat "$libssh2_patches/$name"
        done <"$libssh2_patches/series"
    } | sha256sum | cut -c 1-16
}

# The mirror from which this machine takes packages of the label $1 in Debian's Release files; $2 where it has none.
debian_mirror() {
    local uri
    # shellcheck disable=SC2016 # apt fills these in
    uri="$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        sed -n "s,^Debian|$1|,,p" | head -n 1)"
    printf '%s\n' "${uri:-$2}"
}

# Puts the newest source package of Debian 13 (trixie), with Debian's own patches, into the empty folder $1/source.
fetch_libssh2() {
    local work="$1"
    chmod 755 "$work"
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/sources" "$work/unpack"
    if [ "$EUID" -eq 0 ] && id _apt >/dev/null 2>&1; then
        chown _apt "$work/unpack" # apt downloads as this user
    fi

    local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -e "$keyring" ] || keyring=/usr/share/keyrings/debian-archive-keyring.pgp
    if ! [ -e "$keyring" ]; then
        echo "The keyring of Debian's archive is not in /usr/share/keyrings: install debian-archive-keyring." >&2
        return 1
    fi
    cat >"$work/sources/trixie.sources" <<SOURCES
Types: deb-src
URIs: $(debian_mirror Debian http://deb.debian.org/debian)
Suites: trixie
Components: main
Signed-By: $keyring

Types: deb-src
URIs: $(debian_mirror Debian-Security http://deb.debian.org/debian-security)
Suites: trixie-security
Components: main
Signed-By: $keyring
SOURCES
    # An apt state of its own: the machine's sources, lists and cache are neither read nor changed.
    local apt=(
        apt-get -qq
        -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$work/sources"
        -o "Dir::State::lists=$work/lists" -o "Dir::Cache=$work/cache"
        -o Acquire::AllowInsecureRepositories=false -o Acquire::AllowWeakRepositories=false
        -o APT::Get::AllowUnauthenticated=false -o APT::Update::Error-Mode=any
    )
    "${apt[@]}" update </dev/null >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        echo "Debian 13's package lists cannot be read or verified (see above): is debian-archive-keyring new enough?" >&2
        return 1
    }
    # Checks the signed lists against what it fetches, unpacks it and applies Debian's patches.
    (cd "$work/unpack" && "${apt[@]}" source libssh2) </dev/null >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        echo "libssh2's source package cannot be fetched or unpacked (see above)." >&2
        return 1
    }
    mv "$(find "$work/unpack" -mindepth 1 -maxdepth 1 -type d -name 'libssh2-*')" "$work/source"
}

# The version of the source package unpacked in $1.
libssh2_source_version() { dpkg-parsechangelog -l "$1/debian/changelog" -S Version; }

# Applies the series of this folder to the source in $1. A patch whose surroundings have changed is refused.
patch_libssh2() {
    local name log
    while read -r name; do
        log="$(patch -d "$1" -p1 --fuzz=0 --batch --forward --no-backup-if-mismatch \
            <"$libssh2_patches/$name" 2>&1)" || {
            printf '%s\n' "$log" >&2
            echo "contrib/libssh2/$name does not apply to libssh2 $(libssh2_source_version "$1") (see above)." >&2
            return 1
        }
    done <"$libssh2_patches/series"
}
