#!/usr/bin/env python3
"""Cross-checks the secure layer with python's `cryptography` (OpenSSL underneath), which shares no code with locospec.

    pip install cryptography
    python3 spec/vectors/secure/independent.py --make     writes independent.txt anew (paddings and IVs are random)
    python3 spec/vectors/secure/independent.py --verify   opens what locospec sealed: snapshots/secure_sealed.snap

Lines of both files, everything in hex:

    frame ERA NAME KEY PLAIN WIRE      WIRE is one or more frames; PLAIN is hex, or @N for the bytes i * 7 % 251, i < N
    wrap  ERA NAME KEY WRAPPED         a session key under RSA to spec/keys
    bad   ERA NAME KEY WRAPPED         a block to be rejected; KEY is what a careless reader would take out of it

The same library must open what we seal, and we what it sealed: `cargo test --lib secure::vectors` is the other half.
"""

import pathlib
import secrets
import struct
import sys
import warnings

warnings.filterwarnings("ignore")  # CFB and RSA-1024 are old, and the protocol is what it is

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
FIXED_IV = b"locoforever" + bytes(5)
MODERN = ("2019", "2023", "2025")
OAEP = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)


def private_key(era):
    name = "test-2048.pem" if era in MODERN else "test-1024.pem"
    return serialization.load_pem_private_key((ROOT / "spec/keys" / name).read_bytes(), None)


def rsa_padding(era):
    return OAEP if era in MODERN else padding.PKCS1v15()


def frame(ciphertext):
    return struct.pack("<I", len(ciphertext)) + ciphertext


def run(cipher, data):
    return cipher.update(data) + cipher.finalize()


def seal_piece(era, key, plain):
    aes = algorithms.AES(key)
    if era == "2012":
        pad = 16 - len(plain) % 16
        return frame(run(Cipher(aes, modes.CBC(FIXED_IV)).encryptor(), plain + bytes([pad]) * pad))
    if era == "2025":
        nonce = secrets.token_bytes(12)
        return frame(nonce + AESGCM(key).encrypt(nonce, plain, None))
    iv = secrets.token_bytes(16)
    return frame(iv + run(Cipher(aes, modes.CFB(iv)).encryptor(), plain))


def seal(era, key, plain):
    most = 2047 if era == "2012" else 16 << 20
    return b"".join(seal_piece(era, key, plain[at : at + most]) for at in range(0, len(plain), most))


def open_piece(era, key, data):
    aes = algorithms.AES(key)
    if era == "2012":
        assert 0 < len(data) <= 2048
        plain = run(Cipher(aes, modes.CBC(FIXED_IV)).decryptor(), data)
        assert 1 <= plain[-1] <= 16 and plain.endswith(plain[-1:] * plain[-1]), "padding"
        return plain[: -plain[-1]]
    if era == "2025":
        return AESGCM(key).decrypt(data[:12], data[12:], None)
    return run(Cipher(aes, modes.CFB(data[:16])).decryptor(), data[16:])


def open_wire(era, key, wire):
    plain, heads = b"", []
    while wire:
        (length,) = struct.unpack("<I", wire[:4])
        assert len(wire) >= 4 + length, "a frame runs past the end"
        plain += open_piece(era, key, wire[4 : 4 + length])
        heads.append(wire[4:16])
        wire = wire[4 + length :]
    if era in MODERN:
        assert len(set(heads)) == len(heads), "an IV or nonce came twice"
    return plain


def plain_of(text):
    return bytes(i * 7 % 251 for i in range(int(text[1:]))) if text.startswith("@") else bytes.fromhex(text)


def frames():
    for era in ("2012",) + MODERN:
        names = {"ping": "09000000000050494e47000000000000000000000000", "text": "안녕, LOCO".encode().hex()}
        lengths = (1, 15, 16, 17, 129, 2046, 2047, 2048, 4094, 4095) if era == "2012" else (1, 15, 16, 17, 129, 2049)
        names |= {f"length-{n}": f"@{n}" for n in lengths}
        for name, text in names.items():
            key = secrets.token_bytes(16)
            yield "frame", era, name, key.hex(), text, seal(era, key, plain_of(text)).hex()


def raw(era, block):
    """Textbook RSA: what no padding scheme would make."""
    numbers = private_key(era).public_key().public_numbers()
    size = (numbers.n.bit_length() + 7) // 8
    return pow(int.from_bytes(block.rjust(size, b"\0"), "big"), numbers.e, numbers.n).to_bytes(size, "big")


def wraps():
    for era in ("2012",) + MODERN:
        public = private_key(era).public_key()
        size = public.key_size // 8
        for name, length in (("key", 16), ("key-and-iv", 28), ("longest", size - (42 if era in MODERN else 11))):
            material = secrets.token_bytes(length)
            yield "wrap", era, name, material[:16].hex(), public.encrypt(material, rsa_padding(era)).hex()
        # Well padded, but too short for a key.
        for name, length in (("empty", 0), ("one-byte", 1), ("fifteen", 15)):
            material = secrets.token_bytes(length)
            wrapped = public.encrypt(material, rsa_padding(era))
            yield "bad", era, name, material.ljust(16, b"\0").hex(), wrapped.hex()
        key = secrets.token_bytes(16)
        other = padding.PKCS1v15() if era in MODERN else OAEP
        yield "bad", era, "wrong-padding", key.hex(), public.encrypt(key, other).hex()
        ones = b"\1" * size
        for name, block in {
            "block-type-1": b"\0\1" + b"\xff" * (size - 19) + b"\0" + key,
            "first-byte-1": b"\1\2" + ones[: size - 19] + b"\0" + key,
            "no-separator": b"\0\2" + ones[: size - 18] + key.replace(b"\0", b"\1"),
            "short-padding": b"\0\2" + ones[:7] + b"\0" + key + ones[: size - 26],
            "no-padding": key,
            "zero": b"",
        }.items():
            taken = key.replace(b"\0", b"\1") if name == "no-separator" else key if key in block else bytes(16)
            yield "bad", era, name, taken.hex(), raw(era, block).hex()
        yield "bad", era, "modulus", bytes(16).hex(), public.public_numbers().n.to_bytes(size, "big").hex()


def make():
    lines = [
        "# Made by spec/vectors/secure/independent.py --make with python's cryptography; its head explains the lines.",
        "# Session keys are random and protect nothing; the RSA keys are those of spec/keys.",
    ]
    lines += [" ".join(line) for line in (*frames(), *wraps())]
    (HERE / "independent.txt").write_text("\n".join(lines) + "\n")
    print(f"{len(lines) - 2} lines")


def verify():
    checked = {"frame": 0, "wrap": 0}
    for line in (ROOT / "snapshots/secure_sealed.snap").read_text().splitlines():
        words = line.split()
        if not words or words[0] not in checked:
            continue
        kind, era, name, key = words[0], words[1], words[2], bytes.fromhex(words[3])
        if kind == "frame":
            opened = open_wire(era, key, bytes.fromhex(words[5]))
            assert opened == plain_of(words[4]), f"{era} {name}: another plaintext"
        else:
            opened = private_key(era).decrypt(bytes.fromhex(words[4]), rsa_padding(era))
            assert opened == key, f"{era} {name}: another key"
        checked[kind] += 1
    assert checked["frame"] >= 24 and checked["wrap"] >= 4, f"too little to check: {checked}"
    print(f"opened {checked['frame']} sealed plaintexts and {checked['wrap']} wrapped keys of ours")


if __name__ == "__main__":
    actions = {"--make": make, "--verify": verify}
    if len(sys.argv) != 2 or sys.argv[1] not in actions:
        sys.exit(__doc__)
    actions[sys.argv[1]]()
