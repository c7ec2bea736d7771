# Sourced by the other tools: says what is being done and how long it took.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '==> %s\n' "$*"; }
fail() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf '  %s\n' "$2" >&2
    exit 1
}

# step "what is being done" command argument…
step() {
    local what=$1 start=$EPOCHREALTIME end ms
    shift
    say "$what"
    "$@" || fail "$what: failed" "command: $*"
    end=$EPOCHREALTIME
    ms=$(((${end/[.,]/} - ${start/[.,]/}) / 1000))
    printf '    done in %d.%03d s\n' $((ms / 1000)) $((ms % 1000))
}

need_swift() {
    command -v swift >/dev/null || fail "swift is not installed" \
        "Install a Swift 6.3 toolchain and put its usr/bin folder on PATH."
}

# Where the build system leaves the products of a configuration.
build_folder() { printf '.build/%s' "$1"; }
