#!/usr/bin/env bash
# loco-protocol 6.5.0 as a codec under test. Usage: run.sh [LOCOSPEC_BINARY]; without one it is built.
# The adapter is built without optimisation: an overflow in it is then a panic, as it is for who develops with the crate.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../../.."
cargo build --quiet --locked --example loco-protocol-codec
bin=${1:-}
if [ -z "$bin" ]; then
    cargo build --quiet --locked --bin locospec
    bin=target/debug/locospec
fi
rc=0
"$bin" check --sut spec/interop/loco-protocol/sut.yaml \
    --baseline spec/interop/loco-protocol/baseline.yaml --report json=spec/interop/results/loco-protocol.jsonl || rc=$?
# Where the crate lies on this machine, and the number of its thread, are no results.
sed -i -E "s|/[^ ]*/registry/src/[^/]*/||g; s|(thread '[a-z]+') \([0-9]+\)|\1|g" spec/interop/results/loco-protocol.jsonl
exit "$rc"
