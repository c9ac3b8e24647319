#!/usr/bin/env bash
# Judges one of the implementations here by its sut.yaml and baseline.yaml, and writes results/NAME.jsonl.
# Usage: judge.sh NAME LOCOSPEC_BINARY [more arguments of `locospec check`]
set -euo pipefail

if [ $# -lt 2 ] || [ ! -x "$2" ]; then
    echo "usage: ${0##*/} NAME LOCOSPEC_BINARY (an executable) [ARGUMENT...]" >&2
    exit 2
fi
name=$1 bin=$(realpath "$2")
shift 2
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
here=spec/interop out=spec/interop/results/$name.jsonl rc=0
"$here/alone.sh" "$bin" check --sut "$here/$name/sut.yaml" --baseline "$here/$name/baseline.yaml" \
    --report "json=$out" "$@" || rc=$?
# Where things lie on this machine, and the number of a thread or process, are no results.
sed -i -E "s|$PWD/||g; s|/[^ \"]*/registry/src/[^/]*/||g; s|(thread '[a-z]+') \([0-9]+\)|\1|g; s|locospec-judge-[0-9]+-|locospec-judge-|g" "$out"
exit "$rc"
