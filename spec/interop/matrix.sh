#!/usr/bin/env bash
# One page of everybody: what `results/` has of the others, and our own of now. Without PAGE it is the brief one that is
# kept here, matrix.html; with PAGE it has all bytes and captures, and 20 MB. Usage: matrix.sh LOCOSPEC_BINARY [PAGE]
set -euo pipefail

if [ $# -lt 1 ] || [ ! -x "$1" ]; then
    echo "usage: matrix.sh LOCOSPEC_BINARY (an executable) [PAGE]" >&2
    exit 2
fi
bin=$(realpath "$1") page=spec/interop/matrix.html how=(--brief)
if [ $# -gt 1 ]; then
    page=$(realpath -m "$2") how=()
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p "$(dirname "$page")"
own=$(mktemp)
trap 'rm -f "$own"' EXIT
"$bin" check --seeds 0 --report "json=$own" >/dev/null
"$bin" check report "$own" spec/interop/results/*.jsonl --html "$page" "${how[@]}"
