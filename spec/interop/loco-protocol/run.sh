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
exec "$bin" check --sut "$here/sut.yaml" --baseline "$here/baseline.yaml" --report "json=$here/../results/loco-protocol.jsonl"
