# Sourced by bench/overload and bench/soak. Needs $root.
source "$root/scripts/lib/packages.sh"

# prepare_load ARGUMENT...: installs what the run needs, builds the release binary unless one is named, and leaves the arguments for the
# Python part in `arguments`.
prepare_load() {
    local build=yes argument deny=/usr/sbin/policy-rc.d
    for argument in "$@"; do
        case $argument in --waybill | --waybill=* | --help | -h) build=no ;; esac
    done
    need_packages "${build_packages[@]}" "${run_packages[@]}"
    # Debian starts nginx when it is installed, and this run wants its own instance only: say no for the time of the installation.
    if ((EUID == 0)) && [[ ! -e $deny ]] && ! command -v nginx >/dev/null; then
        printf '#!/bin/sh\nexit 101\n' >$deny
        chmod +x $deny
        need_packages nginx || { rm -f $deny; return 1; }
        rm -f $deny
    fi
    need_packages nginx nghttp2-client
    arguments=("$@")
    if [[ $build == yes ]]; then
        say "build: swift build -c release --product waybill"
        (cd "$root" && swift build -c release --product waybill >&2)
        arguments=(--waybill "$(cd "$root" && swift build -c release --show-bin-path)/waybill" "$@")
    fi
}
