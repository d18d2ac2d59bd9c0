#!/bin/sh
# The main job on a real pipeline and on its tampered copy.
#
#   sh examples/demo.sh [PATH_TO_chainguard-ml]
#
# Exits with 0 only if the first is accepted (0) and the second is refused (1). Leaves nothing behind.
set -eu

tool=${1:-chainguard-ml}
case $tool in
    */*) tool=$(cd "$(dirname "$tool")" && pwd)/$(basename "$tool") ;;
esac
cd "$(dirname "$0")/.."

data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
trap 'exit 130' INT TERM
export CHAINGUARD_ML_DATA_DIR="$data"
unset CHAINGUARD_ML_FORMAT

# run EXPECTED ARGUMENT...: show the command, run it, and hold it to its exit code.
run() {
    expected=$1
    shift
    printf '+ chainguard-ml %s\n' "$*"
    code=0
    "$tool" "$@" || code=$?
    if [ "$code" -ne "$expected" ]; then
        printf 'demo: this should have ended with exit code %s, not %s\n' "$expected" "$code" >&2
        exit 1
    fi
    printf '\n'
}

run 0 audit db import examples/advisories
run 0 check examples/pipeline --config examples/chainguard-ml.toml
run 1 check examples/tampered --config examples/chainguard-ml.toml
printf 'Shown: the pipeline may be released (exit code 0); its tampered copy may not (exit code 1).\n'
