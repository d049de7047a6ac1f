#!/usr/bin/env python3
"""Verifies an evidence package of Waybill: python3 verify.py [FOLDER or ZIP] [--key VKEY] [--identifier ID]

Needs nothing but Python 3.8 or later. Recomputes the digest of every file, the signatures of the log's key, each entry's hash and its
way to the signed root, the vendor's sequence and its seals, each outcome's intent, and what openings open. Prints what it checked.
Exit code 0: everything fits. 1: a fault; the first one is named with file and line. 2: wrong usage.
"""
import argparse
import base64
import hashlib
import hmac
import json
import os
import re
import sys
import zipfile

FORM = "waybill-evidence-1"
AFTER = ("MANIFEST.note", "MANIFEST.note.p7s", "MANIFEST.note.tsr", "SIGNATURES.note")
LISTS = ("tile.sha256", "proofs.sha256")
ACTS = ("start", "acknowledge", "origin")
SMALL_BYTES_MAX, LINE_BYTES_MAX, FAULTS_SHOWN = 64 << 20, 64 << 20, 10
NAME = re.compile(r"(?!\.{1,2}(/|$))[A-Za-z0-9._@-]+(/(?!\.{1,2}(/|$))[A-Za-z0-9._@-]+)*\Z")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")


class Fault(Exception):
    """What is wrong, and where."""

    def __init__(self, where, what):
        super().__init__(f"{where}: {what}")


# --- Where the files come from -------------------------------------------------------------------------------------------------

class Folder:
    def __init__(self, path):
        self.path = path

    def names(self):
        found = []
        for folder, _, files in os.walk(self.path):
            found += [os.path.relpath(os.path.join(folder, name), self.path).replace(os.sep, "/") for name in files]
        return found

    def open(self, name):
        path = os.path.join(self.path, name)
        if os.path.islink(path) or not os.path.isfile(path):
            raise Fault(name, "is missing")
        return open(path, "rb")


class Zip:
    def __init__(self, path):
        self.zip = zipfile.ZipFile(path)
        inside = [name for name in self.zip.namelist() if not name.endswith("/")]
        roots = {name.split("/", 1)[0] for name in inside}
        if len(roots) != 1 or any("/" not in name for name in inside) or len(set(inside)) != len(inside):
            raise Fault(path, "is no evidence package")
        self.root = roots.pop() + "/"
        self.files = {name[len(self.root):] for name in inside}

    def names(self):
        return list(self.files)

    def open(self, name):
        if name not in self.files:
            raise Fault(name, "is missing")
        return self.zip.open(self.root + name)


def read(source, name):
    with source.open(name) as file:
        content = file.read(SMALL_BYTES_MAX + 1)
    if len(content) > SMALL_BYTES_MAX:
        raise Fault(name, "is too large")
    return content


# --- Ed25519, RFC 8032 -----------------------------------------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def unpack(encoded):
    """A point in extended coordinates, or nothing."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return result


BASE = unpack((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519(key, text, signature):
    a, r, s = unpack(key), unpack(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % L
    left, right = times(s, BASE), add(r, times(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- Signed notes (C2SP) ---------------------------------------------------------------------------------------------------------

def base64_bytes(text):
    raw = base64.b64decode(text, validate=True)
    if base64.b64encode(raw).decode() != text:
        raise ValueError("not in the one right form")
    return raw


class Key:
    """`<name>+<hash>+<base64(1 ‖ key)>`"""

    def __init__(self, text):
        self.text = text
        try:
            self.name, digest, body = text.split("+", 2)
            body = base64_bytes(body)
            self.hash = bytes.fromhex(digest)
        except ValueError:
            raise Fault("key", "is no verifier key") from None
        self.raw = body[1:]
        if len(body) != 33 or body[0] != 1 or self.hash != hashlib.sha256(self.name.encode() + b"\n" + body).digest()[:4]:
            raise Fault("key", "is no Ed25519 verifier key")

    @property
    def pem(self):
        spki = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + self.raw).decode()
        return f"-----BEGIN PUBLIC KEY-----\n{spki}\n-----END PUBLIC KEY-----\n"


def note_text(name, content, keys, trusted, strict):
    """The text of a note that these keys signed. `strict`: nobody else did, and nobody twice."""
    try:
        text, signatures = content.decode("utf-8").rsplit("\n\n", 1)
        text, lines = text + "\n", signatures.split("\n")
        if lines.pop() or not lines or any(ord(c) < 32 and c != "\n" for c in content.decode()):
            raise ValueError
        signed = set()
        for line in lines:
            dash, signer, body = line.split(" ")
            body = base64_bytes(body)
            if dash != "\u2014" or not signer or len(body) <= 4:
                raise ValueError
            key = next((key for key in keys if key.name == signer and key.hash == body[:4]), None)
            if key is None:
                if strict:
                    raise Fault(name, "is signed by a key that policy.txt does not name")
                continue
            if strict and key.text in signed:
                raise Fault(name, "is signed twice by one key")
            if not ed25519(key.raw, text.encode(), body[4:]):
                raise Fault(name, "has a signature that is false")
            signed.add(key.text)
    except ValueError:
        raise Fault(name, "is no signed note") from None
    if not signed & {key.text for key in trusted}:
        raise Fault(name, "is not signed by the log's key")
    return text


# --- Tree (RFC 6962) and tiles (C2SP tlog-tiles) ---------------------------------------------------------------------------------

def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf(entry):
    return hashlib.sha256(b"\x00" + entry).digest()


def fold(stack):
    root = stack[-1][1]
    for _, left in reversed(stack[:-1]):
        root = node(left, root)
    return root


def push(stack, height, value):
    while stack and stack[-1][0] == height:
        value, height = node(stack.pop()[1], value), height + 1
    stack.append((height, value))


def root_of(hashes):
    if not hashes:
        return hashlib.sha256(b"").digest()
    stack = []
    for value in hashes:
        push(stack, 0, value)
    return fold(stack)


def split(body):
    return [body[at:at + 32] for at in range(0, len(body), 32)]


class Tiles:
    """Hashes of entries, each tile tied to the root through the ones above it."""

    def __init__(self, source, size, root):
        self.source, self.size, self.cache = source, size, {}
        stack = []
        levels = (size.bit_length() + 7) // 8
        for level in reversed(range(levels)):
            count = size >> 8 * level
            if count & 255:
                body = self.load(level, count >> 8, count & 255)
                self.cache[level, count >> 8] = body
                for value in split(body):
                    push(stack, 8 * level, value)
        if not stack or fold(stack) != root:
            raise Fault("tile", "the tiles of the right edge do not give the checkpoint's root")

    def load(self, level, index, width):
        groups = [f"{index % 1000:03}"]
        rest = index // 1000
        while rest:
            groups.insert(0, f"x{rest % 1000:03}")
            rest //= 1000
        name = f"tile/{level}/{'/'.join(groups)}" + (f".p/{width}" if width < 256 else "")
        body = read(self.source, name)
        if len(body) != width * 32:
            raise Fault(name, "has the wrong length")
        return body

    def tile(self, level, index):
        if (level, index) in self.cache:
            return self.cache[level, index]
        if index >= self.size >> 8 * (level + 1):
            raise Fault("tile", f"level {level} has no tile {index}")
        body = self.load(level, index, 256)
        above = self.tile(level + 1, index >> 8)
        if root_of(split(body)) != above[index % 256 * 32:index % 256 * 32 + 32]:
            raise Fault(f"tile/{level}", f"tile {index} is not the one above it")
        self.cache = {name: body for name, body in self.cache.items()
                      if name[0] != level or name[1] == self.size >> 8 * (name[0] + 1)}
        self.cache[level, index] = body
        return body

    def hash(self, index):
        if index >= self.size:
            raise Fault("tile", f"the log has no entry {index}")
        return self.tile(0, index >> 8)[index % 256 * 32:index % 256 * 32 + 32]


def includes(value, index, size, path, root):
    """RFC 9162, 2.1.3.2."""
    at, last = index, size - 1
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            value = node(sibling, value)
            while at & 1 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            value = node(value, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and value == root


# --- What the entries say --------------------------------------------------------------------------------------------------------

class Slice:
    """A vendor's entries: sequences without gaps, seals that name the last one, edges that show nothing lies outside. Or a person's."""

    def __init__(self, scope):
        self.scope, self.vendor = scope, scope.get("vendor")
        self.intents = self.denied = self.dead = 0
        self.open, self.unknown, self.refused, self.seals, self.runs, self.epochs = {}, [], {}, [], {}, {}
        self.start, self.end = scope["first"] == 0, scope["end"] == scope["size"]

    def take(self, entry, index, value):
        """Nothing, or what is wrong."""
        kind, first, end = entry["kind"], self.scope["first"], self.scope["end"]
        if self.vendor is None and kind not in ("intent", "outcome"):
            return "the entry does not belong to the package"
        if kind == "outcome":
            last = self.follow(entry)
            return last or self.outcome(entry, index)
        time = entry["t"]
        place = -1 if time < self.scope["from"] else 0 if time < self.scope["until"] else 1
        if place != (-1 if index < first else 0 if index < end else 1):
            return "the entry's time does not fit its place in the period"
        if self.vendor is None:
            return self.intent(entry, index, value) if place == 0 else "the intent is not of the period"
        return self.follow(entry) or self.of_vendor(entry, kind, index, value)

    def follow(self, entry):
        last = self.epochs.get(entry["node"])
        if self.vendor is not None and last is not None and entry["ep"] not in (last, last + 1):
            return f"epochs of the node are missing between {last} and {entry['ep']}"
        self.epochs[entry["node"]] = entry["ep"]
        return None

    def of_vendor(self, entry, kind, index, value):
        first, end = self.scope["first"], self.scope["end"]
        if kind == "denied":
            self.denied += 1
            return None if entry["vendor"] == self.vendor and first <= index < end else "the denial belongs to another vendor or period"
        if kind == "intent":
            return self.vendor_intent(entry, index, value)
        if kind == "seal":
            return self.seal(entry, index)
        if kind == "config" and entry["act"] in ACTS:
            self.start = self.start or (index < first and entry["act"] == "start")
            return None
        return None if kind == "keychange" else "the entry does not belong to the package"

    def vendor_intent(self, entry, index, value):
        first, end, count = self.scope["first"], self.scope["end"], entry["vseq"]
        if entry["vendor"] != self.vendor:
            return "the intent belongs to another vendor"
        name = (entry["node"], entry["ep"])
        run = self.runs.get(name)
        if run is None:
            start = "previous" if index < first else "first" if count == 1 else "unproven"
            run = self.runs[name] = {"first": count, "start": start, "intents": 0, "since": 0, "next": False, "sealed": None}
        elif run["next"] or count != run["last"] + 1:
            return f"the vendor's sequence has a gap: {run['last'] + 1} was expected, {count} stands here"
        run["last"], run["leaf"] = count, value.hex()
        run["next"] = index >= end
        if not first <= index < end:
            return None
        run["intents"] += 1
        run["since"] += 1
        return self.intent(entry, index, value)

    def intent(self, entry, index, value):
        self.intents += 1
        if entry["xid"] in self.open:
            return "the transfer already has an intent without an outcome"
        self.open[entry["xid"]] = (index, value.hex())
        return None

    def outcome(self, entry, index):
        intent = self.open.pop(entry["xid"], None)
        if intent is None:
            return "the outcome's intent is not in the package"
        if entry["res"] == "unknown":
            self.unknown.append({"index": index, "intent": intent[0]})
        return None if entry["il"] == intent[1] else "the outcome does not cite its intent's leaf hash"

    def seal(self, entry, index):
        of, first, end = entry["of"], self.scope["first"], self.scope["end"]
        if index < first:
            return "the seal does not belong to the period"
        self.end = self.end or index >= end
        if index < end:
            self.dead += entry["why"] == "dead"
            for code, count in entry["refused"].items():
                self.refused[code] = self.refused.get(code, 0) + count
        row = {"index": index, "node": of["node"], "epoch": of["ep"], "nseq": of["nseq"], "why": entry["why"]}
        head = next((head for head in entry["heads"] if head["vendor"] == self.vendor), None)
        if head:
            row["vseq"] = head["vseq"]
        self.seals.append(row)
        run = self.runs.get((of["node"], of["ep"]))
        if head is None:
            return "the seal does not name the vendor, which had intents since the seal before" if run and run["since"] else None
        if run is None:
            return f"the seal names intent {head['vseq']} of the vendor, which is not in the package"
        if index >= end and run["next"] and head["vseq"] > run["last"]:
            return None
        if head["vseq"] != run["last"]:
            return f"the seal names intent {head['vseq']} of the vendor as its last; the package has {run['last']}"
        if head["h"] != run["leaf"]:
            return "the seal names another intent than the package has"
        run["sealed"], run["since"] = run["last"], 0
        return None

    def gaps(self):
        """What gaps.json must say."""
        gaps = {"intents": self.intents, "open": sorted(index for index, _ in self.open.values()), "unknown": self.unknown}
        if self.vendor is None:
            return gaps
        runs = [{"node": node, "epoch": epoch, "first": run["first"], "last": run["last"], "intents": run["intents"], "start": run["start"],
                 "end": "next" if run["next"] else "seal" if run["sealed"] == run["last"] else "unproven"}
                for (node, epoch), run in self.runs.items()]
        gaps.update(denied=self.denied, refused=self.refused, dead_epochs=self.dead, seals=self.seals, runs=runs,
                    complete=self.start and self.end and all("unproven" not in (run["start"], run["end"]) for run in runs),
                    edges={"start": "shown" if self.start else "unproven", "end": "shown" if self.end else "unproven"})
        return gaps


def mac(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def opening_fault(line, entry, identifiers, hits):
    """What is wrong with the opening of one intent: commitments against subj.root, decision lines against dec.root."""
    commitments = [bytes.fromhex(c) for c in line["commitments"]]
    if len(commitments) != entry["subj"]["n"] or root_of([leaf(c) for c in commitments]).hex() != entry["subj"]["root"]:
        return "the commitments do not give the intent's subj.root"
    for subject in line["subjects"]:
        r = bytes.fromhex(subject["r"])
        own = {bytes.fromhex(c) for c in subject["commitments"]}
        if len(r) != 32 or not own or not own <= set(commitments):
            return "a commitment of the person is not one of the transfer's"
        for named in subject["named"]:
            if mac(r, b"s\0" + named["id"].encode()).hex() != named["c"] or bytes.fromhex(named["c"]) not in own:
                return "r does not open the commitment it is said to open"
        for identifier in identifiers:
            if mac(r, b"s\0" + identifier.encode()) in own:
                hits[identifier].add(line["index"])
    key, lines = bytes.fromhex(line["decisions"]["key"]), line["decisions"]["lines"]
    if lines:
        macs = [bytes.fromhex(text) if isinstance(text, str) else mac(key, canonical(text)) for text in lines]
        if len(macs) != entry["dec"]["n"] or root_of([leaf(m) for m in macs]).hex() != entry["dec"]["root"]:
            return "the decision lines do not give the intent's dec.root"
    return None


# --- The package -----------------------------------------------------------------------------------------------------------------

class Verification:
    def __init__(self, source, trusted=(), identifiers=()):
        self.source, self.trusted, self.identifiers = source, list(trusted), list(identifiers)
        self.faults, self.done, self.entries, self.root = [], [], 0, ""
        self.hits = {identifier: set() for identifier in identifiers}

    def run(self):
        """What later checks stand on ends it; a file that differs does not, so that its line is found."""
        for check in (self.keys, self.files, self.checkpoint, self.all_entries, self.proofs):
            before = len(self.faults)
            try:
                check()
            except Fault as fault:
                self.faults.append(str(fault))
            except RecursionError:
                self.faults.append(f"{check.__name__}: the package is damaged (nested too deep)")
            except Exception as problem:  # Whatever a damaged file leads to is a fault of the file, never of this program.
                self.faults.append(f"{check.__name__}: the package is damaged ({type(problem).__name__})")
            if len(self.faults) > before and not hasattr(self, "wanted"):
                break
        # The line says more than that the file differs.
        self.faults.sort(key=lambda fault: not re.match(r"[^ ]+:\d+: ", fault))
        return self

    def keys(self):
        lines = read(self.source, "policy.txt").decode().split("\n")
        if len(lines) < 3 or lines[-2:] != ["quorum none", ""] or any(not line.startswith("log ") for line in lines[:-2]):
            raise Fault("policy.txt", "is not the policy of one log")
        self.policy = [Key(line[4:]) for line in lines[:-2]]
        if read(self.source, "log.pem").decode() != "".join(key.pem for key in self.policy):
            raise Fault("log.pem", "does not hold the keys of policy.txt")
        if self.trusted and not {key.text for key in self.trusted} & {key.text for key in self.policy}:
            raise Fault("policy.txt", "does not name the key that you trust")
        self.roots = self.trusted or self.policy
        self.done.append("the keys of policy.txt and log.pem are the same")

    def listed(self, where, text):
        found, last = {}, ""
        for number, line in enumerate(text.split("\n")[:-1], 1):
            digest, name = line[:64], line[66:]
            if not re.match(r"[0-9a-f]{64}\Z", digest) or line[64:66] != "  " or not NAME.match(name) or name <= last:
                raise Fault(f"{where}:{number}", "is no line of sha256sum, or out of order")
            found[name], last = digest, name
        if not text.endswith("\n"):
            raise Fault(where, "ends within a line")
        return found

    def files(self):
        texts = {name: note_text(name, read(self.source, name), self.policy, self.roots, True) for name in ("MANIFEST.note", "SIGNATURES.note")}
        manifest, signatures = (self.listed(name, texts[name]) for name in ("MANIFEST.note", "SIGNATURES.note"))
        present = set(self.source.names())
        if set(signatures) != present & set(AFTER[:3]) or set(manifest) & set(AFTER):
            raise Fault("SIGNATURES.note", "does not list the manifest and what signs it")
        wanted = dict(signatures, **manifest)
        for name in LISTS:
            if name in manifest:
                self.digest(name, wanted[name])
                more = self.listed(name, read(self.source, name).decode())
                if any(not inner.startswith(name[:-7] + "/") or inner in wanted for inner in more):
                    raise Fault(name, "lists files that do not belong there")
                wanted.update(more)
        self.faults += [str(Fault(name, "is not listed in the manifest")) for name in sorted(present - set(wanted) - {"SIGNATURES.note"})]
        self.wanted = wanted
        for name in sorted(wanted):
            try:
                self.digest(name, wanted[name])
            except Fault as fault:
                self.faults.append(str(fault))
        if self.faults:
            return
        self.done.append(f"{len(wanted)} files have the digests that the log's key signed")

    def digest(self, name, wanted):
        digest = hashlib.sha256()
        with self.source.open(name) as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
        if digest.hexdigest() != wanted:
            raise Fault(name, "is not the file that was listed: its SHA-256 differs")

    def checkpoint(self):
        text = note_text("checkpoint", read(self.source, "checkpoint"), self.policy, self.roots, False)
        lines = text.split("\n")
        self.scope = json.loads(read(self.source, "scope.json"))
        scope = self.scope
        if scope["form"] != FORM:
            raise Fault("scope.json", "is of another form than this program reads")
        numbers = [scope[name] for name in ("first", "end", "size")]
        if any(type(n) is not int for n in numbers) or not 0 <= numbers[0] <= numbers[1] <= numbers[2]:
            raise Fault("scope.json", "has places out of order")
        if not TIME.match(scope["from"]) or not TIME.match(scope["until"]):
            raise Fault("scope.json", "has no period")
        if lines[0] != scope["origin"] or lines[1] != str(scope["size"]):
            raise Fault("scope.json", "is about another state of the log than the checkpoint")
        root = base64_bytes(lines[2])
        self.root = root.hex()
        self.tiles = Tiles(self.source, scope["size"], root)
        self.done.append(f"the checkpoint of {scope['size']} entries is signed, and the tiles lead to its root {self.root}")

    def all_entries(self):
        part, last, cited = Slice(self.scope), -1, {}
        openings = self.source.open("openings.ndjson") if "openings.ndjson" in self.wanted else None
        if (openings is None) != (part.vendor is not None):
            raise Fault("openings.ndjson", "is there only for a person")
        with self.source.open("entries.ndjson") as entries, self.source.open("index.csv") as rows:
            if rows.readline(64) != b"index,kind,time,xid\n":
                raise Fault("index.csv:1", "is not the head of the index")
            for number, line in enumerate(iter(lambda: entries.readline(LINE_BYTES_MAX), b""), 1):
                where = f"entries.ndjson:{number}"
                row = rows.readline(256).decode()
                if not line.endswith(b"\n") or "," not in row:
                    raise Fault(where, "ends within a line, or has no row in index.csv")
                line, index = line[:-1], int(row.split(",", 1)[0])
                value, entry = leaf(line), json.loads(line)
                if index <= last:
                    raise Fault(f"index.csv:{number + 1}", "is out of order")
                last = index
                if row != f"{index},{entry['kind']},{entry['t']},{entry.get('xid', '')}\n":
                    raise Fault(f"index.csv:{number + 1}", "says something else than the entry")
                if self.tiles.hash(index) != value:
                    raise Fault(where, f"is not entry {index} of the log: its hash is not in the tree")
                if what := part.take(entry, index, value):
                    raise Fault(where, f"entry {index}: {what}")
                if entry["kind"] == "intent" and self.scope["first"] <= index < self.scope["end"]:
                    for policy in entry["pol"]:
                        cited[f"agreements/{policy['id']}@{policy['ver']}.yaml"] = policy["h"]
                    if openings:
                        self.opening(openings, entry, index)
            self.entries = number if last >= 0 else 0
            if rows.read(1) or (openings and openings.read(1)):
                raise Fault("index.csv", "has rows, or openings.ndjson lines, that no entry has")
        if json.loads(read(self.source, "gaps.json")) != part.gaps():
            raise Fault("gaps.json", "says something else than the entries")
        for name in sorted(name for name in self.wanted if name.startswith("agreements/")):
            if self.wanted[name] != cited.get(name):
                raise Fault(name, "is not the agreement version that the entries cite")
        self.tell(part)

    def opening(self, openings, entry, index):
        line = json.loads(openings.readline(LINE_BYTES_MAX))
        if line["index"] != index or line["xid"] != entry["xid"]:
            raise Fault("openings.ndjson", f"has no opening of entry {index} in its place")
        if what := opening_fault(line, entry, self.identifiers, self.hits):
            raise Fault("openings.ndjson", f"entry {index}: {what}")

    def tell(self, part):
        self.done.append(f"{self.entries} entries are in the tree; {part.intents} intents, {len(part.open)} without outcome, "
                         f"{len(part.unknown)} ended unknown (count them as disclosed)")
        if part.vendor is None:
            self.done.append("every transfer's opening gives the commitments and decision lines of its intent")
            for identifier, found in self.hits.items():
                self.done.append(f"{len(found)} of {part.intents} transfers commit to the identifier given")
            return
        complete = part.gaps()["complete"]
        self.done.append(f"the vendor's sequence has no gap and fits {len(part.seals)} seals; "
                         + ("complete: both edges of the period are shown" if complete else "an edge is NOT shown, see gaps.json"))

    def proofs(self):
        note, count = read(self.source, "checkpoint").decode(), 0
        for name in sorted(name for name in self.wanted if name.startswith("proofs/")):
            head, checkpoint = read(self.source, name).decode().split("\n\n", 1)
            lines = head.split("\n")
            index = int(lines[1][6:])
            if lines[0] != "c2sp.org/tlog-proof@v1" or lines[1] != f"index {index}" or checkpoint != note or name != f"proofs/{index}.tlog-proof":
                raise Fault(name, "is no proof of the entry it is named after, against the checkpoint")
            if not includes(self.tiles.hash(index), index, self.scope["size"], [base64_bytes(line) for line in lines[2:]], bytes.fromhex(self.root)):
                raise Fault(name, "does not prove its entry")
            count += 1
        self.done.append(f"{count} proof files lead to the root")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("package", nargs="?", default=os.path.dirname(os.path.abspath(__file__)), help="folder or zip; default: where this file is")
    options.add_argument("--key", action="append", default=[], metavar="VKEY", help="the log's key, had from elsewhere")
    options.add_argument("--identifier", action="append", default=[], metavar="ID", help="whether transfers commit to this, like email:a@b.example")
    chosen = options.parse_args()
    try:
        source = Folder(chosen.package) if os.path.isdir(chosen.package) else Zip(chosen.package)
        trusted = [Key(text) for text in chosen.key]
    except (Fault, OSError, zipfile.BadZipFile) as problem:
        print(f"NOT verified: {problem}")
        return 1
    result = Verification(source, trusted, chosen.identifier).run()
    for line in result.done:
        print(f"ok    {line}")
    if result.faults:
        for fault in result.faults[:FAULTS_SHOWN]:
            print(f"FAULT {fault}")
        print("The package is NOT what the log's key signed; do not rely on it, ask for it again.")
        return 1
    print("The package is whole." if trusted else
          "The package is whole. Its authenticity rests on the key inside it: compare policy.txt with a key you got elsewhere (--key).")
    print("Not checked here: MANIFEST.note.p7s and MANIFEST.note.tsr as signatures; README.md has the openssl commands.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
