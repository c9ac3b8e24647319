#!/usr/bin/env bash
# talk-loco-client 0.6.1 as a client under test. Usage: check.sh LOCOSPEC_BINARY [more arguments of `locospec check`]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
(cd "$here/../../.." && cargo build --quiet --locked --example talk-loco-client)
exec "$here/../judge.sh" talk-loco-client "$@"
