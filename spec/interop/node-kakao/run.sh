#!/usr/bin/env bash
# node-kakao 4.4.0 against `locospec serve`. Usage: run.sh LOCOSPEC_BINARY
set -euo pipefail

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
    echo "usage: run.sh LOCOSPEC_BINARY (an executable)" >&2
    exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ ! -d "$here/node_modules/node-kakao" ]; then
    echo "node-kakao is not installed: run 'npm ci --ignore-scripts' in spec/interop/node-kakao" >&2
    exit 2
fi
exec "$here/../alone.sh" node "$here/drive.js" "$(realpath "$1")"
