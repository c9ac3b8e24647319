#!/usr/bin/env bash
# node-kakao 4.4.0 as a client under test: judges it, and writes spec/interop/results/node-kakao.jsonl.
# Usage: check.sh LOCOSPEC_BINARY [more arguments of `locospec check`]
# Both sides run in a network namespace without a route out, so that a mistake cannot reach a real host.
set -euo pipefail

if [ $# -lt 1 ] || [ ! -x "$1" ]; then
    echo "usage: check.sh LOCOSPEC_BINARY [ARGUMENT...]" >&2
    exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(realpath "$1")
shift
if [ ! -d "$here/node_modules/node-kakao" ]; then
    echo "node-kakao is not installed: run 'npm ci --ignore-scripts' in spec/interop/node-kakao" >&2
    exit 2
fi
cd "$here/../../.."
set -- "$bin" check --sut "spec/interop/node-kakao/sut.yaml" --baseline "spec/interop/node-kakao/baseline.yaml" \
    --report "json=spec/interop/results/node-kakao.jsonl" "$@"
if unshare -rn sh -c 'ip link set lo up' 2>/dev/null; then
    exec unshare -rn sh -c 'ip link set lo up && exec "$@"' sh "$@"
fi
echo "notice: no network namespace can be made here (unshare -rn, ip), so this runs on the plain loopback interface"
exec "$@"
