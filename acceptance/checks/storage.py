"""Backups under load and restored elsewhere, side rows that age out, shards by half-year, over a faked clock where months must pass.

What the live gate answered must be in the log, in one shard and once; what a backup holds must be a prefix of the live log.
"""
import datetime
import http.client
import json
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from gate import Gate, without_volume_limits
from people import CONTACTS, VENDOR_HOSTS, consent, contact, facts, resolve_all
from vendor import Vendors

NEEDS_SHARED = False
PERSON = "storage@example.com"
SENDERS = 4
KILLED_ROLLOVERS = int(os.environ.get("WAYBILL_KILLED_ROLLOVERS", "5"))
ADVERTISED = {"CLOCK_OFFSET", "LD_PRELOAD"}


def run(context):
    with Vendors(context.home / "storage-ca", VENDOR_HOSTS) as vendors:
        backups(context, vendors)
    compiler = next((name for name in ("cc", "clang", "gcc") if shutil.which(name)), None)
    if compiler is None:
        context.skip("retention and shards", "need a C compiler for the clock")
        return
    clock = context.home / "clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", clock, context.root / "acceptance/clock.c"], check=True)
    retention(context, clock)
    rollover(context, clock)


class Load:
    """Senders that go on until told; keeps the transfer of every answer seen and how long the slowest took."""

    def __init__(self, gate):
        self.gate, self.lock, self.going = gate, threading.Lock(), True
        self.answered, self.wrong, self.slowest = [], [], 0.0
        self.threads = [threading.Thread(target=self._send, daemon=True) for _ in range(SENDERS)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.going = False
        for thread in self.threads:
            thread.join(20)

    def _send(self):
        connection = self.gate.connect()
        while self.going:
            began = time.monotonic()
            try:
                answer = self.gate.send("POST", CONTACTS, contact(PERSON), connection=connection)
            except (OSError, http.client.HTTPException):
                return
            with self.lock:
                self.slowest = max(self.slowest, time.monotonic() - began)
                if answer.status == 201:
                    self.answered.append(answer.transfer)
                else:
                    self.wrong.append(f"{answer.status} {answer.code}")


def prepared(context, name, vendors, more=()):
    return context.installation(name, resolve=resolve_all(vendors.port), trust=[vendors.authority], edit=without_volume_limits, more=more)


def people(place):
    place.import_lines("subject", [facts(PERSON)])
    place.import_lines("consent", [consent(PERSON, "hubspot")])


# Backup and restore

def backups(context, vendors):
    place = prepared(context, "storage", vendors)
    backup, late = context.home / "backup-1", context.home / "backup-2"
    with Gate(place, context.token) as gate:
        people(place)
        with Load(gate) as load:
            time.sleep(1.0)
            began = time.monotonic()
            done = place.command("backup", "--config", place.config, backup)
            took = time.monotonic() - began
            time.sleep(0.5)
        context.check("a backup is taken while traffic runs", not load.wrong and load.answered,
                      f"{took:.1f} s, {len(load.answered)} transfers, slowest {load.slowest * 1000:.0f} ms {load.wrong[:1]}")
        context.note(done.stdout.decode().strip())
        live = place.command("log", "export", "--config", place.config, "--format", "ndjson").stdout
        unfit_places(context, place)
        context.check("a second backup, with keys, goes beside it",
                      place.command("backup", "--config", place.config, "--with-keys", late).stderr.startswith(b"waybill: warning: whoever has"))
        over_a_running_gate(context, place, backup)
    names = {str(path.relative_to(backup)) for path in backup.rglob("*") if path.is_file()}
    context.check("it holds no key and no checkpoint", not any("key" in name or "checkpoint" in name for name in names)
                  and {"consents.db", "log.db", "control.db", "manifest.json", "MANIFEST.note"} <= names, f"{len(names)} files")
    context.check("nobody else may read it", all(path.stat().st_mode & 0o077 == 0 for path in [backup, *backup.rglob("*")]))
    context.check("it verifies", place.command("backup", "verify", "--config", place.config, backup, ok=None).returncode == 0)
    damages(context, place, backup)
    elsewhere(context, vendors, backup, late, live)
    in_place(context, place, vendors, backup)


def unfit_places(context, place):
    """A target that exists, a disk that is full, a run that is killed: nothing is left that looks like a backup."""
    taken = context.home / "backup-1"
    again = place.command("backup", "--config", place.config, taken, ok=None)
    context.check("a folder that exists is not written to", again.returncode == 1 and b"exists already" in again.stderr)
    small = context.home / "backup-full"
    full = subprocess.run(
        [place.binary, "backup", "--config", str(place.config), str(small)], capture_output=True, cwd=place.home, restore_signals=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, 64 << 10)))
    context.check("without room there is one sentence and no backup", full.returncode == 1 and full.stderr.count(b"\n") == 1
                  and not small.exists() and not Path(f"{small}.unfinished").exists(), full.stderr.decode().strip()[:120])
    whole = 0
    for delay in (0.01, 0.05, 0.1, 0.2, 0.3):
        target = context.home / f"backup-killed-{delay}"
        process = subprocess.Popen([place.binary, "backup", "--config", str(place.config), str(target)], stdout=subprocess.DEVNULL, cwd=place.home)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if target.exists():
            whole += place.command("backup", "verify", "--config", place.config, target, ok=None).returncode == 0
            context.check("a killed backup is whole or not there", whole > 0, f"after {delay} s")
        elif Path(f"{target}.unfinished").exists():
            refused = place.command("backup", "verify", "--config", place.config, f"{target}.unfinished", ok=None)
            context.check("what a killed backup leaves is no backup", refused.returncode == 1, f"after {delay} s: {refused.stderr.decode().strip()[:80]}")
            context.check("and the next run to that place clears it",
                          place.command("backup", "--config", place.config, target, ok=None).returncode == 0)


def over_a_running_gate(context, place, backup):
    refused = place.command("restore", "--config", place.config, "--replace", backup, ok=None)
    context.check("nothing is restored over a running gate", refused.returncode == 1 and b"stop it" in refused.stderr, refused.stderr.decode().strip())


def damages(context, place, backup):
    """One byte in each file, a file too many and one too few: verification fails, and so does a restore."""
    faults = []
    for name in ("log.db", "consents.db", "control.db", "manifest.json", "MANIFEST.note"):
        copy = copied(context, backup)
        data = bytearray((copy / name).read_bytes())
        data[len(data) // 2] ^= 1
        (copy / name).write_bytes(data)
        faults += unnoticed(place, copy, name)
    copy = copied(context, backup)
    (copy / "more").write_text("x")
    faults += unnoticed(place, copy, "a file too many")
    copy = copied(context, backup)
    next(copy.glob("policy-sets/*/**/*.yaml")).unlink()
    faults += unnoticed(place, copy, "a file too few")
    context.check("a damaged backup is noticed and not restored", not faults, "; ".join(faults))


def copied(context, backup):
    copy = context.home / "backup-damaged"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(backup, copy)
    return copy


def unnoticed(place, copy, what):
    before = {path.name: path.stat().st_mtime_ns for path in (place.home / "var").iterdir()}
    verified = place.command("backup", "verify", "--config", place.config, copy, ok=None)
    restored = place.command("restore", "--config", place.config, "--replace", copy, ok=None)
    after = {path.name: path.stat().st_mtime_ns for path in (place.home / "var").iterdir()}
    found = []
    if verified.returncode != 5:
        found.append(f"{what}: verify ended with {verified.returncode}: {verified.stderr.decode().strip()[:80]}")
    if restored.returncode != 5 or {n: t for n, t in before.items() if n.endswith(".db")} != {n: t for n, t in after.items() if n.endswith(".db")}:
        found.append(f"{what}: restore ended with {restored.returncode}")
    return found


def elsewhere(context, vendors, backup, late, live):
    """A machine that has nothing: no data, no keys, no checkpoint."""
    other = prepared(context, "storage-elsewhere", vendors)
    without = other.command("restore", "--config", other.config, backup, ok=None)
    context.check("without the keys nothing is restored", without.returncode == 1 and b"key" in without.stderr, without.stderr.decode().strip()[:110])
    done = other.command("restore", "--config", other.config, "--keys", f"{late}-keys", backup)
    context.check("restored elsewhere, it says that nobody can tell what is missing", b"waybill log acknowledge" in done.stdout)
    restored = other.command("log", "export", "--config", other.config, "--format", "ndjson").stdout
    context.check("the backup's log is a prefix of the live one", live.startswith(restored) and len(restored) > 10_000,
                  f"{len(restored.splitlines())} of {len(live.splitlines())} entries")
    context.check("the restored log verifies", other.verify()["exit"] == 0)
    with Gate(other, context.token) as gate:
        answer = gate.send("POST", CONTACTS, contact(PERSON))
        context.check("until it is acknowledged nothing leaves", answer.status == 503, f"{answer.status} {answer.code}")
    other.command("log", "acknowledge", "--config", other.config)
    with Gate(other, context.token) as gate:
        answer = gate.send("POST", CONTACTS, contact(PERSON))
        context.check("then the consents decide as before", answer.status == 201, f"{answer.status} {answer.code}")
    context.check("and the log verifies", other.verify()["exit"] == 0)


def in_place(context, place, vendors, backup):
    with Gate(place, context.token) as gate:
        gate.send("POST", CONTACTS, contact(PERSON))
    refused = place.command("restore", "--config", place.config, backup, ok=None)
    context.check("data is not replaced unasked", refused.returncode == 1 and b"--replace" in refused.stderr, refused.stderr.decode().strip()[:110])
    tombstones = place.home / "var/tombstones"
    mine = tombstones.read_bytes() if tombstones.exists() else None
    checkpoint = (place.home / "var/checkpoint").read_bytes()
    done = place.command("restore", "--config", place.config, "--replace", backup)
    aside = list((place.home / "var").glob("replaced-*"))
    context.check("asked, it moves the data aside and says what was lost", len(aside) == 1 and (aside[0] / "waybill-log.db").exists()
                  and b"is not in this log" in done.stdout, done.stdout.decode().strip().splitlines()[-1][:140])
    context.check("checkpoint and tombstones stay", (place.home / "var/checkpoint").read_bytes() == checkpoint
                  and (tombstones.read_bytes() if tombstones.exists() else None) == mine)
    vendors.take()
    with Gate(place, context.token) as gate:
        answer = gate.send("POST", CONTACTS, contact(PERSON))
        context.check("an older log: 503 until somebody acknowledges", answer.status == 503 and not vendors.take(), f"{answer.status} {answer.code}")
    place.command("log", "acknowledge", "--config", place.config)
    with Gate(place, context.token) as gate:
        answer = gate.send("POST", CONTACTS, contact(PERSON))
        context.check("acknowledged, it goes on", answer.status == 201, f"{answer.status} {answer.code}")
    context.check("and the log verifies", place.verify()["exit"] == 0)
    erased(context, place, backup)
    (place.home / "var/restore.interrupted").write_text("")
    start = subprocess.run([place.binary, "serve", "--config", str(place.config)], capture_output=True, cwd=place.home, timeout=60)
    context.check("nothing runs on half a restore", start.returncode == 1 and b"restore was interrupted" in start.stderr)
    done = place.command("restore", "--config", place.config, backup)
    context.check("the same command finishes it", b"restored" in done.stdout and not (place.home / "var/restore.interrupted").exists())


def erased(context, place, backup):
    """Somebody erased after the backup was made is not in what is restored from it."""
    place.command("subject", "erase", f"email:{PERSON}", "--config", place.config)
    place.command("subject", "erase", f"email:{PERSON}", "--confirm", "--config", place.config)
    place.command("restore", "--config", place.config, "--replace", backup)
    place.command("log", "acknowledge", "--config", place.config)
    with Gate(place, context.token) as gate:
        answer = gate.send("POST", CONTACTS, contact(PERSON))
    context.check("a restored old backup does not bring an erased person back", answer.status == 403 and answer.code == "subject_erased",
                  f"{answer.status} {answer.code}")
    context.check("and its log verifies", place.verify()["exit"] == 0)


# Clocks

@contextmanager
def at(clock, moment):
    """Programs started within believe that it is `moment` now; this process does not."""
    offset = round(moment.timestamp() - time.time())
    before = {name: os.environ.get(name) for name in ADVERTISED}
    os.environ.update(CLOCK_OFFSET=str(offset), LD_PRELOAD=str(clock))
    try:
        yield lambda: datetime.datetime.fromtimestamp(time.time() + offset, datetime.timezone.utc)
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


def months_later(moment, months):
    all_months = moment.year * 12 + moment.month - 1 + months
    return moment.replace(year=all_months // 12, month=all_months % 12 + 1, day=min(moment.day, 28))


def retention(context, clock):
    now = datetime.datetime.now(datetime.timezone.utc)
    with Vendors(context.home / "retention-ca", VENDOR_HOSTS) as vendors:
        place = prepared(context, "retention", vendors, more=["retention: {side_months: 2}"])
        with Gate(place, context.token) as gate:
            people(place)
            for _ in range(30):
                gate.send("POST", CONTACTS, contact(PERSON))
            wait(lambda: index_rows(place) >= 30)
            context.check("the index knows who 30 transfers were about", index_rows(place) == 30, f"{index_rows(place)} rows")
    month = now.strftime("%Y-%m")
    with at(clock, months_later(now, 2)):
        listed = json.loads(place.command("log", "retention", "--config", place.config, "--output", "json").stdout)
        context.check("what is kept is not due", [(row["month"], row["due"]) for row in listed] == [(month, False)], str(listed))
        with Gate(place, context.token):
            time.sleep(1.0)
        context.check("and stays", side_rows(place) > 0)
    with at(clock, months_later(now, 3)):
        listed = json.loads(place.command("log", "retention", "--config", place.config, "--output", "json").stdout)
        context.check("a month later it is due", [row["due"] for row in listed] == [True], str(listed))
        with Gate(place, context.token) as gate:
            wait(lambda: side_rows(place) == 0 and index_rows(place) == 0)
        acts = [entry for entry in place.log_entries() if entry["kind"] == "config" and entry["act"] == "side_pruned"]
        context.check("the month goes, and an entry names it", side_rows(place) == 0 and [act["d"]["month"] for act in acts] == [month], str(acts)[:120])
        context.check("the log verifies without it", place.verify()["exit"] == 0)
        context.check("and the index knows nobody of it any more", index_rows(place) == 0, f"{index_rows(place)} rows")
        tampered = place.home / "var/waybill-log.db"
        with Gate(place, context.token) as gate:
            answer = gate.send("POST", "/to/hubspot/crm/v3/objects/deals", b"{}")
        with sqlite3.connect(tampered) as db:
            gone = db.execute("DELETE FROM side").rowcount
        report = place.verify()
        context.check("a side row that nobody named is missed", gone > 0 and report["exit"] == 5
                      and "no entry says that the month was deleted" in report["faults"][0]["what"], f"{answer.status}, {gone} rows, {report['faults'][:1]}")


def side_rows(place):
    with sqlite3.connect(f"file:{place.home}/var/waybill-log.db?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM side").fetchone()[0]


def index_rows(place):
    with sqlite3.connect(f"file:{place.home}/var/waybill-index.db?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM mark").fetchone()[0]


def wait(condition, seconds=15):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)


# Shards

def rollover(context, clock):
    border = next_half_year(datetime.datetime.now(datetime.timezone.utc))
    with at(clock, border - datetime.timedelta(seconds=12)) as now, Vendors(context.home / "shards-ca", VENDOR_HOSTS) as vendors:
        place = prepared(context, "shards", vendors,
                         more=["log: {shards: half_year}", "sinks: {archive: {kind: file, path: archive.ndjson}}"])
        first, second = half_year(border - datetime.timedelta(seconds=60)), half_year(border)
        answered = []
        with Gate(place, context.token) as gate:
            people(place)
            late = max(0.0, (now() - (border - datetime.timedelta(seconds=2))).total_seconds())
            time.sleep(max(0.0, (border - datetime.timedelta(seconds=2) - now()).total_seconds()))
            with Load(gate) as load:
                while now() < border + datetime.timedelta(seconds=2):
                    time.sleep(0.05)
                # In the middle of it.
                gate.kill()
            answered += load.answered
            killed_rollovers(context, place, vendors, first, second, load.answered, gate.started_in_ms)
            context.check("the gate goes on over the border, in the old shard", not load.wrong and len(load.answered) > 20 and shards(place) == [first],
                          f"{len(load.answered)} transfers, begun {late:.0f} s late")
        with Gate(place, context.token) as gate:
            context.check("the next start begins the new shard", shards(place) == [first, second], str(shards(place)))
            with Load(gate) as load:
                time.sleep(1.0)
            answered += load.answered
            context.check("and goes on", not load.wrong and len(load.answered) > 5, f"{len(load.answered)} transfers {load.wrong[:1]}")
            context.check("beside the gate all shards verify", place.verify()["exit"] == 0)
            wait(lambda: mode(place, "waybill-log.db") == 0o400)
        context.check("the old shard is frozen", mode(place, "waybill-log.db") == 0o400)
        report = place.verify()
        context.check("stopped, all shards verify and join", report["exit"] == 0 and len(report["shards"]) == 2, str(report["faults"][:2]))
        every_transfer_once(context, place, answered)
        old = place.command("transfers", "show", answered[0], "--config", place.config, "--output", "json", ok=None)
        context.check("a transfer of the old shard is still shown", old.returncode == 0 and json.loads(old.stdout)["xid"] == answered[0])
        with Gate(place, context.token) as gate:
            context.check("a restart in the same half-year stays in the shard", shards(place) == [first, second])
            entries = place.command("log", "export", "--config", place.config, "--format", "ndjson").stdout.decode().splitlines()
            wait(lambda: set(entries) <= set(delivered(place)))
            arrived = list(dict.fromkeys(delivered(place)))
            context.check("a sink went from the old shard on to the new one, in order and without a gap", arrived[:len(entries)] == entries,
                          f"{len(entries)} entries")
        copy = backup_of_shards(context, place, first, second)
        a_shard_goes(context, place, first, second, copy)


def killed_rollovers(context, place, vendors, first, second, answered, start_ms):
    """The start that begins a new shard is killed at random places, on copies of an installation that a kill -9 left; the next one finishes it."""
    faults, unfinished = [], 0
    for number in range(KILLED_ROLLOVERS):
        copy = prepared(context, f"shards-killed-{number}", vendors, more=["log: {shards: half_year}"])
        shutil.rmtree(copy.home / "var", ignore_errors=True)
        shutil.copytree(place.home / "var", copy.home / "var", ignore=shutil.ignore_patterns("*.sock"))
        delay = random.uniform(0.3, 1.2) * start_ms / 1000
        process = subprocess.Popen([copy.binary, "serve", "--config", str(copy.config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   cwd=copy.home)
        time.sleep(delay)
        process.kill()
        process.wait()
        unfinished += shards(copy) != [first, second]
        with Gate(copy, context.token) as gate:
            answer = gate.send("POST", CONTACTS, contact(PERSON))
        report = copy.verify()
        if report["exit"] != 0 or answer.status != 201 or shards(copy) != [first, second]:
            faults.append(f"killed after {delay:.3f} s: {answer.status}, {shards(copy)}, {report['faults'][:1]}")
        faults += [f"killed after {delay:.3f} s: {fault}" for fault in once(copy, [*answered, answer.transfer])]
    context.check("a start killed while it begins a shard loses nothing", not faults,
                  f"{KILLED_ROLLOVERS} kills, {unfinished} before the new shard was there; {'; '.join(faults[:3])}")


def delivered(place):
    return (place.home / "archive.ndjson").read_text().splitlines()


def next_half_year(now):
    year, month = (now.year, 7) if now.month <= 6 else (now.year + 1, 1)
    return datetime.datetime(year, month, 1, tzinfo=datetime.timezone.utc)


def half_year(moment):
    return f"{moment.year}h{1 if moment.month <= 6 else 2}"


def shards(place):
    return [row["shard"] for row in json.loads(place.command("log", "shards", "list", "--config", place.config, "--output", "json").stdout)]


def mode(place, name):
    return (place.home / "var" / name).stat().st_mode & 0o777


def stored_entries(path):
    """Entries as the database holds them: rows of length-prefixed entries."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        for (body,) in db.execute("SELECT body FROM commits ORDER BY first"):
            at_byte = 0
            while at_byte < len(body):
                end = at_byte + 2 + int.from_bytes(body[at_byte:at_byte + 2], "big")
                yield json.loads(body[at_byte + 2:end])
                at_byte = end


def every_transfer_once(context, place, answered):
    faults = once(place, answered)
    context.check("every answered transfer is in one shard, once, with one outcome beside its intent", not faults,
                  f"{len(answered)} answered; {'; '.join(faults)}")


def once(place, answered):
    intents, outcomes, lonely = {}, {}, 0
    for path in sorted((place.home / "var").glob("waybill-log*.db")):
        here = set()
        for entry in stored_entries(path):
            if entry["kind"] == "intent":
                intents[entry["xid"]] = intents.get(entry["xid"], 0) + 1
                here.add(entry["xid"])
            elif entry["kind"] == "outcome":
                outcomes[entry["xid"]] = outcomes.get(entry["xid"], 0) + 1
                lonely += entry["xid"] not in here
    return [what for what, held in {
        "an answered transfer has not one intent and one outcome": all(intents.get(xid) == 1 and outcomes.get(xid) == 1 for xid in answered),
        "an intent stands twice": set(intents.values()) <= {1},
        "an outcome stands twice": set(outcomes.values()) <= {1},
        "an intent has no outcome": set(intents) == set(outcomes),
        "an outcome is not in its intent's shard": lonely == 0,
    }.items() if not held]


def backup_of_shards(context, place, first, second):
    target = context.home / "backup-shards"
    place.command("backup", "--config", place.config, target)
    names = {path.name for path in target.glob("*.db")}
    context.check("a backup has every shard", {"log.db", f"log-{second}.db"} <= names, str(sorted(names)))
    done = place.command("restore", "--config", place.config, "--replace", target)
    context.check("restored as it was, the log goes on without more", b"goes on" in done.stdout, done.stdout.decode().strip().splitlines()[-1])
    with Gate(place, context.token):
        context.check("and does", shards(place) == [first, second])
    return target


def a_shard_goes(context, place, first, second, backup):
    path = place.home / "var/waybill-log.db"
    hidden = place.home / "hidden.db"
    path.rename(hidden)
    report = place.verify()
    context.check("a shard that is simply gone is missed", report["exit"] == 5 and "no entry says that it was deleted" in report["faults"][0]["what"],
                  str(report["faults"][:1]))
    hidden.rename(path)
    for shard, why in ((second, "live"), ("1999h1", "no shard")):
        refused = place.command("log", "shards", "delete", shard, "--confirm", "--config", place.config, ok=None)
        context.check(f"{shard} is not deleted", refused.returncode == 1 and why.encode() in refused.stderr, refused.stderr.decode().strip())
    dry = place.command("log", "shards", "delete", first, "--config", place.config)
    context.check("without --confirm nothing is deleted", path.exists() and b"nothing was deleted" in dry.stdout)
    place.command("log", "shards", "delete", first, "--confirm", "--config", place.config)
    report = place.verify()
    context.check("a shard is deleted whole, under an entry, and the log verifies", not path.exists() and report["exit"] == 0 and shards(place) == [second],
                  str(report["faults"][:1]))
    with Gate(place, context.token):
        context.check("the gate starts without it", shards(place) == [second])
