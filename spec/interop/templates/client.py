#!/usr/bin/env python3
"""A client under test, to begin with: it asks the booking server, and stops there. Put yours in its place.

One JSON object a line on stdin, one a line on stdout. Operations and events are in spec/interop/README.md.
"""

import json
import socket
import ssl
import struct
import sys
import threading

OPERATIONS = ["connect", "login", "close"]  # then send_text, read, leave
EVENTS = ["disconnected"]  # then logged_in, login_refused, message, sent, send_failed, read_mark, kicked, server_moves
SPEAKS = threading.Lock()


def say(line):
    with SPEAKS:
        print(json.dumps(line), flush=True)


def bson(fields):
    """A document of strings."""
    text = lambda s: struct.pack("<i", len(s.encode()) + 1) + s.encode() + b"\0"
    body = b"".join(b"\2" + name.encode() + b"\0" + text(value) for name, value in fields.items())
    return struct.pack("<i", len(body) + 5) + body + b"\0"


def request(ident, method, body):
    return struct.pack("<IH11sBI", ident, 0, method.encode(), 0, len(body)) + body


class Client:
    """Yours. `place` says where the server is and who to be."""

    def __init__(self, place):
        self.place = place

    def login(self):
        host, port = self.place["addr"].split(":")
        tls = ssl.create_default_context(cafile=self.place["ca"])
        with socket.create_connection((host, int(port)), 5) as plain:
            with tls.wrap_socket(plain, server_hostname="localhost") as booking:
                booking.sendall(request(1, "GETCONF", bson({"MCCMNC": "999", "os": "win32", "model": ""})))
                if not booking.recv(1 << 16):
                    raise ConnectionError("booking says nothing")
        raise NotImplementedError("CHECKIN, the secure layer, LOGINLIST")

    def close(self):
        pass


def login(client):
    """An operation is answered when it is taken; what comes of it is an event."""
    try:
        client.login()
    except Exception as why:
        say({"event": "failed", "why": repr(why)})


client = None
for line in sys.stdin:
    asked = json.loads(line)
    reply = {"id": asked["id"], "ok": True}
    if asked["op"] == "hello":
        reply.update(operations=OPERATIONS, events=EVENTS)
    elif asked["op"] == "connect":
        client = Client(asked)
    elif asked["op"] == "login":
        threading.Thread(target=login, args=[client], daemon=True).start()
    elif asked["op"] == "close":
        client.close()
    else:
        reply = {"id": asked["id"], "unimplemented": asked["op"]}
    say(reply)
