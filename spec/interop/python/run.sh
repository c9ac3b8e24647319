#!/usr/bin/env bash
# pycryptodome and pymongo's bson as a codec under test. Usage: run.sh [LOCOSPEC_BINARY]; without one it is built.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../../.."
venv=target/interop/python
if [ ! -x "$venv/bin/python" ]; then
    python3 -m venv "$venv"
fi
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
bin=${1:-}
if [ -z "$bin" ]; then
    cargo build --quiet --locked --bin locospec
    bin=target/debug/locospec
fi
exec "$bin" check --sut spec/interop/python/sut.yaml \
    --baseline spec/interop/python/baseline.yaml --report json=spec/interop/results/python.jsonl
