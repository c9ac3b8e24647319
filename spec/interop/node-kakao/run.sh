#!/usr/bin/env bash
# node-kakao 4.4.0 against `locospec serve`. Usage: run.sh LOCOSPEC_BINARY
# Both sides run in a network namespace without a route out, so that a mistake cannot reach a real host.
set -euo pipefail

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
    echo "usage: run.sh LOCOSPEC_BINARY (an executable)" >&2
    exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(realpath "$1")
if [ ! -d "$here/node_modules/node-kakao" ]; then
    echo "node-kakao is not installed: run 'npm ci --ignore-scripts' in spec/interop/node-kakao" >&2
    exit 2
fi

if unshare -rn sh -c 'ip link set lo up' 2>/dev/null; then
    exec unshare -rn sh -c 'ip link set lo up && exec node "$1/drive.js" "$2"' sh "$here" "$bin"
fi
echo "notice: no network namespace can be made here (unshare -rn, ip), so this runs on the plain loopback interface"
exec node "$here/drive.js" "$bin"
