#!/usr/bin/env bash
# talk-loco-client 0.6.1 as a client under test: judges it, and writes spec/interop/results/talk-loco-client.jsonl.
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
(cd "$here/../../.." && cargo build --quiet --example talk-loco-client)
cd "$here/../../.."
set -- "$bin" check --sut "spec/interop/talk-loco-client/sut.yaml" --baseline "spec/interop/talk-loco-client/baseline.yaml" \
    --report "json=spec/interop/results/talk-loco-client.jsonl" "$@"
if unshare -rn sh -c 'ip link set lo up' 2>/dev/null; then
    exec unshare -rn sh -c 'ip link set lo up && exec "$@"' sh "$@"
fi
echo "notice: no network namespace can be made here (unshare -rn, ip), so this runs on the plain loopback interface"
exec "$@"
