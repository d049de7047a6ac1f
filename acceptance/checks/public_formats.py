"""The log before verifiers that are not ours: Python and openssl, Go's tlog, a witness and a verifier from PyPI; across a change of keys."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from gate import Gate, split, without_volume_limits
from people import CONTACTS, VENDOR_HOSTS, consent, contact, facts, resolve_all
from ports import free_port, wait_for_port
from sdkvenv import python_with
from tlogcheck import Checkpoint, Follower, Key, Wrong, extended, included, leaf, proof_of, root
from vendor import Vendors

NEEDS_SHARED = False
ANNA = "anna.formats@example.com"
# Two entries each, so that the tree has full tiles at two levels.
TRANSFERS = 300
PATIENCE_SECONDS = 30
WITNESS_EVERY_SECONDS, WITNESS_STALE_SECONDS = 1, 5
# Debian's golang-golang-x-mod-dev.
GO_LIBRARY = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")


def run(context):
    with Vendors(context.home / "formats-ca", VENDOR_HOSTS) as vendors:
        place = context.installation("formats", resolve=resolve_all(vendors.port), trust=[vendors.authority], edit=without_volume_limits)
        place.config.write_text(place.config.read_text().replace("listen: {", 'listen: {control: "127.0.0.1:0", ', 1))
        go = go_verifier(context)
        with Gate(place, context.token) as gate:
            place.import_lines("subject", [facts(ANNA)])
            place.import_lines("consent", [consent(ANNA, "hubspot")])
            for _ in range(TRANSFERS):
                gate.send("POST", CONTACTS, contact(ANNA, firstname="Anna"))
            log = Follower(split(gate.ready["control"]))
            first = covering(log, 2 * TRANSFERS)
            keys = [Key.of(line) for line in printed_keys(place)]
            context.check("one key signs", len(keys) == 1 and first.signature(keys[0]) is not None and keys[0].name == first.origin)
            entries = followed(context, log, first)
            edges(context, log, first)
            openssl(context, first, keys[0])
            proofs(context, place, entries, keys[0])
            in_go(context, go, place, gate)
        changed = change_of_keys(context, place, go, first, keys[0])
        restored(context, place, vendors, changed)
        witnessed(context, place, vendors)


def covering(log, size):
    """The published checkpoint, once it covers so much."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (checkpoint := log.checkpoint()).size < size:
        if time.monotonic() > deadline:
            raise Wrong(f"the published checkpoint stays at {checkpoint.size} entries")
        time.sleep(0.1)
    return checkpoint


def printed_keys(place):
    lines = place.command("log", "checkpoint", "--key", "--config", place.config).stdout.decode().splitlines()
    return [line for line in lines if " " not in line]


def followed(context, log, checkpoint):
    entries, tiles = log.follow(checkpoint)
    context.check("notes, checkpoint, tiles and bundles fit together (Python, from the specifications)", True,
                  f"{len(entries)} entries, {tiles} tiles")
    return entries


def edges(context, log, checkpoint):
    """Where the published part ends, and what may be kept how long."""
    full, rest = divmod(checkpoint.size, 256)
    beyond = [f"tile/0/{full:03d}", f"tile/entries/{full + 1:03d}.p/1", f"tile/1/000.p/{full + 1}", "tile/2/000.p/1", "tile/0/0", "tile/0/000.p/0"]
    statuses = [log.ask(path)[0] for path in beyond]
    context.check("tiles beyond the signed checkpoint, and paths of another form, are 404", set(statuses) == {404}, f"{statuses}")
    caching = [log.ask(path)[1].get("cache-control", "") for path in ("tile/0/000", f"tile/0/{full:03d}.p/{rest}", "checkpoint")]
    context.check("tiles may be kept for ever, the checkpoint not at all",
                  all("immutable" in each for each in caching[:2]) and caching[2] == "no-store", f"{caching}")
    context.check("nothing but reading is allowed", log.ask("checkpoint", "POST")[0] == 405)


def openssl(context, checkpoint, key):
    folder = context.home / "formats-openssl"
    folder.mkdir(exist_ok=True)
    for name, content in {"key.pem": key.pem().encode(), "text": checkpoint.text.encode(), "signature": checkpoint.signature(key),
                          "other": checkpoint.text.replace("\n", "\n1", 1).encode()}.items():
        (folder / name).write_bytes(content)

    def verify(text):
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", text, "-sigfile", "signature"],
                              cwd=folder, capture_output=True).returncode
    context.check("openssl pkeyutl verifies the checkpoint, and no other text", verify("text") == 0 and verify("other") != 0)


def proofs(context, place, entries, key):
    """`log proof` and `log consistency`, checked by arithmetic of our own."""
    xid = json.loads(entries[200])["xid"]
    held = []
    for what, index in (("0", 0), ("255", 255), ("256", 256), (xid, None), (str(len(entries) - 1), len(entries) - 1)):
        number, hashes, under = proof_of(command(place, "log", "proof", what), "c2sp.org/tlog-proof@v1\nindex ")
        entry = entries[number]
        held.append(under.signature(key) is not None and (xid.encode() in entry if index is None else number == index)
                    and included(leaf(entry), number, under.size, hashes) == under.root)
    context.check("tlog-proofs of entries and of a transfer hold", all(held) and len(held) == 5, f"{held}")
    held = []
    for old in (1, 2, 255, 256, 257, 500):
        before = root([leaf(each) for each in entries[:old]])
        size, hashes, under = proof_of(command(place, "log", "consistency", old), "old ")
        held.append(size == old and extended(old, under.size, before, hashes) == (before, under.root))
    context.check("consistency proofs hold", all(held), f"{held}")
    for arguments in (("log", "proof", "99999999"), ("log", "consistency", "99999999")):
        done = place.command(*arguments, "--config", place.config, ok=(1,))
        context.check(f"`{' '.join(arguments)}` is refused with a remedy", b";" in done.stderr or b":" in done.stderr, done.stderr.decode().strip())


def command(place, *arguments):
    return place.command(*map(str, arguments), "--config", place.config).stdout.decode()


# Go's own implementation

def go_verifier(context):
    """The compiled program; None where Debian's Go and its library are not."""
    if not shutil.which("go") or not GO_LIBRARY.is_dir():
        context.skip("Go's tlog", "needs the packages golang-go and golang-golang-x-mod-dev")
        return None
    program = context.home / "tlog-verifier"
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=context.root / "acceptance" / "tlog-verifier", check=True,
                   env=os.environ | {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOCACHE": str(context.home / "go-cache"), "GO111MODULE": "on"})
    return program


def in_go(context, program, place, gate, old=None):
    if program is None:
        return
    files = {name: place.home / f"go-{name}" for name in ("proof", "entry", "consistency", "old")}
    files["entry"].unlink(missing_ok=True)
    files["proof"].write_text(command(place, "log", "proof", "257", "--entry-file", files["entry"]))
    files["consistency"].write_text(command(place, "log", "consistency", "300"))
    arguments = ["-prefix", f"http://{gate.ready['control']}/log", "-keys", ",".join(printed_keys(place)), "-proof", files["proof"], "-entry", files["entry"],
                 "-consistency", files["consistency"]]
    if old:
        files["old"].write_text(old.note)
        arguments += ["-old", files["old"]]
    done = subprocess.run([str(program), *map(str, arguments)], capture_output=True, text=True)
    context.check("Go's tlog follows tiles, bundles, checkpoint and proofs" + (" from the old key's checkpoint on" if old else ""),
                  done.returncode == 0, (done.stderr or done.stdout.splitlines()[0]).strip())
    for line in done.stdout.splitlines():
        context.note(f"go: {line}")
    files["entry"].write_bytes(files["entry"].read_bytes().replace(b'"v":1', b'"v":2'))
    done = subprocess.run([str(program), *map(str, arguments)], capture_output=True, text=True)
    context.check("and refuses a proof for an entry that was changed", done.returncode == 1 and "tlog-proof" in done.stderr, done.stderr.strip())


# A change of keys

def change_of_keys(context, place, go, first, old):
    command(place, "keys", "rotate")
    context.check("between the new key and the restart the log verifies", place.verify()["exit"] == 0)
    early = place.command("keys", "rotate", "--finish", "--config", place.config, ok=(1,))
    context.check("the old key is not given up before the new one has signed", b"restart the gate" in early.stderr)
    with Gate(place, context.token) as gate:
        gate.send("POST", CONTACTS, contact(ANNA))
        log = Follower(split(gate.ready["control"]))
        overlap = covering(log, first.size + 3)
        new, kept = (Key.of(line) for line in printed_keys(place))
        context.check("during the overlap both keys sign", kept == old and overlap.signature(old) is not None and overlap.signature(new) is not None)
        entries = followed(context, log, overlap)
        changes = [json.loads(each) for each in entries if b'"kind":"keychange"' in each]
        context.check("the log says so itself", len(changes) == 1 and Key.of(changes[0]["old"]) == old and Key.of(changes[0]["new"]) == new)
        in_go(context, go, place, gate, first)
        context.check("the log verifies while both sign", place.verify()["exit"] == 0)
    command(place, "keys", "rotate", "--finish")
    with Gate(place, context.token) as gate:
        gate.send("POST", CONTACTS, contact(ANNA))
        log = Follower(split(gate.ready["control"]))
        last = covering(log, overlap.size + 3)
        context.check("afterwards the new key signs alone", last.signature(new) is not None and last.signature(old) is None)
        size, hashes, under = proof_of(command(place, "log", "consistency", first.size), "old ")
        context.check("the log only grew from the old key's checkpoint on",
                      extended(size, under.size, first.root, hashes) == (first.root, under.root), f"{size} to {under.size}")
        context.check("every checkpoint of either key verifies", place.verify()["exit"] == 0)
        package(context, place)
    context.check("the old private key is gone", not (place.home / "var" / "keys" / "log.old.key").exists())
    return new


def package(context, place):
    """Over entries that were signed for by both keys, checked by nothing but the new one."""
    folder = place.home.parent / "formats-package"
    command(place, "log", "package", "--vendor", "hubspot", "--out", folder)
    line = printed_keys(place)[0]
    for what, words in (("verify.py", [sys.executable, folder / "verify.py", "--key", line]),
                        ("waybill", [place.binary, "log", "verify", "--package", folder, "--key", line])):
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, cwd=folder)
        context.check(f"a package across the change of keys is whole to {what}", done.returncode == 0, done.stdout[-300:] + done.stderr[-300:])


# A restored backup

def restored(context, place, vendors, key):
    var = place.home / "var"
    backup = place.home.parent / "formats-backup"
    backup.mkdir()
    for path in var.glob("waybill-log.db*"):
        shutil.copy(path, backup)
    with Gate(place, context.token) as gate:
        gate.send("POST", CONTACTS, contact(ANNA))
    kept = (var / "checkpoint").read_bytes()
    for path in var.glob("waybill-log.db*"):
        path.unlink()
    for path in backup.iterdir():
        shutil.copy(path, var)
    vendors.take()
    with Gate(place, context.token) as gate:
        log = Follower(split(gate.ready["control"]))
        time.sleep(2)
        statuses = [log.ask(path)[0] for path in ("checkpoint", "tile/0/000")]
        answer = gate.send("POST", CONTACTS, contact(ANNA))
        context.check("over a restored backup nothing is signed, shown or sent",
                      statuses == [503, 404] and answer.status == 503 and not vendors.take() and (var / "checkpoint").read_bytes() == kept, f"{statuses}")
    command(place, "log", "acknowledge")
    with Gate(place, context.token) as gate:
        checkpoint = Follower(split(gate.ready["control"])).checkpoint()
        context.check("acknowledged, it signs again under a name that says so",
                      checkpoint.origin.endswith("/r1") and checkpoint.signature(Key(checkpoint.origin, mark(checkpoint.origin, key), 1, key.raw)) is not None,
                      checkpoint.origin)


def mark(name, key):
    """The hash of a key under another name."""
    return hashlib.sha256(name.encode() + b"\n\x01" + key.raw).digest()[:4]


# A witness that is not ours

def newer_python():
    """aics-witness wants Python 3.12."""
    candidates = [sys.executable] + [shutil.which(f"python3.{minor}") for minor in (14, 13, 12)]
    candidates += sorted(Path.home().glob(".pyenv/versions/3.1[2-9]*/bin/python"))
    for each in filter(None, candidates):
        if subprocess.run([str(each), "-c", "import sys, venv; sys.exit(sys.version_info < (3, 12))"], capture_output=True).returncode == 0:
            return str(each)
    return None


class ForeignWitness:
    """aics-witness from PyPI, as a process."""

    def __init__(self, tools, home):
        self.tools, self.home, self.port, self.process = tools, home, free_port(), None
        home.mkdir()
        self.vkey = self.run("init", "--name", "witness.example/w1").split()[-1]
        self.url = f"http://127.0.0.1:{self.port}"

    def run(self, *arguments):
        line = [str(self.tools / "aics-witness"), "--config", str(self.home / "witness.json"), *arguments]
        if arguments[0] in ("init", "add-log", "serve", "status", "evidence"):
            line = [line[0], arguments[0], *line[1:3], *arguments[1:]]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Wrong(f"aics-witness {arguments[0]}: {done.stderr.strip()[-500:]}")
        return done.stdout

    def start(self):
        self.process = subprocess.Popen(
            [str(self.tools / "aics-witness"), "serve", "--config", str(self.home / "witness.json"), "--listen", f"127.0.0.1:{self.port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_port(self.port)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
        self.process = None


def witnessed(context, place, vendors):
    python = newer_python()
    if python is None:
        return context.skip("a witness that is not ours", "aics-witness needs Python 3.12 or later")
    tools = python_with(context.root / "acceptance" / "tlog-verifier" / "witness.txt", python).parent
    witness = ForeignWitness(tools, context.home / "witness")
    place.config.write_text(place.config.read_text() + "\n".join([
        "log:", f'  witnesses: ["{witness.vkey} {witness.url}"]', f"  witness_every: {WITNESS_EVERY_SECONDS}s",
        f"  witness_stale: {WITNESS_STALE_SECONDS}s", ""]))
    last = Checkpoint.of(command(place, "log", "checkpoint"))
    log_key = printed_keys(place)[0]
    witness.run("add-log", "--origin", last.origin, "--vkey", log_key)
    witness.start()
    try:
        follow_witness(context, place, vendors, witness, Key.of(log_key), tools)
    finally:
        witness.stop()


def follow_witness(context, place, vendors, witness, log_key, tools):
    key = Key.of(witness.vkey)
    with Gate(place, context.token) as gate:
        log = Follower(split(gate.ready["control"]))
        size = log.checkpoint().size
        for round_ in range(3):
            gate.send("POST", CONTACTS, contact(ANNA))
            size = cosigned(log, key, size + 2).size
        context.check("a witness from PyPI cosigns checkpoint after checkpoint, each with its proof", True, f"{size} entries")
        checkpoint = cosigned(log, key, size)
        context.check("log and witness have both signed what is shown", checkpoint.signature(log_key) is not None)
        verify_with(context, tools, gate, place, witness, log_key)
        shown = metrics(gate)
        context.check("its age is a metric", 0 <= shown['waybill_witness_age_seconds{witness="witness.example/w1"}'] <= WITNESS_STALE_SECONDS)
        proof = proof_of(command(place, "log", "proof", size - 1), "c2sp.org/tlog-proof@v1\nindex ")[2]
        context.check("a tlog-proof carries the cosignature", proof.signature(key) is not None)

        witness.stop()
        vendors.take()
        answer = gate.send("POST", CONTACTS, contact(ANNA))
        context.check("without the witness traffic goes on", answer.status == 201 and len(vendors.take()) == 1)
        stale = until(lambda: metrics(gate).get('waybill_witness_stale{witness="witness.example/w1"}') == 1)
        time.sleep(3 * WITNESS_EVERY_SECONDS)
        told = gate.journal.read_text().count('"witness is stale"')
        context.check("a witness that is away raises an alarm, once", stale and told == 1, f"{told} lines")
        bare = log.checkpoint()
        context.check("meanwhile the newest checkpoint is shown without it", bare.size >= size + 2 and bare.signature(key) is None)
        witness.start()
        back = until(lambda: log.checkpoint().signature(key) is not None)
        context.check("back, it cosigns again", back and until(lambda: '"witness cosigns again"' in gate.journal.read_text()))
        context.check("the gate is still alive", gate.alive)
    everything_rolled_back(context, place, witness)


def verify_with(context, tools, gate, place, witness, log_key):
    """The verifier that comes with that witness, over the published tiles."""
    vkey = next(line for line in printed_keys(place) if Key.of(line) == log_key)
    done = subprocess.run(
        [str(tools / "aics-tlog"), "verify-checkpoint", "--tiles", f"http://{gate.ready['control']}/log", "--log-key", vkey,
         "--witness-key", witness.vkey, "--quorum", "1", "--origin", log_key.name], capture_output=True, text=True)
    context.check("a verifier from PyPI accepts the published checkpoint with its cosignature", done.returncode == 0 and '"ok": true' in done.stdout,
                  " ".join((done.stdout if done.returncode == 0 else done.stderr).split())[:160])


def everything_rolled_back(context, place, witness):
    """Store, copy and all are put back: nothing here can tell, but the witness can."""
    var, backup = place.home / "var", place.home.parent / "formats-all"
    shutil.copytree(var, backup)
    with Gate(place, context.token) as gate:
        for _ in range(3):
            gate.send("POST", CONTACTS, contact(ANNA))
        log = Follower(split(gate.ready["control"]))
        cosigned(log, Key.of(witness.vkey), log.checkpoint().size)
        time.sleep(2 * WITNESS_EVERY_SECONDS)
    shutil.rmtree(var)
    shutil.copytree(backup, var)
    with Gate(place, context.token) as gate:
        found = until(lambda: metrics(gate).get('waybill_witness_contradicts{witness="witness.example/w1"}') == 1)
        text = gate.journal.read_text()
        context.check("a rollback of everything, the checkpoint copy too, is told by the witness", found and '"witness contradicts this log"' in text,
                      next((line for line in reversed(text.splitlines()) if "contradicts" in line), "")[:160])


def cosigned(log, key, size):
    """The shown checkpoint, once it covers so much and the witness has signed it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (checkpoint := log.checkpoint()).size < size or checkpoint.signature(key) is None:
        if time.monotonic() > deadline:
            raise Wrong(f"no cosigned checkpoint of {size} entries; {checkpoint.size} are shown")
        time.sleep(0.2)
    return checkpoint


def metrics(gate):
    status, _, body = Follower(split(gate.ready["control"]), prefix="").ask("metrics")
    lines = [line.rsplit(" ", 1) for line in body.decode().splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in lines} if status == 200 else {}


def until(condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
