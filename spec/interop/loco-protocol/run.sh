#!/usr/bin/env bash
# loco-protocol 6.5.0 as a codec under test. Usage: run.sh LOCOSPEC_BINARY [more arguments of `locospec check`]
# The adapter is built without optimisation: an overflow in it is then a panic, as it is for who develops with the crate.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
(cd "$here/../../.." && cargo build --quiet --locked --example loco-protocol-codec)
exec "$here/../judge.sh" loco-protocol "$@"
