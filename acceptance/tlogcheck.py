"""A follower of a tiled transparency log, written from the specifications alone: C2SP signed-note, tlog-checkpoint, tlog-tiles, tlog-proof,
tlog-witness' proofs and cosignatures, RFC 6962. Uses hashlib and `cryptography`, and nothing of Waybill.
"""
import base64
import hashlib
import http.client
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ED25519, COSIGNATURE = 1, 4
TILE = 256
SECONDS_MAX = 30


class Wrong(Exception):
    """Something does not hold; the message says what."""


def decode(text):
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise Wrong("base64 that is not canonical")
    return raw


@dataclass
class Key:
    """`<name>+<hash>+<base64(algorithm ‖ key)>`"""
    name: str
    hash: bytes
    algorithm: int
    raw: bytes

    @classmethod
    def of(cls, vkey):
        name, digits, body = vkey.split("+", 2)
        body = decode(body)
        mark = hashlib.sha256(name.encode() + b"\n" + body).digest()[:4]
        if mark.hex() != digits or len(body) != 33:
            raise Wrong(f"the verifier key of {name} does not fit its hash")
        return cls(name, mark, body[0], body[1:])

    def pem(self):
        der = bytes.fromhex("302a300506032b6570032100") + self.raw
        return "-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der).decode() + "\n-----END PUBLIC KEY-----\n"

    def verifies(self, text, signature):
        if self.algorithm == COSIGNATURE:
            text = f"cosignature/v1\ntime {int.from_bytes(signature[:8], 'big')}\n" + text
            signature = signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, text.encode())
            return True
        except InvalidSignature:
            return False


@dataclass
class Checkpoint:
    """A signed note whose text is a checkpoint, opened."""
    note: str
    text: str
    origin: str
    size: int
    root: bytes
    signatures: list

    @classmethod
    def of(cls, note):
        text, blank, lines = note.rpartition("\n\n")
        text += "\n"
        if not blank or not lines.endswith("\n"):
            raise Wrong("not a signed note")
        signatures = []
        for line in lines.splitlines():
            dash, name, body = line.split(" ")
            if dash != "\u2014":
                raise Wrong("not a signature line")
            body = decode(body)
            signatures.append((name, body[:4], body[4:]))
        origin, size, root = text.split("\n")[:3]
        if str(int(size)) != size or len(decode(root)) != 32:
            raise Wrong("not a checkpoint")
        return cls(note, text, origin, int(size), decode(root), signatures)

    def signature(self, key):
        """The signature of one key, verified; None if it has not signed."""
        for name, mark, signature in self.signatures:
            if name == key.name and mark == key.hash:
                if not key.verifies(self.text, signature):
                    raise Wrong(f"the signature of {name} is false")
                return signature
        return None


def leaf(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root(leaves):
    """RFC 6962, 2.1: by its definition."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:split]), root(leaves[split:]))


def included(entry_hash, index, size, path):
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2)."""
    at, last, value = index, size - 1, entry_hash
    for each in path:
        if last == 0:
            raise Wrong("the proof is too long")
        if at & 1 or at == last:
            value = node(each, value)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            value = node(value, each)
        at, last = at >> 1, last >> 1
    if last:
        raise Wrong("the proof is too short")
    return value


def extended(old, new, old_root, path):
    """Both roots that a consistency proof leads to (RFC 9162, 2.1.4.2)."""
    if old == new:
        return old_root, old_root
    path = list(path)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for each in path[1:]:
        if at & 1 or at == last:
            first, second = node(each, first), node(each, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, each)
        at, last = at >> 1, last >> 1
    if last:
        raise Wrong("the proof is too short")
    return first, second


def proof_of(text, begin):
    """(number, hashes, checkpoint) of a tlog-proof or an add-checkpoint body."""
    head, _, note = text.partition("\n\n")
    if not head.startswith(begin):
        raise Wrong("the proof does not begin as it must")
    number, *hashes = head[len(begin):].split("\n")
    return int(number), [decode(each) for each in hashes], Checkpoint.of(note)


def path_of(index, width):
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i:i + 3] for i in range(0, len(digits), 3)]
    return "/".join(["x" + each for each in groups[:-1]] + groups[-1:]) + (f".p/{width}" if width < TILE else "")


class Follower:
    """Reads a log where it is published."""

    def __init__(self, address, prefix="/log", token=None):
        self.address, self.prefix, self.token = address, prefix, token

    def ask(self, path, method="GET"):
        connection = http.client.HTTPConnection(*self.address, timeout=SECONDS_MAX)
        try:
            connection.request(method, f"{self.prefix}/{path}", headers={"Authorization": f"Bearer {self.token}"} if self.token else {})
            got = connection.getresponse()
            return got.status, {name.lower(): value for name, value in got.getheaders()}, got.read()
        finally:
            connection.close()

    def get(self, path, media):
        status, headers, body = self.ask(path)
        if status != 200 or headers.get("content-type") != media:
            raise Wrong(f"{path}: {status} {headers.get('content-type')}")
        return body

    def checkpoint(self):
        return Checkpoint.of(self.get("checkpoint", "text/plain; charset=utf-8").decode())

    def tile(self, level, index, width):
        body = self.get(f"tile/{level}/{path_of(index, width)}", "application/octet-stream")
        if len(body) != 32 * width:
            raise Wrong(f"tile {level}/{index} has {len(body)} bytes")
        return [body[i:i + 32] for i in range(0, len(body), 32)]

    def entries(self, size):
        """Every entry, from bundles."""
        found = []
        while len(found) < size:
            width = min(TILE, size - len(found))
            body = self.get(f"tile/entries/{path_of(len(found) // TILE, width)}", "application/octet-stream")
            for _ in range(width):
                length = int.from_bytes(body[:2], "big")
                if len(body) < 2 + length:
                    raise Wrong("a bundle ends within an entry")
                found.append(body[2:2 + length])
                body = body[2 + length:]
            if body:
                raise Wrong("a bundle holds more than its name says")
        return found

    def follow(self, checkpoint):
        """Reads everything under a checkpoint; raises unless entries, tiles and root fit. Returns the entries and how many tiles there were."""
        entries = self.entries(checkpoint.size)
        level, hashes, tiles = 0, [leaf(each) for each in entries], 0
        if root(hashes) != checkpoint.root:
            raise Wrong("the entries make another root than the checkpoint's")
        while hashes:
            for low in range(0, len(hashes), TILE):
                expected = hashes[low:low + TILE]
                if self.tile(level, low // TILE, len(expected)) != expected:
                    raise Wrong(f"tile {level}/{low // TILE} is not what the entries make it")
                tiles += 1
            hashes = [root(hashes[low:low + TILE]) for low in range(0, len(hashes) - TILE + 1, TILE)]
            level += 1
        return entries, tiles
