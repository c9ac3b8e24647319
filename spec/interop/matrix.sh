#!/usr/bin/env bash
# One page of everybody: what `results/` has of the others, and our own of now. Usage: matrix.sh LOCOSPEC_BINARY [PAGE]
set -euo pipefail

if [ $# -lt 1 ] || [ ! -x "$1" ]; then
    echo "usage: matrix.sh LOCOSPEC_BINARY (an executable) [PAGE, else target/interop/matrix.html]" >&2
    exit 2
fi
bin=$(realpath "$1") page=$(realpath -m "${2:-$(dirname "${BASH_SOURCE[0]}")/../../target/interop/matrix.html}")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p "$(dirname "$page")"
own=$(mktemp)
trap 'rm -f "$own"' EXIT
"$bin" check --seeds 0 --report "json=$own" >/dev/null
"$bin" check report "$own" spec/interop/results/*.jsonl --html "$page"
