#!/usr/bin/env bash
# Runs all tests. They need a GPU adapter, Khronos' tools to judge translated shaders, Chromium to
# look at a report, and numpy and safetensors for Python; what is missing of a software Vulkan driver, the
# tools and Chromium is installed first, where there is apt-get (Debian and Ubuntu), and the Python packages
# with pip, in target/. More arguments go to `cargo test`.
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

# Whether there is a browser for tests/draw.rs and tests/page.rs.
has_browser() {
    local program
    for program in "${UNLEARN_BROWSER:-chromium}" chromium chromium-browser google-chrome google-chrome-stable; do
        if command -v "$program" >/dev/null; then return; fi
    done
    return 1
}

# Installs packages. Where that fails the tests run all the same, and say what they lack.
install() {
    if ! command -v apt-get >/dev/null; then
        say "missing, and no apt-get to install it: $* (so Debian and Ubuntu name it)"
        return
    fi
    local as_root=()
    if [ "$(id -u)" != 0 ]; then as_root=(sudo); fi
    say "missing: $*; installing it with apt-get"
    "${as_root[@]}" apt-get update -qq &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
        say "apt-get could not install $*"
}

missing=()
if [ "$(uname -s)" = Linux ] && ! has_driver; then
    missing+=(mesa-vulkan-drivers libvulkan1) # lavapipe; elsewhere vulkan-swrast or the like
fi
command -v spirv-val >/dev/null || missing+=(spirv-tools)
command -v glslangValidator >/dev/null || missing+=(glslang-tools)
if [ "${#missing[@]}" != 0 ]; then
    install "${missing[@]}"
fi
# On its own: where there is no such package, as on Ubuntu, the others are installed all the same.
has_browser || install chromium
# A documented Python script is run, with numpy and safetensors; the test says where it cannot be.
export PATH="$PWD/target/python/bin:$PATH"
if command -v python3 >/dev/null && ! python3 -c 'import numpy, safetensors.numpy' 2>/dev/null; then
    say "missing: numpy and safetensors for python3; installing them in target/python"
    { python3 -m venv target/python && target/python/bin/pip install -q numpy safetensors; } ||
        say "they could not be installed"
fi
cargo test --release "$@"

# A second implementation of Vulkan, which Chromium brings along, runs every kernel too.
if [ "$#" = 0 ] && [ "$(uname -s)" = Linux ]; then
    for swiftshader in /usr/lib/chromium /usr/lib64/chromium-browser /opt/google/chrome; do
        swiftshader=$swiftshader/vk_swiftshader_icd.json
        if [ -f "$swiftshader" ]; then
            say "every kernel on SwiftShader: $swiftshader"
            VK_DRIVER_FILES=$swiftshader cargo test --release --test conformance -- SwiftShader
        fi
    done
fi
