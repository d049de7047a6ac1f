"""Power cuts: a run is recorded change by change, then cut at many moments; the gate starts on what the disk may hold.

Before the cut means: a body a vendor had, an answer a caller had, a withdrawal that was acknowledged, before the change at the cut began.
"""
import filecmp
import os
import shutil
import time

from people import consent, facts

from . import control as shim
from .judge import Judge, checkpoint_text
from .load import PERSON, Load, Withdrawals
from .powercut import MODES, Disk, write_out
from .rounds import Bench

CUTS_PER_RECORDING = 25
LEAVERS = 60


def run(context, library, chance, recorder, make):
    """`make`: an installation of that name, without a first start."""
    left, number, totals = context.fault_rounds * 6, 0, {"faults": [], "slowest": 0.0, "cuts": 0, "bodies": 0, "transfers": 0, "withdrawn": 0}
    while left > 0 and len(totals["faults"]) < 8:
        cuts = min(left, CUTS_PER_RECORDING)
        recorded = Recording(context, make(f"powercut-{number}"), library, chance, recorder, is_first_start=number % 2 == 0)
        recorded.check_itself()
        for at in sorted(chance.randrange(1, len(recorded.changes)) for _ in range(cuts)):
            recorded.cut(at, make(f"powercut-{number}-cut"), totals)
        left, number = left - cuts, number + 1
    lying(context, library, chance, recorder, make)
    context.check(f"power cut, unsynced writes lost: {totals['cuts']} cuts in {number} recorded runs", not totals["faults"],
                  "; ".join(totals["faults"][:5]) or
                  f"{totals['bodies']} bodies, {totals['transfers']} transfers, {totals['withdrawn']} withdrawals, 0 violations, "
                  f"slowest recovery {totals['slowest']:.0f} ms")


def lying(context, library, chance, recorder, make):
    """The harness must be able to fail: a disk that does not keep what it synced is noticed."""
    recorded, found = Recording(context, make("powercut-lying"), library, chance, recorder, is_first_start=False), {
        "faults": [], "slowest": 0.0, "cuts": 0, "bodies": 0, "transfers": 0, "withdrawn": 0}
    recorded.changes = [change for change in recorded.changes if change.kind != shim.SYNC]
    recorded.cut(len(recorded.changes) - 1, make("powercut-lying-cut"), found, "nothing unsynced")
    context.check("a disk that lies about syncing is caught", found["faults"], f"{len(found['faults'])} violations, as there must be")


class Recording:
    """A run under the shim from a start to its end, with what the world outside had seen and when."""

    def __init__(self, context, place, library, chance, recorder, is_first_start):
        self.context, self.place, self.chance, self.recorder, self.library = context, place, chance, recorder, library
        self.bench = Bench(context, place, recorder, Judge(), library, chance)
        leavers = [f"leaver{i}@example.com" for i in range(LEAVERS)]
        if not is_first_start:
            with self.bench.gate():
                self.prepare(place, leavers)
        self.base = place.home / "base"
        os.makedirs(self.bench.var, mode=0o700, exist_ok=True)
        shutil.copytree(self.bench.var, self.base, ignore=lambda _, names: [n for n in names if n.endswith(".sock")])
        control = self.bench.control(place.home / "record")
        gate = self.bench.gate(control).start()
        if is_first_start:
            self.prepare(place, leavers)
        self.prepared = time.monotonic() if is_first_start else 0.0
        load, self.leaving = Load(gate, chance).start(), Withdrawals(place, leavers, pause=0.01).start()
        time.sleep(chance.uniform(1.5, 3))
        self.leaving.stop()
        if chance.random() < 0.5:
            gate.stop()
        gate.kill()
        load.stop()
        self.answers = [(ended, answer.transfer) for _, ended, answer in load.answers if answer.status == 201]
        self.received = recorder.take()
        self.changes = shim.changes(place.home / "record")
        self.disk, self.taken = Disk(self.base), 0

    @staticmethod
    def prepare(place, leavers):
        place.import_lines("subject", [facts(PERSON), *(facts(each) for each in leavers)])
        place.import_lines("consent", [consent(each, "hubspot") for each in (PERSON, *leavers)])

    def check_itself(self):
        """Played back whole, the record makes the folder that is there: else a cut would prove nothing."""
        disk, target = Disk(self.base), self.place.home / "played-back"
        for change in self.changes:
            disk.take(change)
        write_out(disk.cut("everything written", self.chance), disk.folders, target)
        differing = []
        for folder, _, names in os.walk(self.bench.var):
            for name in names:
                path = os.path.join(folder, name)
                other = os.path.join(target, os.path.relpath(path, self.bench.var))
                if os.path.isfile(path) and not name.endswith("-shm") and not (os.path.exists(other) and filecmp.cmp(path, other, shallow=False)):
                    differing.append(os.path.relpath(path, self.bench.var))
        shutil.rmtree(target)
        self.context.check("the record plays back to what is there", not differing, ", ".join(differing) or f"{len(self.changes)} changes")

    def cut(self, at, place, totals, mode=None):
        """`at`: the first change that does not happen any more."""
        while self.taken < at:
            self.disk.take(self.changes[self.taken])
            self.taken += 1
        moment, mode = self.changes[at].began, mode or self.chance.choice(MODES)
        bench = Bench(self.context, place, self.recorder, Judge(), self.library, self.chance)
        bench.rounds = at
        shutil.rmtree(bench.var, ignore_errors=True)
        write_out(self.disk.cut(mode, self.chance), self.disk.folders, bench.var)
        withdrawn = [person for when, person in self.leaving.acknowledged if when < moment]
        bench.answered = [transfer for when, transfer in self.answers if when < moment]
        # Whatever was signed must be a prefix of what is there: somebody may have fetched it.
        notes = {c.file for c in self.changes[:at] if c.kind == shim.CREATED and "checkpoint" in c.path}
        signed = [c.data for c in self.changes[:at] if c.kind == shim.WRITE and c.file in notes]
        bench.judge.checkpoints = [checkpoint_text(note.decode()) for note in signed[-3:]]
        self.recorder.take()
        before = [got for got in self.received if got[0] < moment]
        bench.recover(withdrawn=self.chance.sample(withdrawn, min(3, len(withdrawn))) if withdrawn else (),
                      received=before, begin=None if moment > self.prepared else lambda: self.prepare(place, ()))
        totals["cuts"] += 1
        totals["bodies"] += len(before)
        totals["transfers"] += bench.judge.totals["intents"]
        totals["withdrawn"] += len(withdrawn)
        totals["slowest"] = max(totals["slowest"], bench.slowest_ms)
        totals["faults"] += [f"{mode}, cut at change {fault.removeprefix('round ')}" for fault in bench.faults]
        if bench.faults and self.context.keep:
            shutil.copytree(place.home, f"{place.home}-{at}-{totals['cuts']}", ignore=lambda _, names: [n for n in names if n.endswith(".sock")])
