"""The strictness table: each rule of strict HTTP as raw bytes over a socket, both ways, with the bytes that the vendor saw.

    acceptance/run.py --waybill PATH --only strict --write-pages      writes the table as a page: docs/strictness.md
"""
import collections

from gate import Gate
from people import consent, facts
from rawcaller import NoAnswer, RawCaller
from rawvendor import RawVendor

from . import answer_rows, body_rows, framing_rows, over_time, page, proxy_rows
from .wire import EXPECTED_PLAIN, EXPECTED_READ, PERSON, PLAIN, PROBE, SAME, SMUGGLED, difference

NEEDS_SHARED = False
HOST = "api.hubapi.com"
# Defaults, but for the times: a slow peer is one after a second here, so that the check stays short. One event loop, so that there is one
# pool of connections to the vendor and the table can say which ones are used again.
SHORT_LIMITS = """threads: 1
limits:
  head_milliseconds: 1000
  body_idle_milliseconds: 1000
  idle_milliseconds: 1500
  drain_milliseconds: 2500
  write_idle_milliseconds: 1500
  vendor_write_idle_milliseconds: 1500
  answer_milliseconds: 1500
  answer_idle_milliseconds: 1000
"""


class Table:
    """Rows as they come, and the checks that stand for them: one for each rule, which names the rows that do not hold."""

    def __init__(self, context):
        self.context, self.rows, self.transfers = context, [], []

    def row(self, part, rule, what, shown, expected, came, sent, held):
        self.rows.append(page.Line(part, rule, what, shown, came, sent, held))
        if not held:
            self.context.note(f"NOT HELD  {rule} / {what}: expected {expected}, came {came}, the vendor saw {sent} bytes")

    def report(self, part):
        groups = collections.OrderedDict()
        for line in self.rows:
            if line.part == part:
                groups.setdefault(line.rule, []).append(line)
        for rule, lines in groups.items():
            broken = [line.what for line in lines if not line.held]
            self.context.check(rule, not broken, f"{len(lines)} rows" + (f", NOT HELD: {'; '.join(broken)}" if broken else ""))


def run(context):
    table = Table(context)
    with RawVendor(context.home / "strict-ca", [HOST]) as vendor:
        place = context.installation("strict", resolve={f"{HOST}:443": f"127.0.0.1:{vendor.port}"}, trust=[vendor.authority])
        with place.config.open("a") as config:
            config.write(SHORT_LIMITS)
        with Gate(place, context.token) as gate:
            place.import_lines("subject", [facts(PERSON)])
            place.import_lines("consent", [consent(PERSON, "hubspot")])
            for row in [*framing_rows.rows(), *body_rows.rows()]:
                request_row(table, gate, vendor, row)
            table.report(page.REQUESTS)
            proxy_rows.run(table, gate, vendor, place.authority())
            table.report(page.PROXY)
            answer_rows.run(table, gate, vendor)
            table.report(page.ANSWERS)
            over_time.run(table, gate, vendor)
            table.report(page.TIME)
            context.check("the gate is still alive", gate.alive)
            context.check("SIGTERM stops it with exit code 0", gate.stop() == 0)
        log_holds(context, place, table, vendor)
    page.publish(context, table.rows)


def request_row(table, gate, vendor, row):
    """One request, with another behind it in the same packet: served after an answer that keeps the connection, never after one that ends it."""
    vendor.take()
    method = row.raw.split(b" ")[0].decode("latin-1")
    came, held = "nothing", False
    with RawCaller(gate.address) as caller:
        try:
            caller.send(row.raw + (SMUGGLED if row.closes else PROBE))
            answer = caller.answer(method)
            came = f"{answer.status} {answer.code}".strip()
            if row.closes:
                ended = caller.is_closed() and not caller.buffer
                state = "closed" if ended else "not closed"
            else:
                ended = caller.answer("GET").status == 404
                state = "kept" if ended else "not kept"
            came += f", {state}"
            held = answer.status == row.status and ended
            if row.sent is None:
                held = held and (answer.code != "" or method == "HEAD") and PERSON.encode() not in answer.body
            else:
                table.transfers.append(answer.value("waybill-transfer"))
        except NoAnswer as problem:
            came = f"{came} ({problem})"
    seen = vendor.take()
    expected = {None: b"", SAME: EXPECTED_PLAIN if row.raw[:4] == PLAIN[:4] else EXPECTED_READ}.get(row.sent, row.sent)
    held = held and bytes(seen.data) == expected and (row.sent is not None or seen.connections == 0)
    wanted = f"{row.status}, {'closed' if row.closes else 'kept'}, {len(expected)} bytes"
    if not held and seen.data and row.sent is not None:
        table.context.note(f"the vendor saw {bytes(seen.data)!r}, expected {expected!r}")
    table.row(page.REQUESTS, row.rule, row.what, difference(row.raw), wanted, came, len(seen.data), held)


def log_holds(context, place, table, vendor):
    """The log verifies, and every transfer that reached the vendor has one intent and one outcome."""
    report = place.verify()
    context.check("the log verifies", report["exit"] == 0, f"{report.get('entries')} entries")
    entries = place.log_entries()
    intents = collections.Counter(entry["xid"] for entry in entries if entry["kind"] == "intent")
    outcomes = collections.Counter(entry["xid"] for entry in entries if entry["kind"] == "outcome")
    context.check("every intent has exactly one outcome", intents == outcomes and max(intents.values(), default=0) == 1,
                  f"{len(intents)} intents, {sum(outcomes.values())} outcomes")
    missing = [xid for xid in table.transfers if intents[xid] != 1]
    context.check("every request that reached the vendor stands in the log", not missing and vendor.requests <= len(intents),
                  f"{vendor.requests} requests at the vendor, {len(missing)} missing")
