# Sourced by scripts/* and bench/*: installs the system packages a script needs and says what it does.
# Asks dpkg first, so the second run costs milliseconds and needs neither network nor root.

# To build: TLS headers for the TLS library's tests and signatures, SQLite for the store, zlib for content coding, curl for sinks, libarchive
# for evidence packages, Pango and Cairo for their reports, qrencode for the pictures of second factors.
build_packages=(libssl-dev libcurl4-openssl-dev libsqlite3-dev zlib1g-dev libarchive-dev libpango1.0-dev libqrencode-dev)
# To run the demo and the acceptance runs: a Python, and openssl to mint a throw-away certificate authority.
run_packages=(python3 openssl)
# To test: a font for the reports' PDF, and Poppler to read it.
test_packages=(fonts-dejavu-core poppler-utils)

say() { printf '%s\n' "$*" >&2; }

# need_packages NAME...: installs those that are missing; fails with the command to type when it may not.
need_packages() {
    local missing=() name
    if ! command -v dpkg-query >/dev/null; then
        say "packages: this is no Debian or Ubuntu; make sure that these are here: $*"
        return 0
    fi
    for name in "$@"; do
        dpkg-query -W -f='${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || missing+=("$name")
    done
    if ((${#missing[@]} == 0)); then
        say "packages: all here ($*)"
        return 0
    fi
    local as_root=()
    if ((EUID != 0)); then
        if ! command -v sudo >/dev/null; then
            say "packages: missing ${missing[*]}, and neither root nor sudo here. As root: apt-get install ${missing[*]}"
            return 1
        fi
        as_root=(sudo)
    fi
    say "packages: installing ${missing[*]}"
    local options=(-y -qq --no-install-recommends -o DPkg::Lock::Timeout=300)
    # The lists may be absent or old on a new machine: update only when the install needs it.
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "${missing[@]}" >/dev/null 2>&1; then
        "${as_root[@]}" apt-get update -qq >/dev/null
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "${missing[@]}" >/dev/null
    fi
    say "packages: installed"
}

# python_with MODULE: prints a Python 3 that can import the module (another python3 may come first on PATH).
python_with() {
    local candidate
    for candidate in python3 /usr/bin/python3; do
        if "$candidate" -c "import sys; assert sys.version_info >= (3, 9); import $1" 2>/dev/null; then
            printf '%s\n' "$candidate"
            return 0
        fi
    done
    say "no Python 3.9 or later can import '$1'"
    return 1
}
