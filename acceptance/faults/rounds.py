"""One round of each fault: start the gate under it, load, the fault, and a start without it."""
import errno
import time

from gate import Gate, GateError

from . import control as shim
from .load import Load, Withdrawals, readiness

RECOVERY_SECONDS_MAX = 5.0
CONTROL = ("--set", "listen.control=127.0.0.1:0")



class Bench:
    """What the rounds of one fault share: an installation, its judge, the vendors' record, chance, and what was found."""

    def __init__(self, context, place, recorder, judge, library, chance):
        self.context, self.place, self.recorder, self.judge, self.library, self.chance = context, place, recorder, judge, library, chance
        self.faults, self.slowest_ms, self.rounds, self.notes = [], 0.0, 0, {}
        self.answered = []

    @property
    def var(self):
        return self.place.home / "var"

    def control(self, record=""):
        return shim.Control(self.library, self.var, self.place.home / "faults.control", record)

    def gate(self, control=None):
        return Gate(self.place, self.context.token, arguments=CONTROL, environment=control.environment if control else None)

    def expect(self, held, what):
        if not held:
            self.faults.append(f"round {self.rounds}: {what}")
        return held

    def count(self, what, more=1):
        self.notes[what] = self.notes.get(what, 0) + more

    def recover(self, withdrawn=(), received=(), begin=None):
        """A start without faults: ready in time, serving, whole; then at rest, and judged. `received`: by vendors, besides what they get now."""
        try:
            gate = self.gate().start()
        except GateError as problem:
            self.expect(False, f"the gate does not start afterwards: {problem}")
            return
        self.slowest_ms = max(self.slowest_ms, gate.started_in_ms)
        self.expect(gate.started_in_ms <= RECOVERY_SECONDS_MAX * 1000, f"recovery took {gate.started_in_ms:.0f} ms")
        status, parts = readiness(gate)
        self.expect(status == 200, f"not ready after recovery: {status} {parts}")
        if begin:
            begin()
        load = Load(gate, self.chance, senders=1).start()
        self.until(lambda: load.transfers, 3)
        load.stop()
        self.expect(load.transfers, f"nothing passes after recovery: {dict(load.statuses)}")
        for person in withdrawn:
            answer = gate.send("POST", "/to/hubspot/crm/v3/objects/contacts", b'{"properties":{"email":"%s"}}' % person.encode())
            self.expect(answer.status == 403, f"a withdrawal that was acknowledged is gone ({answer.status})")
        gate.stop()
        self.answered += load.transfers
        self.assess(received)

    def assess(self, received=()):
        from .judge import Store
        report = self.place.verify()
        self.expect(report["exit"] == 0, f"the log does not verify: {report.get('faults', [])[:1]}")
        received = [(body, promised) for _, body, promised in [*received, *self.recorder.take()]]
        for what in self.judge.violations(Store(self.var / "waybill-log.db"), received, self.answered):
            self.expect(False, what)
        self.answered = []

    def until(self, holds, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if holds():
                return True
            time.sleep(0.01)
        return bool(holds())


def killed(bench):
    """kill -9 at a random moment under load."""
    gate = bench.gate().start()
    load = Load(gate, bench.chance).start()
    time.sleep(bench.chance.uniform(0.05, 0.6))
    gate.kill()
    load.stop()
    bench.answered += load.transfers


def failing_io(bench, prepare, sorts=shim.ALL, may_not_start=True, seconds=2.5):
    """A gate under the shim, loaded until the fault has struck and it was seen what the gate makes of it."""
    control = bench.control()
    prepare(control)
    control.files = sorts
    try:
        gate = bench.gate(control).start()
    except GateError:
        bench.count("refused to start")
        bench.expect(may_not_start, "the gate does not start")
        return
    load = Load(gate, bench.chance).start()
    changes = Withdrawals(bench.place, [f"w{bench.rounds}-{i}@example.com" for i in range(40)]).start()
    bench.until(lambda: control.fired or not gate.alive, seconds)
    time.sleep(0.15)
    if control.fired:
        bench.count("struck")
    if gate.alive and control.fired and control.fired_file & shim.LOG and must_close(control):
        closed_for_good(bench, control, gate, load)
    changes.stop()
    gate.kill()
    load.stop()
    bench.answered += load.transfers


def some(chance, most):
    """Small numbers as often as large ones: a start is short, a run is long."""
    return int(most ** chance.random())


def must_close(control):
    """Not after a short write, which the store simply goes on from."""
    return bool(control.sync_error or (control.write_error and not control.write_short))


def closed_for_good(bench, control, gate, load):
    """After an error on the log's file: 503, `/readyz` red, and nothing recorded or sent until somebody restarts it."""
    struck = control.fired_at / 1e9
    control.clear()
    red = bench.until(lambda: readiness(gate)[0] == 503, 2)
    moment = time.monotonic()
    bench.expect(red, f"/readyz stays green after an error on {control.fired_file}")
    time.sleep(0.2)
    later = load.since(moment)
    bench.expect(later and all(a.status == 503 for a in later),
                 f"after the error not only refusals: {sorted({f'{a.status} {a.code}' for a in later})}")
    late = [at for at, _, _ in bench.recorder.got if at > moment + 0.1]
    bench.expect(not late, f"{len(late)} bodies left after the error, {late[-1] - struck:.2f} s on" if late else "")
    bench.count("closed for good")


def writes_fail(bench):
    at, chance = some(bench.chance, 3_000), bench.chance
    failing_io(bench, lambda c: (setattr(c, "write_error", errno.EIO), setattr(c, "write_at", at), setattr(c, "write_every", chance.choice((0, 1, 7)))),
               chance.choice((shim.ALL, shim.LOG, shim.LOG)))


def writes_torn(bench):
    """Part of the bytes, then an error or the end of the process."""
    at, part, dies = some(bench.chance, 3_000), bench.chance.randrange(1, 256), bench.chance.random() < 0.7
    failing_io(bench, lambda c: (setattr(c, "write_short", part), setattr(c, "write_kill", dies), setattr(c, "write_error", errno.EIO),
                                 setattr(c, "write_at", at), setattr(c, "write_every", 3)))


def syncs_fail(bench):
    at, every = some(bench.chance, 300), bench.chance.choice((0, 1, 3))
    failing_io(bench, lambda c: (setattr(c, "sync_error", errno.EIO), setattr(c, "sync_at", at), setattr(c, "sync_every", every)),
               bench.chance.choice((shim.ALL, shim.LOG, shim.LOG)))


def syncs_kill(bench):
    at = some(bench.chance, 300)
    failing_io(bench, lambda c: (setattr(c, "sync_kill", 1), setattr(c, "sync_error", errno.EIO), setattr(c, "sync_at", at)))


def database_fails(bench):
    """The journal can be written, but not what it is for."""
    at, what = 1 + bench.chance.randrange(40), bench.chance.choice(("write", "sync"))

    def prepare(control):
        setattr(control, f"{what}_error", errno.EIO)
        setattr(control, f"{what}_every", bench.chance.choice((0, 1)))

    control = bench.control()
    gate = bench.gate(control).start()
    prepare(control)
    control.files = shim.LOG_DATABASE
    setattr(control, f"{what}_at", at if what == "write" else 1)
    load = Load(gate, bench.chance, senders=12).start()
    bench.until(lambda: control.fired, 20)
    bench.expect(control.fired, "the journal never went into the database")
    time.sleep(0.15)
    if control.fired:
        bench.count("struck")
        closed_for_good(bench, control, gate, load)
    gate.kill()
    load.stop()
    bench.answered += load.transfers


def refuses_for_a_while(bench, error, goes_on):
    """Every change fails from one moment to another."""
    control = bench.control()
    control.files = shim.ALL
    gate = bench.gate(control).start()
    load = Load(gate, bench.chance).start()
    changes = Withdrawals(bench.place, [f"w{bench.rounds}-{i}@example.com" for i in range(40)], pause=0.02).start()
    time.sleep(bench.chance.uniform(0.05, 0.4))
    control.every_error = error
    red = bench.until(lambda: readiness(gate)[0] == 503, 3)
    moment = time.monotonic()
    bench.expect(red, "/readyz stays green while nothing can be written")
    time.sleep(bench.chance.uniform(0.2, 0.8))
    during = load.since(moment)
    bench.expect(during and all(a.status == 503 for a in during),
                 f"not only refusals meanwhile: {sorted({f'{a.status} {a.code}' for a in during})}")
    control.every_error = 0
    moment = time.monotonic()
    if goes_on:
        bench.expect(bench.until(lambda: any(a.status == 201 for a in load.since(moment)), 5), "the gate does not go on by itself")
        bench.expect(bench.until(lambda: readiness(gate)[0] == 200, 3), "/readyz stays red when it goes on")
    else:
        time.sleep(0.5)
        bench.expect(not [a for a in load.since(moment) if a.status == 201], "the log took entries again without a restart")
    changes.stop()
    load.stop()
    if bench.chance.random() < 0.5:
        gate.kill()
    else:
        gate.stop()
    bench.answered += load.transfers


def disk_full(bench):
    refuses_for_a_while(bench, errno.ENOSPC, goes_on=True)


def read_only(bench):
    refuses_for_a_while(bench, errno.EROFS, goes_on=False)


def clock_turned(bench):
    """Back by less and more than the log bears, and forwards; then right again."""
    control = bench.control()
    gate = bench.gate(control).start()
    load = Load(gate, bench.chance, pause=0.002).start()
    bench.until(lambda: load.transfers, 3)
    for seconds, refuses in bench.chance.sample([(-1, False), (-10, True), (-3600, True), (3, False), (-86_400, True)], 4):
        control.clock_seconds = seconds
        time.sleep(0.25)
        moment = time.monotonic()
        time.sleep(0.25)
        answers = load.since(moment)
        if refuses:
            bench.expect(answers and all(a.status == 503 for a in answers), f"the clock {seconds} s off: {codes(answers)}")
        else:
            bench.expect(any(a.status == 201 for a in answers), f"the clock only {seconds} s off: {codes(answers)}")
        control.clock_seconds = 0
        moment = time.monotonic()
        bench.expect(bench.until(lambda: any(a.status == 201 for a in load.since(moment)), 6), f"the gate does not go on after {seconds} s")
    # Forwards, and back: what was entered stands in the future, and nothing may be entered before it.
    control.clock_seconds = 8
    time.sleep(0.3)
    control.clock_seconds = 0
    moment = time.monotonic()
    time.sleep(0.3)
    bench.expect(not [a for a in load.since(moment + 0.05) if a.status == 201], "entries before the last one's time")
    bench.expect(bench.until(lambda: any(a.status == 201 for a in load.since(moment)), 9), "the gate does not go on when time has caught up")
    load.stop()
    gate.kill()
    bench.answered += load.transfers


def codes(answers):
    return sorted({f"{a.status} {a.code}" for a in answers})


KINDS = [
    ("kill -9 at a random moment", killed),
    ("the n-th write fails (EIO)", writes_fail),
    ("the n-th write is torn, then an error or the end", writes_torn),
    ("the n-th sync fails (EIO)", syncs_fail),
    ("killed at the n-th sync", syncs_kill),
    ("the log's database fails behind its journal (EIO)", database_fails),
    ("disk full for a while (ENOSPC)", disk_full),
    ("read-only file system (EROFS)", read_only),
    ("the clock jumps", clock_turned),
]
