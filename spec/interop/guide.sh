#!/usr/bin/env bash
# Follows GUIDE.md: runs its ```sh blocks, in their order, in an empty folder. Usage: guide.sh LOCOSPEC_BINARY
set -euo pipefail

if [ $# -ne 1 ] || [ ! -x "$1" ]; then
    echo "usage: guide.sh LOCOSPEC_BINARY (an executable)" >&2
    exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LOCOSPEC=$(cd "$here/../.." && pwd)
PATH="$(cd "$(dirname "$1")" && pwd):$PATH"
export LOCOSPEC PATH
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
awk '/^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$here/GUIDE.md" >.guide
if [ "$(grep -c '^locospec check ' .guide)" -lt 8 ]; then
    echo "GUIDE.md has fewer commands than it had: are its blocks still \`\`\`sh?" >&2
    exit 1
fi
bash -euxo pipefail .guide </dev/null
echo "ok: the guide works"
