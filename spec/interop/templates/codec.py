#!/usr/bin/env python3
"""A codec under test, to begin with: it has `decode` of packets without a body. Put yours in its place.

One JSON object a line on stdin, one a line on stdout. The operations are in spec/interop/README.md.
"""

import json
import struct
import sys


def decode(request):
    """Bytes in, a packet out. Raise whatever you like: it is a refusal."""
    data = bytes.fromhex(request["hex"])
    ident, status, method, kind, length = struct.unpack("<Ih11sBI", data[:22])
    if length != len(data) - 22 or length != 0:
        raise ValueError("only packets without a body so far")
    return {"id": ident, "status": status, "method": method.rstrip(b"\0").decode(), "body_type": kind, "body": None}


# encode, open, seal, handshake, accept, stream: add what you have.
OPERATIONS = {"decode": decode}
HELLO = {"name": "my codec", "version": "0.1", "ops": list(OPERATIONS), "eras": ["2025"]}


def answer(line):
    try:
        request = json.loads(line)
        if request["op"] == "hello":
            return {"ok": HELLO}
        if request["op"] not in OPERATIONS:
            return {"unimplemented": request["op"]}
        return {"ok": OPERATIONS[request["op"]](request)}
    except Exception as why:
        return {"error": repr(why)}


for line in sys.stdin:
    print(json.dumps(answer(line)), flush=True)
