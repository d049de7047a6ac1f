"""Audits of vendors: an engagement from its opening to its end, a sample drawn again without Waybill, a critical finding that stops traffic."""
import hashlib
import json

from gate import Gate
from people import CONTACTS, VENDOR_HOSTS, consent, contact, facts, resolve_all
from vendor import Vendors

NEEDS_SHARED = False
ANNA = "anna.audit@example.com"
PERIOD = ("--from", "2026-01-01", "--to", "2100-01-01")
AGREEMENT = "hubspot-newsletter"


def run(context):
    with Vendors(context.home / "audits-ca", VENDOR_HOSTS) as vendors:
        place = context.installation("audits", resolve=resolve_all(vendors.port), trust=[vendors.authority])
        with Gate(place, context.token) as gate:
            place.import_lines("subject", [facts(ANNA)])
            place.import_lines("consent", [consent(ANNA, "hubspot")])
            for number in range(40):
                gate.send("POST", CONTACTS, contact(ANNA, firstname=f"Anna {number}"))
            engagement = place.command("audit", "open", "--config", place.config, "--vendor", "hubspot", "--scope", "newsletter transfers",
                                       *PERIOD, "--hook", "GDPR Art. 28(3)(h)").stdout.decode().strip()
            context.check("an engagement is opened", engagement.endswith("-1"), engagement)
            sampling(context, place, engagement)
            evidence(context, place, engagement)
            findings(context, place, gate, vendors, engagement)
        with Gate(place, context.token) as gate:
            answer = gate.send("POST", CONTACTS, contact(ANNA))
            context.check("what a finding stopped stays stopped over a restart", answer.code == "agreement_suspended", answer.code)
            closing(context, place, gate, vendors, engagement)
        without_a_gate(context, place, engagement)
        acts = [entry["act"] for entry in place.log_entries() if entry["kind"] == "config"]
        expected = ["audit.open", "audit.sample", "audit.evidence", "agreement.suspend", "audit.finding", "audit.settle", "agreement.resume",
                    "audit.close", "vendor.suspend", "vendor.resume"]
        context.check("every act is an entry of the log, in its order", [act for act in acts if act != "start"] == expected, " ".join(acts))
        text = json.dumps(place.log_entries())
        context.check("no words of people stand in the log", "No deletion" not in text and "dice 4711" not in text)
        context.check("the log verifies", place.verify()["exit"] == 0)


def sampling(context, place, engagement):
    drawn = rows(place.command("audit", "sample", engagement, "--config", place.config, "--count", "7", "--seed", "dice 4711",
                               "--output", "ndjson"))
    leaves = []
    for line in place.command("log", "export", "--config", place.config, "--format", "ndjson", "--vendor", "hubspot").stdout.splitlines():
        if json.loads(line)["kind"] == "intent":
            leaf = hashlib.sha256(b"\0" + line).digest()
            leaves.append((hashlib.sha256(b"dice 4711" + leaf).hexdigest(), json.loads(line)["xid"]))
    context.check("the sample is what SHA-256 alone draws from the exported lines",
                  [(row["rank"], row["xid"]) for row in drawn] == sorted(leaves)[:7] and len(leaves) == 40, f"{len(drawn)} of {len(leaves)}")
    again = rows(place.command("audit", "sample", engagement, "--config", place.config, "--again", "1", "--output", "ndjson"))
    context.check("it is drawn again later, the same", again == drawn)


def evidence(context, place, engagement):
    paper = place.home / "processing-agreement.pdf"
    paper.write_bytes(b"signed")
    done = place.command("audit", "evidence", engagement, paper, "--config", place.config, "--note", "signed agreement")
    context.check("a document is entered by its digest", done.stdout.decode().startswith(hashlib.sha256(b"signed").hexdigest()))
    check = ("audit", "evidence", engagement, paper, "--config", place.config, "--note", "-", "--check")
    context.check("the same document is found among the evidence", place.command(*check).returncode == 0)
    paper.write_bytes(b"changed")
    context.check("a changed one is not: exit code 5", place.command(*check, ok=(5,)).returncode == 5)


def findings(context, place, gate, vendors, engagement):
    vendors.take()
    context.check("before the finding, traffic flows", gate.send("POST", CONTACTS, contact(ANNA)).status == 201)
    done = place.command("audit", "finding", engagement, "--config", place.config, "--severity", "critical", "--title", "No deletion",
                         "--owner", "DPO", "--due", "2026-12-31", "--agreement", AGREEMENT)
    context.check("a critical finding names what it suspended", AGREEMENT in done.stdout.decode(), done.stdout.decode().strip())
    vendors.take()
    answer = gate.send("POST", CONTACTS, contact(ANNA))
    context.check("the very next request is refused, nothing sent", answer.code == "agreement_suspended" and not vendors.take(), answer.code)
    done = place.command("audit", "close", engagement, "--config", place.config, "--summary", "too early", ok=(1,))
    context.check("an engagement with an open finding is not closed", b"still open" in done.stderr, done.stderr.decode().strip())
    listed = rows(place.command("agreement", "suspended", "--config", place.config, "--output", "ndjson"))
    context.check("the list says who stopped it and why", listed[0]["id"] == AGREEMENT and "No deletion" in listed[0]["why"])


def closing(context, place, gate, vendors, engagement):
    place.command("audit", "finding", engagement, "--config", place.config, "--resolve", "1", "--answer", "deletion shown")
    context.check("a resolved finding alone lifts nothing", gate.send("POST", CONTACTS, contact(ANNA)).code == "agreement_suspended")
    place.command("agreement", "resume", AGREEMENT, "--config", place.config, "--why", "finding 1 is resolved")
    context.check("after the stop is lifted, the next request passes", gate.send("POST", CONTACTS, contact(ANNA)).status == 201)
    place.command("audit", "close", engagement, "--config", place.config, "--summary", "one finding, mended")
    place.command("vendor", "suspend", "hubspot", "--config", place.config, "--why", "drill")
    context.check("a stopped vendor receives nothing", gate.send("POST", CONTACTS, contact(ANNA)).code == "vendor_suspended")
    place.command("vendor", "resume", "hubspot", "--config", place.config, "--why", "drill is over")
    shown = json.loads(place.command("audit", "show", engagement, "--config", place.config, "--output", "json").stdout)
    context.check("the engagement tells its whole history", shown["state"] == "closed" and shown["findings"][0]["state"] == "resolved"
                  and len(shown["samples"]) == 1 and len(shown["evidence"]) == 1)


def without_a_gate(context, place, engagement):
    done = place.command("audit", "evidence", engagement, place.config, "--config", place.config, "--note", "late", ok=(1,))
    context.check("without a gate the same rules hold: a closed engagement takes nothing", b"closed" in done.stderr,
                  done.stderr.decode().strip())


def rows(done):
    return [json.loads(line) for line in done.stdout.splitlines()]
