#!/usr/bin/env bash
# Makes target/interop/python, where the Python codec finds what it needs, if it is not there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$here/../../../target/interop/python
if "$venv/bin/python" -c 'import bson, Crypto' 2>/dev/null; then
    exit 0
fi
python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
