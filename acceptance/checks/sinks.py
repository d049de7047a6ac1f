"""Each sink against a real receiver that stops and starts again, under a gate that is killed: nothing missing, nothing out of order.

Receivers: rsyslogd over TLS with client certificates, an HTTPS endpoint, an OTLP/HTTP endpoint whose bodies OpenTelemetry's own protocol
buffers read, an S3-compatible server that checks signatures, a folder. What arrived is compared, byte for byte, with `waybill log export`.
"""
import collections
import json
import random
import shutil
import threading
import time

from gate import Gate, without_volume_limits
from people import CONTACTS, VENDOR_HOSTS, consent, contact, facts, resolve_all
from receivers import Endpoint, Folder, ObjectStore, Rsyslog, decode_otlp
from sdkvenv import python_with
from vendor import Vendors, make_authority, make_leaf

NEEDS_SHARED = False
PERSON = "sinks@example.com"
TOKENS = {"push_token": "push-token-0123456789", "otlp_token": "otlp-token-0123456789"}
PHASE_REQUESTS = 120
STOPS = 8
CATCH_UP_SECONDS_MAX = 120
NAMES = ["archive", "push", "siem", "collector", "objects"]
RECEIVER = "localhost"
BUCKET = "evidence"


class Scene:
    """Every receiver and a gate that delivers to all of them."""

    def __init__(self, context, vendors, python):
        home = context.home / "sinks-receivers"
        home.mkdir()
        key, self.authority = make_authority(home)
        pair = (key, self.authority)
        make_leaf(home, "gate-client", *pair, usage="clientAuth")
        for name in ("push", "otlp", "syslog"):
            (home / name).mkdir()
        self.push = Endpoint(home / "push", pair, RECEIVER, TOKENS["push_token"], self.answer_push)
        self.otlp = Endpoint(home / "otlp", pair, RECEIVER, TOKENS["otlp_token"], self.answer_otlp)
        self.siem = Rsyslog(home / "syslog", pair, RECEIVER)
        self.store = ObjectStore(python, BUCKET)
        self.folder = Folder(home / "archive")
        self.receivers = [self.folder, self.push, self.siem, self.otlp, self.store]
        self.refusals = collections.Counter()
        for each in (self.push, self.siem, self.otlp):
            each.start()
        secrets = TOKENS | self.store.keys
        self.place = context.installation("sinks", resolve=resolve_all(vendors.port), trust=[vendors.authority],
                                          edit=without_volume_limits, more=self.lines(home))
        folder = self.place.home / "var" / "secrets"
        folder.mkdir(parents=True)
        for name, value in secrets.items():
            (folder / name).write_text(value)
            (folder / name).chmod(0o600)

    def lines(self, home):
        trust = f"trust: {self.authority}"
        return [
            "sinks:",
            f'  archive: {{kind: file, path: "{self.folder.home}/entries-{{index}}.ndjson", rotate_bytes: 65536, batch_entries: 40}}',
            f"  push: {{kind: https, url: https://{RECEIVER}:{self.push.port}/in, token: '${{secret:push_token}}', gzip: true, {trust},"
            " batch_entries: 40}",
            f"  siem: {{kind: syslog, address: '{RECEIVER}:{self.siem.port}', {trust}, client_certificate: {home}/gate-client.pem,"
            f" client_key: {home}/gate-client.key, batch_entries: 40}}",
            f"  collector: {{kind: otlp, url: https://{RECEIVER}:{self.otlp.port}, token: '${{secret:otlp_token}}', {trust},"
            " batch_entries: 40}",
            f"  objects: {{kind: s3, url: http://127.0.0.1:{self.store.port}, bucket: {BUCKET}, prefix: waybill/,"
            " access_key: '${secret:access_key}', secret_key: '${secret:secret_key}', tail_after: 2s}",
        ]

    def answer_push(self, number, _):
        """Now and then a receiver that is busy, broken, or takes less at once."""
        busy = {3: (429, {"Retry-After": "1"}, b""), 7: (503, {}, b""), 9: (413, {}, b""), 12: (500, {}, b"")}.get(number)
        self.refusals["push"] += busy is not None
        return busy or (200, {}, b"")

    def answer_otlp(self, number, _):
        """Once a collector that took a batch but for one record."""
        if number != 4:
            return 200, {"Content-Type": "application/json"}, b"{}"
        self.refusals["otlp"] += 1
        return 200, {}, b'{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"one was too large"}}'

    def stop(self):
        for each in self.receivers:
            each.stop()

    def start(self):
        for each in self.receivers:
            each.start()

    def status(self):
        done = self.place.command("log", "sinks", "--config", self.place.config, "--output", "json", ok=(0, 1))
        return {row["sink"]: row for row in json.loads(done.stdout)}

    def lacking(self, size):
        """How many of the log's first `size` entries each sink has not acknowledged; whole bundles only of the object store."""
        whole = {"objects": size // 256 * 256}
        reached = {name: int((row["cursor"] or "0@").split("@")[0]) for name, row in self.status().items()}
        return {name: max(0, whole.get(name, size) - at) for name, at in reached.items()}

    def seconds_to_catch_up(self):
        """From now on, with what is in the log now; None: not in time."""
        began, size = time.monotonic(), len(exported(self.place))
        while time.monotonic() < began + CATCH_UP_SECONDS_MAX:
            if not any(self.lacking(size).values()):
                return time.monotonic() - began
            time.sleep(0.5)
        return None


def run(context):
    if not shutil.which("rsyslogd", path="/usr/sbin:/usr/bin"):
        context.skip("sinks", "needs rsyslog and rsyslog-openssl")
        return
    python = python_with(context.root / "acceptance" / "sinks.txt")
    with Vendors(context.home / "sinks-ca", VENDOR_HOSTS) as vendors:
        scene = Scene(context, vendors, python)
        try:
            play(context, scene)
            judge(context, scene, python)
        finally:
            scene.store.close()
            if scene.siem.process:
                scene.siem.process.kill()


def send(context, gate, count):
    connection = gate.connect()
    answers = collections.Counter(
        gate.send("POST", CONTACTS, contact(PERSON, firstname="n"), connection=connection).status for _ in range(count))
    return answers[201]


def play(context, scene):
    place = scene.place
    checked = place.command("serve", "--check", "--config", place.config)
    context.check("serve --check takes the sinks", checked.returncode == 0)
    with Gate(place, context.token) as gate:
        place.import_lines("subject", [facts(PERSON)])
        place.import_lines("consent", [consent(PERSON, "hubspot")])
        sent = send(context, gate, PHASE_REQUESTS)
        time.sleep(2)
        scene.stop()
        # Traffic goes on as if nothing were wrong.
        began = time.monotonic()
        sent += send(context, gate, PHASE_REQUESTS)
        down = time.monotonic() - began
        time.sleep(2)
        rows = scene.status()
        told = [name for name, row in rows.items() if row["behind"] and (row["failure"] or name == "objects")]
        context.check("while receivers are away, each sink says what is wrong", len(told) == len(NAMES), f"{len(told)} of {len(NAMES)}")
        for name, row in rows.items():
            context.note(f"{name}: behind {row['behind']}: {row['failure']}")
        gate.kill()
    with Gate(place, context.token) as gate:
        sent += send(context, gate, PHASE_REQUESTS)
        scene.start()
        sent += send(context, gate, PHASE_REQUESTS)
        # While it catches up.
        time.sleep(1)
        gate.kill()
    with Gate(place, context.token) as gate:
        sent += send(context, gate, PHASE_REQUESTS)
        disturb(context, scene, gate)
        context.check("traffic is not held by receivers that are away", sent == 5 * PHASE_REQUESTS,
                      f"{sent} of {5 * PHASE_REQUESTS} answered 201; {PHASE_REQUESTS} of them in {down:.1f} s with all receivers away")
        seconds = scene.seconds_to_catch_up()
        context.check("after two kills and a stop of every receiver, every sink catches up", seconds is not None,
                      f"within {seconds:.1f} s" if seconds is not None else str(scene.lacking(len(exported(place)))))
        began = time.monotonic()
        context.check("a gate with sinks stops at once", gate.stop() == 0 and time.monotonic() - began < 10)
    with Gate(place, context.token):
        # The seal of the clean stop, and the tail of the last bundle.
        scene.seconds_to_catch_up()
        time.sleep(6)
    # What is left is the seal of this stop.
    with Gate(place, context.token):
        scene.seconds_to_catch_up()
        time.sleep(4)
        scene.exported = exported(place)


def disturb(context, scene, gate):
    """Receivers go and come in the middle of deliveries."""
    counts, over = collections.Counter(), threading.Event()

    def send_on():
        while not over.is_set():
            counts[send(context, gate, 10)] += 1

    sender = threading.Thread(target=send_on)
    sender.start()
    for _ in range(STOPS):
        time.sleep(random.uniform(0.5, 2))
        scene.stop()
        time.sleep(random.uniform(0, 0.3))
        scene.start()
    over.set()
    sender.join()
    context.check(f"while every receiver stops and starts {STOPS} times, all traffic is answered", set(counts) == {10},
                  f"{10 * counts[10]} requests")


def exported(place):
    return place.command("log", "export", "--config", place.config, "--format", "ndjson").stdout.decode().splitlines()


def judge(context, scene, python):
    entries = scene.exported
    index = {line: number for number, line in enumerate(entries)}
    messages = [line.split("] ", 1) for line in scene.siem.lines()]
    # What rsyslog makes of a message that its own stop cut off; the whole one comes again.
    torn = [parts for parts in messages if len(parts) < 2 or parts[1] not in index]
    messages = [parts for parts in messages if parts not in torn]
    context.note(f"siem: {len(torn)} messages cut off by a stop: {[parts[-1][:60] for parts in torn[:3]]}")
    arrived = {
        "archive": scene.folder.lines(),
        "push": [line for body in scene.push.taken for line in body.decode().splitlines()],
        "siem": [entry for _, entry in messages],
        "collector": [body for _, body in decode_otlp(python, scene.otlp.taken)],
        "objects": [line for _, body in sorted(scene.store.ask("dump").items()) for line in body.splitlines()],
    }
    context.note(f"{len(entries)} entries in the log")
    for name, lines in arrived.items():
        compare(context, name, lines, entries, index)
    context.check("the OTLP records carry their index",
                  all(index.get(body) == number for number, body in decode_otlp(python, scene.otlp.taken)))
    context.check("syslog's structured data carry their index", all(
        element.startswith(f'[waybill@32473 index="{index[entry]}" ') for element, entry in messages))
    context.check("an idempotency key names what a batch holds", all(
        key == f'"{index[body.decode().splitlines()[0]]}-{index[body.decode().splitlines()[-1]]}@{json.loads(entries[0])["log"]}"'
        for key, body in zip(scene.push.keys, scene.push.taken)))
    names = sorted(scene.store.ask("dump"))
    context.check("objects are named by bundle", names == [
        f"waybill/{json.loads(entries[0])['log']}/{number:012d}.ndjson" for number in range((len(entries) + 255) // 256)],
        f"{len(names)} objects")
    modes = {oct(path.stat().st_mode & 0o777) for path in scene.folder.home.iterdir()}
    context.check("files are private and rotated", modes == {"0o600"} and len(list(scene.folder.home.iterdir())) > 1,
                  f"{len(list(scene.folder.home.iterdir()))} files")
    context.check("busy and partial answers were given and survived", scene.refusals["push"] >= 3 and scene.refusals["otlp"] == 1,
                  str(dict(scene.refusals)))
    context.check("no credential and no query is in the gate's log or the control store", not leaks(scene))


def leaks(scene):
    secrets = [value.encode() for value in [*TOKENS.values(), *scene.store.keys.values()]]
    stored = b"".join(path.read_bytes() for path in (scene.place.home / "var").glob("waybill-control.db*"))
    return [1 for secret in secrets if secret in scene.place.journal_bytes() or secret in stored]


def compare(context, name, lines, entries, index):
    """The log, in its order, is within what arrived; all the rest are repeats. A receiver that stops in the middle of a batch may have kept
    some of it with gaps: then the batch comes again whole, which the first arrivals alone would call out of order."""
    numbers = [index.get(line) for line in lines]
    reached = 0
    for number in numbers:
        reached += number == reached
    strange = numbers.count(None)
    known = [number for number in numbers if number is not None]
    first = list(dict.fromkeys(known))
    turns = [place for place, (before, after) in enumerate(zip(first, first[1:])) if after < before]
    repeats = len(known) - len(first)
    context.check(f"{name}: nothing missing, nothing out of order", reached == len(entries) and strange == 0,
                  f"{len(lines)} arrived of {len(entries)}: {len(entries) - len(first)} missing, {len(entries) - reached} not in order, "
                  f"{strange} strange, {repeats} repeated")
    for place in turns:
        context.note(f"{name} kept part of a batch when it stopped: {first[max(0, place - 3):place + 4]}")
