"""JSONTestSuite through the running gate: invalid JSON is refused with nothing sent, valid JSON is decided, nothing crashes."""
import collections
import json

from gate import Gate
from people import CONTACTS, VENDOR_HOSTS, consent, facts, resolve_all
from vendor import Vendors

NEEDS_SHARED = True
PERSON = "suite@example.com"
BEFORE, AFTER = b'{"properties":{"email":"suite@example.com","firstname":"Sue","unagreed":', b"}}"
FILES_MIN = 300


def run(context):
    files = sorted((context.shared / "corpus" / "json-test-suite" / "test_parsing").glob("*.json"))
    context.check("the suite is whole", len(files) >= FILES_MIN, f"{len(files)} files")
    with Vendors(context.home / "suite-ca", VENDOR_HOSTS) as vendors:
        place = context.installation("suite", resolve=resolve_all(vendors.port), trust=[vendors.authority])
        with Gate(place, context.token) as gate:
            place.import_lines("subject", [facts(PERSON)])
            place.import_lines("consent", [consent(PERSON, "hubspot")])
            through(context, gate, vendors, files, "as the whole body", lambda data: data, lambda _: False)
            through(context, gate, vendors, files, "as a member of a contact", lambda data: BEFORE + data + AFTER, lambda data: parses(BEFORE + data + AFTER))
            context.check("the gate is still alive", gate.alive)
        report = place.verify()
        context.check("the log verifies afterwards", report["exit"] == 0, f"{report.get('entries')} entries")


def parses(data):
    """Whether a file that is no JSON by itself became JSON by what was put around it."""
    try:
        json.loads(data.decode("utf-8"))
        return True
    except (ValueError, RecursionError):
        return False


def through(context, gate, vendors, files, how, wrap, became_valid):
    faults, answers, connection = [], collections.defaultdict(collections.Counter), gate.connect()
    for path in files:
        kind, data = path.name[0], path.read_bytes()
        if kind == "n" and became_valid(data):
            continue
        try:
            answer = gate.send("POST", CONTACTS, wrap(data), connection=connection)
        except OSError as problem:
            faults.append(f"{path.name}: no answer ({type(problem).__name__})")
            connection = gate.connect()
            continue
        sent = vendors.take()
        answers[kind][f"{answer.status} {answer.code}".strip()] += 1
        if fault := judge(kind, answer, sent, data):
            faults.append(f"{path.name}: {fault}")
    for kind, meaning in (("n", "invalid"), ("y", "valid"), ("i", "left open")):
        mine = [fault for fault in faults if fault.startswith(kind + "_")]
        total = sum(answers[kind].values())
        context.check(f"{how}: {total} {meaning} files", total > 0 and not mine, "; ".join(mine[:4]) or "all as they should be")
        context.note(", ".join(f"{count} × {what}" for what, count in answers[kind].most_common()))


def judge(kind, answer, sent, data):
    """What is wrong with this answer, or None."""
    if answer.status >= 500:
        return f"answered {answer.status} {answer.code}"
    if kind == "n" and (answer.status not in (400, 413, 415, 422) or not answer.code):
        return f"invalid, but answered {answer.status} {answer.code}"
    if kind == "n" and sent:
        return "invalid, but something was sent"
    if kind == "y" and not answer.decision and not (answer.status == 422 and answer.code):
        return f"valid, but neither decided nor refused by a named rule: {answer.status}"
    if answer.status == 201 and (len(sent) != 1 or b"unagreed" in sent[0].body):
        return "sent, but not reduced"
    if answer.status != 201 and sent:
        return f"answered {answer.status}, but something was sent"
    return None
