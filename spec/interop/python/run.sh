#!/usr/bin/env bash
# pycryptodome and pymongo's bson as a codec under test. Usage: run.sh LOCOSPEC_BINARY [more arguments of `locospec check`]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
"$here/venv.sh"
exec "$here/../judge.sh" python "$@"
