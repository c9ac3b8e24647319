#!/usr/bin/env python3
"""LOCO's codec out of pycryptodome and pymongo's bson, on JSON lines: see spec/interop/README.md."""

import json
import struct
import sys

import bson
import Crypto
from bson import json_util
from Crypto.Cipher import AES, PKCS1_OAEP, PKCS1_v1_5
from Crypto.PublicKey import RSA
from Crypto.Random import get_random_bytes
from Crypto.Util.Padding import pad, unpad

CBC_IV = b"locoforever" + bytes(5)
BODY_MAX = 16 << 20
FRAME_MAX = BODY_MAX + 22 + 12 + 16 + 16
# Wrapped length, key type, cipher; head and tail of a frame.
ERAS = {"2012": (128, 1, 1, 0, 0), "2019": (256, 12, 2, 16, 0), "2023": (256, 15, 2, 16, 0), "2025": (256, 16, 3, 12, 16)}
JSON = json_util.CANONICAL_JSON_OPTIONS


def want(truth, why):
    if not truth:
        raise ValueError(why)


def header(data):
    ident, status, method, kind, length = struct.unpack("<Ih11sBI", data[:22])
    name, _, rest = method.partition(b"\0")
    want(name and not rest.strip(b"\0"), "method")
    want(all(0x20 < b < 0x7F for b in name), "method")
    want(kind in (0, 8), "body type")
    want(length <= BODY_MAX, "body length")
    return {"id": ident, "status": status, "method": name.decode(), "body_type": kind}, length


def packet(head, body):
    doc = json.loads(json_util.dumps(bson.decode(body), json_options=JSON)) if body else None
    return head | {"body": doc}


def decode(r):
    data = bytes.fromhex(r["hex"])
    head, length = header(data)
    want(len(data) == 22 + length, "length")
    return packet(head, data[22:])


def encode(r):
    name = r["method"].encode()
    want(1 <= len(name) <= 11 and all(0x20 < b < 0x7F for b in name), "method")
    data = b""
    if r.get("body") is not None:
        data = bson.encode(json_util.loads(json.dumps(r["body"]), json_options=JSON))
    numbers = (r.get("id", 0), r.get("status", 0), name, r.get("body_type", 0), len(data))
    return {"hex": (struct.pack("<Ih11sBI", *numbers) + data).hex()}


def cipher(era, key, iv):
    if era == "2012":
        return AES.new(key, AES.MODE_CBC, CBC_IV)
    if era == "2025":
        return AES.new(key, AES.MODE_GCM, nonce=iv)
    return AES.new(key, AES.MODE_CFB, iv, segment_size=128)


def frames(era, key, data):
    plain, (_, _, _, iv, tag) = [], ERAS[era]
    while len(data) >= 4:
        (length,) = struct.unpack("<I", data[:4])
        want(max(iv + tag, 16 if era == "2012" else 0) <= length, "frame length")
        want(length <= (2048 if era == "2012" else FRAME_MAX), "frame length")
        if len(data) < 4 + length:
            break
        frame, data = data[4 : 4 + length], data[4 + length :]
        c = cipher(era, key, frame[:iv])
        if era == "2012":
            plain.append(unpad(c.decrypt(frame), 16))
        elif era == "2025":
            plain.append(c.decrypt_and_verify(frame[iv:-tag], frame[-tag:]))
        else:
            plain.append(c.decrypt(frame[iv:]))
    return b"".join(plain), data


def open_(r):
    plain, rest = frames(r["era"], bytes.fromhex(r["key"]), bytes.fromhex(r["hex"]))
    want(not rest, "ends inside a frame")
    return {"plain": plain.hex()}


def seal(r):
    era, key, plain, out = r["era"], bytes.fromhex(r["key"]), bytes.fromhex(r["plain"]), b""
    size = 2047 if era == "2012" else BODY_MAX
    for at in range(0, len(plain), size):
        piece = plain[at : at + size]
        iv = bytes.fromhex(r["iv"]) if "iv" in r else get_random_bytes(ERAS[era][3])
        c = cipher(era, key, iv)
        text = pad(piece, 16) if era == "2012" else piece
        frame = iv + (b"".join(c.encrypt_and_digest(text)) if era == "2025" else c.encrypt(text))
        out += struct.pack("<I", len(frame)) + frame
    return {"hex": out.hex()}


def handshake(r):
    key, era = RSA.import_key(r["public_key"]), r["era"]
    wrapped = (PKCS1_v1_5 if era == "2012" else PKCS1_OAEP).new(key).encrypt(bytes.fromhex(r["key"]))
    return {"hex": (struct.pack("<3I", *ERAS[era][:3]) + wrapped).hex()}


def accept(r):
    data = bytes.fromhex(r["hex"])
    era = next((e for e, row in ERAS.items() if row[:3] == struct.unpack("<3I", data[:12])), None)
    want(era and len(data) == 12 + ERAS[era][0], "numbers or length")
    key = RSA.import_key(r["private_keys"]["1024" if era == "2012" else "2048"])
    old = era == "2012"
    found = PKCS1_v1_5.new(key).decrypt(data[12:], get_random_bytes(16)) if old else PKCS1_OAEP.new(key).decrypt(data[12:])
    return {"era": era, "key": found[:16].hex()}


def stream(r):
    plain, sealed, packets = b"", b"", []
    for piece in r["pieces"]:
        sealed += bytes.fromhex(piece)
        more, sealed = frames(r["era"], bytes.fromhex(r["key"]), sealed) if "key" in r else (sealed, b"")
        plain += more
        while len(plain) >= 22:
            head, length = header(plain)
            if len(plain) < 22 + length:
                break
            packets.append(packet(head, plain[22 : 22 + length]))
            plain = plain[22 + length :]
    return {"packets": packets, "pending": len(plain)}


OPS = {f.__name__.strip("_"): f for f in (decode, encode, open_, seal, handshake, accept, stream)}
HELLO = {"name": "python", "version": Crypto.__version__, "ops": list(OPS), "eras": list(ERAS)}
OPS["hello"] = lambda _: HELLO


for line in sys.stdin:
    try:
        request = json.loads(line)
        print(json.dumps({"ok": OPS[request["op"]](request)}), flush=True)
    except Exception as e:
        print(json.dumps({"error": f"{type(e).__name__}: {e}"}), flush=True)
