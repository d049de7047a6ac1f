"""What must hold after any fault, judged from the store's rows by other code than the gate's.

Entries are read from the log's database as they stand; bodies are compared by their HMAC under the key in the side record; hashes are RFC 6962.
"""
import base64
import collections
import hashlib
import hmac
import json
import sqlite3
import struct


def leaf(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def root(leaves):
    """RFC 6962, 2.1: over all leaves at once, level by level; a last node without a sibling goes up as it is."""
    level = list(leaves)
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        pairs = [hashlib.sha256(b"\1" + level[i] + level[i + 1]).digest() for i in range(0, len(level) - 1, 2)]
        level = pairs + ([level[-1]] if len(level) % 2 else [])
    return level[0]


def checkpoint_of(path):
    """(origin, size, root) of the checkpoint in a file; None without one."""
    try:
        return checkpoint_text(path.read_text())
    except FileNotFoundError:
        return None


def checkpoint_text(note):
    origin, size, text = note.split("\n")[:3]
    return origin, int(size), base64.b64decode(text)


class Store:
    """The log's database as rows."""

    def __init__(self, path):
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            rows = connection.execute("SELECT first, n, body FROM commits ORDER BY first").fetchall()
            side = connection.execute("SELECT first, body FROM side").fetchall()
        finally:
            connection.close()
        self.raw, self.faults, self.body_keys = [], [], {}
        for first, count, body in rows:
            if first != len(self.raw):
                self.faults.append(f"entry {len(self.raw)} is missing")
            at, before = 0, len(self.raw)
            while at < len(body):
                length = body[at] << 8 | body[at + 1]
                self.raw.append(body[at + 2:at + 2 + length])
                at += 2 + length
            if len(self.raw) - before != count:
                self.faults.append(f"the commit at {first} says {count} entries")
        for first, row in side:
            at = 0
            while at < len(row):
                offset, length = struct.unpack_from(">II", row, at)
                if offset != 0xffffffff:
                    commitments, = struct.unpack_from(">I", row, at + 8)
                    place = at + 12 + commitments * 36
                    key_length, = struct.unpack_from(">I", row, place)
                    self.body_keys[first + offset] = row[place + 4:place + 4 + key_length]
                at += 8 + length
        self.entries = [json.loads(each) for each in self.raw]
        self.leaves = [leaf(each) for each in self.raw]

    def by_transfer(self, kind):
        found = collections.defaultdict(list)
        for index, entry in enumerate(self.entries):
            if entry["kind"] == kind:
                found[entry["xid"]].append(index)
        return found


class Judge:
    """Goes from round to round: what was in the log must stay, what a vendor has must be in it."""

    def __init__(self):
        self.leaves, self.checkpoints, self.claimed = [], [], set()
        self.totals = collections.Counter()

    def remember(self, path):
        """A checkpoint as it stands before a fault."""
        if found := checkpoint_of(path):
            self.checkpoints.append(found)

    def violations(self, store, received, answered, is_at_rest=True):
        """One sentence for each thing that does not hold. `received`: (body, content length) that vendors got; `answered`: transfers whose
        answer the caller got. `is_at_rest`: the gate has recovered and stopped, so nothing is open any more."""
        found = list(store.faults)
        if store.leaves[:len(self.leaves)] != self.leaves:
            found.append("entries that were there are gone or others now")
        for origin, size, old in self.checkpoints[-3:]:
            if size > len(store.leaves) or root(store.leaves[:size]) != old:
                found.append(f"the old checkpoint of {size} entries is not a prefix of the log")
        found += self.sequences(store) + self.coverage(store, received)
        intents, outcomes = store.by_transfer("intent"), store.by_transfer("outcome")
        found += [f"an answered transfer has {len(intents.get(xid, []))} intents" for xid in answered if len(intents.get(xid, [])) != 1]
        if is_at_rest:
            found += [f"a transfer has {len(outcomes.get(xid, []))} outcomes" for xid in intents if len(outcomes.get(xid, [])) != 1]
        found += ["an outcome has no intent" for xid in outcomes if xid not in intents]
        self.totals.update(received=len(received), answered=len(answered))
        self.totals["intents"] = len(intents)
        if is_at_rest:
            self.leaves = store.leaves
        return found

    def sequences(self, store):
        found, nodes, vendors = [], collections.defaultdict(int), collections.defaultdict(int)
        for index, entry in enumerate(store.entries):
            place = (entry["node"], entry["ep"])
            nodes[place] += 1
            if entry["nseq"] != nodes[place]:
                found.append(f"entry {index}: nseq {entry['nseq']} where {nodes[place]} was due")
            if entry["kind"] == "intent":
                vendors[place, entry["vendor"]] += 1
                if entry["vseq"] != vendors[place, entry["vendor"]]:
                    found.append(f"entry {index}: vseq {entry['vseq']} where {vendors[place, entry['vendor']]} was due")
        return found[:3]

    def coverage(self, store, received):
        """Each body has an intent of its own with an equal hash; a body that was cut off has one with as many bytes as its head promised."""
        by_length, uncovered = collections.defaultdict(list), 0
        for index, entry in enumerate(store.entries):
            if entry["kind"] == "intent" and index not in self.claimed:
                by_length[entry["bytes"]].append(index)
        for body, promised in received:
            index = next((i for i in by_length[promised] if i not in self.claimed and (
                len(body) < promised or hmac.new(store.body_keys.get(i, b""), body, "sha256").hexdigest() == store.entries[i]["body"])), None)
            if index is None:
                uncovered += 1
            else:
                self.claimed.add(index)
        return [f"{uncovered} bodies that a vendor received have no intent with their hash"] if uncovered else []
