#!/usr/bin/env bash
# Looks at a run as a person would: its page in a headless Chromium, its capture in tshark with our dissector.
# Usage: run.sh LOCOSPEC_BINARY [SCREENSHOT-FOLDER]. Needs node, chromium and tshark.
set -euo pipefail

if [ $# -lt 1 ] || [ ! -x "$1" ]; then
    echo "usage: run.sh LOCOSPEC_BINARY [SCREENSHOT-FOLDER]" >&2
    exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
shots=${2:-$work}
mkdir -p "$shots"
chromium=$(command -v chromium || command -v chromium-browser || command -v google-chrome)

# A run that fails, by a planted bug, and one that does not.
failing=$here/lost-message.yaml
rc=0
"$bin" replay "$failing" --html "$work/failed.html" --pcapng "$work/failed.pcapng" >"$work/failed.txt" || rc=$?
[ "$rc" -eq 1 ] || { echo "the run that fails ends with $rc" && false; }
"$bin" replay 2 --html "$work/clean.html" --pcapng "$work/clean.pcapng" >"$work/clean.txt"
grep -q 'VIOLATION' "$work/failed.txt"
if grep -q $'\e' "$work/failed.txt"; then echo "colours where there is no terminal" && false; fi

node "$here/check.js" "$chromium" "$work/failed.html" "$shots" failed
node "$here/check.js" "$chromium" "$work/clean.html" "$shots" clean

# Every plain packet of the capture is read as what the trace says was sent, and nothing in it is malformed.
"$bin" spec export --wireshark "$work/loco.lua"
for run in "failed $failing" "clean 2"; do
    read -r name what <<<"$run"
    shark() { tshark -r "$work/$name.pcapng" -X "lua_script:$work/loco.lua" -o tcp.check_checksum:TRUE "$@" 2>"$work/said"; }
    "$bin" replay "$what" --trace >"$work/trace" || true
    grep -oE -- '-> [A-Z0-9]+ #[0-9]+' "$work/trace" | tr -d '#' | awk '{print $2, $3}' | sort >"$work/sent"
    shark -Y 'frame.interface_id == 1 && loco' -T fields -E aggregator=' ' -e loco.method -e loco.id |
        awk -F '\t' '{n = split($1, m, " "); split($2, i, " "); for (k = 1; k <= n; k++) print m[k], i[k]}' | sort >"$work/read"
    diff "$work/sent" "$work/read" >"$work/diff" || { echo "$name: trace and tshark differ" && head "$work/diff" && false; }
    wrong=$(shark -Y '_ws.malformed || loco.malformed || loco_sealed.malformed || tcp.checksum.status == "Bad" || ip.checksum.status == "Bad" || tcp.analysis.lost_segment' | head -n 5)
    [ -z "$wrong" ] || { printf '%s: tshark complains:\n%s\n' "$name" "$wrong" && false; }
    if grep -viE 'running as user|^$' "$work/said"; then echo "$name: tshark says the above" && false; fi
    handshakes=$(shark -Y 'frame.interface_id == 0 && loco_sealed.era' | wc -l)
    rooms=$(shark -Y 'loco.method == "WRITE" && loco.form == "request" && loco.room' | wc -l)
    [ "$handshakes" -gt 0 ] && [ "$rooms" -gt 0 ] || { echo "$name: $handshakes handshakes, $rooms WRITEs with a room" && false; }
    echo "$name: tshark reads $(wc -l <"$work/read") packets as the trace has them, $handshakes handshakes, nothing malformed"
done
