"""kill -9 under load, again and again: whatever the vendor received has a committed intent, and the log verifies.

How bodies and intents are matched. The log holds no identifiers, and a body's hash in it is keyed, so nobody outside can match by content.
Each request of a round therefore has a body length of its own (a first name of another length); an intent states `bytes`, and every
Content-Length that the vendor saw must be covered by an intent of that round with just that many. A request whose answer was seen is matched by
its `Waybill-Transfer` as well. What this cannot show: that the *content* of an intent's commitment is right (Swift tests do), and what a power cut
would do to the disk (the process dies, the machine does not).
"""
import collections
import http.client
import random
import threading
import time

from gate import Gate, without_volume_limits
from people import CONTACTS, VENDOR_HOSTS, consent, contact, facts, resolve_all
from vendor import Vendors, plausible

NEEDS_SHARED = False
PERSON = "crash@example.com"
SENDERS = 8
REQUESTS_PER_ROUND_MAX = 4000
LOAD_SECONDS = (0.15, 0.6)


def slow_sometimes(host, method, target):
    """Some answers take a while, so that the kill finds requests in every stage."""
    time.sleep(random.choice((0, 0, 0, 0.002, 0.02)))
    return plausible(host, method, target)


class Load:
    """Senders that go on until the gate is gone; each body is as long as no other of the round."""

    def __init__(self, gate):
        self.gate, self.lock, self.next = gate, threading.Lock(), 1
        self.answered, self.attempted, self.wrong = [], 0, collections.Counter()
        self.threads = [threading.Thread(target=self.send_on, daemon=True) for _ in range(SENDERS)]

    def take_number(self):
        with self.lock:
            self.next += 1
            self.attempted += 1
            return self.next

    def send_on(self):
        connection = self.gate.connect()
        while (number := self.take_number()) <= REQUESTS_PER_ROUND_MAX:
            try:
                answer = self.gate.send("POST", CONTACTS, contact(PERSON, firstname="n" * number), connection=connection)
            except (OSError, http.client.HTTPException):
                return
            with self.lock:
                if answer.status == 201:
                    self.answered.append(answer.transfer)
                else:
                    self.wrong[f"{answer.status} {answer.code}"] += 1

    def run(self, seconds):
        for thread in self.threads:
            thread.start()
        time.sleep(seconds)
        self.gate.kill()
        for thread in self.threads:
            thread.join(10)


def run(context):
    with Vendors(context.home / "crash-ca", VENDOR_HOSTS, answer=slow_sometimes) as vendors:
        place = context.installation("crash", resolve=resolve_all(vendors.port), trust=[vendors.authority],
                                     edit=without_volume_limits)
        totals, faults = collections.Counter(), []
        with Gate(place, context.token):
            place.import_lines("subject", [facts(PERSON)])
            place.import_lines("consent", [consent(PERSON, "hubspot")])
        seen = len(place.log_entries())
        for number in range(1, context.rounds + 1):
            seen = one_round(context, place, vendors, number, seen, totals, faults)
        with Gate(place, context.token):
            pass
        entries = place.log_entries()
        context.check(f"{context.rounds} rounds: every body received has its intent", not faults, "; ".join(faults[:4]) or describe(totals))
        context.check("the load was real", totals["received"] >= 20 * context.rounds, f"{totals['received']} bodies")
        context.check("at least one kill found transfers under way", totals["unanswered"] > 0, f"{totals['unanswered']} without an answer")
        open_intents = {e["xid"] for e in entries if e["kind"] == "intent"} - {e["xid"] for e in entries if e["kind"] == "outcome"}
        context.check("after the last restart every intent has an outcome", not open_intents, f"{len(open_intents)} open")
        report = place.verify()
        context.check("the log verifies at the end", report["exit"] == 0, f"{report.get('entries')} entries")


def one_round(context, place, vendors, number, seen, totals, faults):
    """Start (which recovers), load, kill, start again, compare. Returns how many entries the log then has."""
    load = Load(Gate(place, context.token).start())
    load.run(random.uniform(*LOAD_SECONDS))
    time.sleep(0.05)
    received = vendors.take()
    with Gate(place, context.token) as gate:
        report = place.verify()
        entries = place.log_entries()
    new = entries[seen:]
    intents = [entry for entry in new if entry["kind"] == "intent"]
    lengths = collections.Counter(int(dict((k.lower(), v) for k, v in r.headers).get("content-length", -1)) for r in received)
    uncovered = lengths - collections.Counter(entry["bytes"] for entry in intents)
    missing = set(load.answered) - {entry["xid"] for entry in intents}
    unknown = [e for e in new if e["kind"] == "outcome" and e.get("res") == "unknown"]
    for held, fault in (
        (report["exit"] == 0, f"round {number}: the log does not verify: {report.get('faults', [])[:1]}"),
        (not uncovered, f"round {number}: {sum(uncovered.values())} bodies without an intent"),
        (not missing, f"round {number}: {len(missing)} answers without an intent"),
        (not load.wrong, f"round {number}: refused {dict(load.wrong)}"),
        (max(lengths.values(), default=0) <= 1, f"round {number}: a body arrived twice"),
    ):
        if not held:
            faults.append(fault)
    totals.update(received=len(received), intents=len(intents), answered=len(load.answered), unknown=len(unknown),
                  unanswered=len(intents) - len(load.answered), rounds=1)
    if number % 10 == 0 or faults:
        context.note(f"round {number}: {describe(totals)}; start {gate.started_in_ms:.0f} ms; {len(entries)} entries")
    return len(entries)


def describe(totals):
    return (f"{totals['received']} bodies received, {totals['intents']} intents, {totals['answered']} answers seen, "
            f"{totals['unknown']} entered as unknown")
