"""Kills, failing writes and syncs, full and read-only disks, a turned clock, power cuts: nothing is sent that is not recorded, nothing is lost.

Per fault: rounds, bodies vendors received, violations, slowest recovery. The same seed gives the same faults (not the same interleaving).
"""
import random

from faults import control, cuts, disks
from faults.judge import Judge
from faults.load import PERSON, Recorder
from faults.rounds import KINDS, Bench
from gate import Gate, without_volume_limits
from people import VENDOR_HOSTS, consent, facts, resolve_all
from vendor import Vendors

NEEDS_SHARED = False


def run(context):
    library = control.build(str(context.home))
    seed = context.seed if context.seed is not None else random.SystemRandom().randrange(1 << 32)
    context.note(f"seed {seed}")
    recorder = Recorder()
    with Vendors(context.home / "faults-ca", VENDOR_HOSTS, on_received=recorder) as vendors:
        for number, (what, one_round) in enumerate([*KINDS, *disks.kinds(context)]):
            if context.fault and context.fault not in what:
                continue
            chance = random.Random(seed * 1_000 + number)
            bench = Bench(context, installation(context, vendors, f"faults-{number}"), recorder, Judge(), library, chance)
            rounds(context, bench, what, one_round)
        if not context.fault or context.fault in "power cut":
            chance = random.Random(seed * 1_000 + 999)
            cuts.run(context, library, chance, recorder, lambda name: installation(context, vendors, name, prepared=False))


def installation(context, vendors, name, prepared=True):
    place = context.installation(name, resolve=resolve_all(vendors.port), trust=[vendors.authority], edit=without_volume_limits)
    if prepared:
        with Gate(place, context.token):
            prepare(place)
    return place


def prepare(place):
    place.import_lines("subject", [facts(PERSON)])
    place.import_lines("consent", [consent(PERSON, "hubspot")])


def rounds(context, bench, what, one_round):
    try:
        for _ in range(context.fault_rounds):
            bench.rounds += 1
            bench.judge.remember(bench.var / "checkpoint")
            one_round(bench)
            bench.recover()
            if len(bench.faults) >= 8:
                break
    finally:
        if isinstance(one_round, disks.Disk):
            one_round.end(bench)
    notes = "".join(f", {count} {note}" for note, count in bench.notes.items())
    context.check(f"{what}: {bench.rounds} rounds", not bench.faults,
                  "; ".join(bench.faults[:5]) or
                  f"{bench.judge.totals['received']} bodies, {bench.judge.totals['intents']} transfers, 0 violations, "
                  f"slowest recovery {bench.slowest_ms:.0f} ms{notes}")
