#!/usr/bin/env bash
# Runs all tests. They need a GPU adapter; on Linux without one this installs the software
# Vulkan driver first (Debian and Ubuntu). More arguments go to `cargo test`.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*"; }

# Whether some Vulkan driver is registered with the loader.
has_driver() {
    PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | grep 'libvulkan\.so\.1' >/dev/null || return 1
    compgen -G '/usr/share/vulkan/icd.d/*.json' >/dev/null ||
        compgen -G '/etc/vulkan/icd.d/*.json' >/dev/null ||
        [ -n "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ]
}

install_driver() {
    if ! command -v apt-get >/dev/null; then
        say "no Vulkan driver, and no apt-get to install one: install Mesa's lavapipe (the"
        say "package is vulkan-swrast, mesa-vulkan-drivers or the like); GPU tests fail until then"
        return
    fi
    local as_root=()
    if [ "$(id -u)" != 0 ]; then as_root=(sudo); fi
    say "no Vulkan driver found: installing mesa-vulkan-drivers (a software one) with apt-get"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends mesa-vulkan-drivers libvulkan1 >/dev/null
}

if [ "$(uname -s)" = Linux ] && ! has_driver; then
    install_driver
fi
cargo test --release "$@"
