#!/usr/bin/env bash
# node-kakao 4.4.0 as a client under test. Usage: check.sh LOCOSPEC_BINARY [more arguments of `locospec check`]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ ! -d "$here/node_modules/node-kakao" ]; then
    echo "node-kakao is not installed: run 'npm ci --ignore-scripts' in spec/interop/node-kakao" >&2
    exit 2
fi
exec "$here/../judge.sh" node-kakao "$@"
