"""An agreement's life beside the files, by the command line and the local socket: draft, review by another, in force, stops, the end."""
import json
import os
import shutil
import time

from gate import Gate
from people import CONTACTS, VENDOR_HOSTS, consent, contact, facts, resolve_all
from vendor import Vendors

NEEDS_SHARED = False
ANNA = "anna.agreed@example.com"
ID = "hubspot-newsletter"


def run(context):
    with Vendors(context.home / "agreements-ca", VENDOR_HOSTS) as vendors:
        place = context.installation("agreements", resolve=resolve_all(vendors.port), trust=[vendors.authority], edit=expired)
        text = (place.home / "policies" / "agreements" / f"{ID}.yaml").read_text()
        draft = place.home / "draft.yaml"
        draft.write_text(text.replace("version: 3 ", "version: 4 ").replace("until: 2026-05-01T00:00:00Z", "until: open"))
        with Gate(place, context.token) as gate:
            place.import_lines("subject", [facts(ANNA)])
            place.import_lines("consent", [consent(ANNA, "hubspot")])
            send = lambda **more: gate.send("POST", CONTACTS, contact(ANNA, firstname="Anna", phone="+491701234567", **more))
            context.check("under an expired version nothing goes", send().code == "agreement_expired")
            digest = approval(context, place, draft, send, vendors)
            replayed(context, place, draft)
            resumed(context, place, send)
            kill_switch(context, place, send, vendors)
            sent = act(place, "ben", "field", "suspend", "phone", "--vendor", "hubspot", "--why", "leak at the vendor")
            context.check("a field is stopped for one vendor", sent.returncode == 0)
        with Gate(place, context.token) as gate:
            send = lambda **more: gate.send("POST", CONTACTS, contact(ANNA, firstname="Anna", phone="+491701234567", **more))
            answer = send()
            body = vendors.take()[-1].body
            context.check("over a restart the version is in force and the field stays stopped",
                          answer.status == 201 and b"phone" not in body and b"Anna" in body, f"{answer.status} {answer.code}")
            ending(context, place, gate, send, vendors)
        with Gate(place, context.token) as gate:
            answer = gate.send("POST", CONTACTS, contact(ANNA))
            context.check("over a restart both stay ended", answer.code == "caller_not_permitted", answer.code)
        entries = [entry for entry in place.log_entries() if entry["kind"] == "config"]
        acts = [entry["act"] for entry in entries if entry["act"] != "start"]
        expected = ["agreement.draft", "agreement.submit", "agreement.reject", "agreement.draft", "agreement.submit", "agreement.approve",
                    "agreement.suspend", "agreement.resume", "field.suspend", "field.resume", "field.suspend", "field.resume", "field.suspend", "agreement.terminate",
                    "caller.terminate"]
        context.check("every act is an entry of the log, in its order", acts == expected, " ".join(acts))
        approved = next(entry for entry in entries if entry["act"] == "agreement.approve")
        context.check("the approval's entry names agreement, version and digest",
                      approved["d"] == {"agreement": ID, "version": "4", "sha256": digest}, str(approved["d"]))
        text = json.dumps(place.log_entries())
        context.check("no words of people stand in the log", "leak at" not in text and "not so" not in text)
        context.check("the log verifies", place.verify()["exit"] == 0)
        required(context, vendors)


def expired(policies):
    path = policies / "agreements" / f"{ID}.yaml"
    path.write_text(path.read_text().replace("until: 2027-04-01T00:00:00Z", "until: 2026-05-01T00:00:00Z"))


def approval(context, place, draft, send, vendors):
    act(place, "anna", "agreement", "draft", ID, draft)
    first = line(act(place, "anna", "agreement", "submit", ID))
    context.check("in review, nothing is in force", send().code == "agreement_expired")
    done = act(place, "anna", "agreement", "approve", ID, "--digest", first, ok=(1,))
    context.check("whoever drafted does not approve", b"another approver" in done.stderr, done.stderr.decode().strip())
    act(place, "ben", "agreement", "reject", ID, "--digest", first, "--why", "not so")
    draft.write_text(draft.read_text() + "# as discussed\n")
    digest = line(act(place, "anna", "agreement", "draft", ID, draft))
    act(place, "anna", "agreement", "submit", ID)
    done = act(place, "ben", "agreement", "approve", ID, "--digest", first, ok=(1,))
    context.check("a changed draft is not approved by the old digest", b"reads otherwise" in done.stderr, done.stderr.decode().strip())
    vendors.take()
    act(place, "ben", "agreement", "approve", ID, "--digest", digest)
    answer = send()
    context.check("approved by another it is in force with the next request", answer.status == 201, f"{answer.status} {answer.code}")
    rows = listed(place)
    context.check("the list shows the version in force and what it supersedes",
                  [(row["version"], row["state"], row["origin"]) for row in rows if row["id"] == ID] ==
                  [(4, "active", "console"), (3, "superseded", "files")], str(rows))
    broken = place.home / "broken.yaml"
    broken.write_text(draft.read_text().replace("version: 4 ", "version: 5 ").replace("vendor: hubspot", "vendor: hubspott"))
    act(place, "anna", "agreement", "draft", "other", broken, ok=(1,))
    act(place, "anna", "agreement", "draft", "hubspot-directory", broken, ok=(1,))
    return digest


def replayed(context, place, draft):
    """Two sets of files compared, with what was decided in between replayed under both."""
    old, new = place.home / "policies", place.home / "policies-new"
    shutil.copytree(old, new)
    (new / "agreements" / f"{ID}.yaml").write_text(draft.read_text().replace("birth_date: {generalize: year}", "birth_date: drop"))
    line = ["diff", old, new, "--replay", "30d", "--config", place.config]
    report = json.loads(place.command(*line, "--output", "json").stdout)
    replay = report["replay"]
    context.check("diff --replay: what an expired version refused would newly pass under the next", replay["recordsNewlyPermitted"] > 0
                  and replay["recordsNewlyDenied"] == 0 and replay["isWhole"] and replay["lines"][0]["newlyPermitted"] and report["changes"],
                  f"{replay['recordsNewlyPermitted']} of {replay['records']}")
    text = place.command(*line).stdout.decode()
    context.check("and in words, with how much was replayed", "newly pass" in text and f"All {replay['transfers']} transfers from" in text)
    back = json.loads(place.command("diff", new, old, *line[3:], "--output", "json").stdout)["replay"]
    context.check("the other way round they would newly be denied", back["recordsNewlyDenied"] == replay["recordsNewlyPermitted"]
                  and back["lines"][0]["newlyDenied"] == "agreement_expired", str(back["lines"])[:100])
    context.check("diff --replay of a broken set ends with 3", broken_set(place, new, line) == 3)
    place.command(*line, "--output", "csv", ok=(2,))
    place.command("diff", old, new, "--replay", "month", ok=(2,))


def broken_set(place, new, line):
    path = new / "agreements" / f"{ID}.yaml"
    path.write_text(path.read_text().replace("vendor: hubspot", "vendor: hubspott"))
    return place.command(*line, ok=None).returncode


def kill_switch(context, place, send, vendors):
    for scope in (["--vendor", "hubspot"], []):
        act(place, "ben", "field", "suspend", "phone", *scope, "--why", "leak at the vendor")
        vendors.take()
        answer = send()
        body = vendors.take()[-1].body
        context.check("the next request lacks a stopped field", answer.status == 201 and b"phone" not in body and b"Anna" in body,
                      f"{answer.status} {body[:200]}")
        act(place, "ben", "field", "resume", "phone", *scope, "--why", "mended")
        send()
        context.check("and has it again when the stop is lifted", b"phone" in vendors.take()[-1].body)


def resumed(context, place, send):
    act(place, "ben", "agreement", "suspend", ID, "--why", "a question")
    context.check("a suspended agreement sends nothing", send().code == "agreement_suspended")
    done = act(place, "anna", "agreement", "resume", ID, "--why", "answered", ok=(1,))
    context.check("whoever drafted does not resume", b"another approver" in done.stderr, done.stderr.decode().strip())
    act(place, "ben", "agreement", "resume", ID, "--why", "answered")
    context.check("another does", send().status == 201)


def ending(context, place, gate, send, vendors):
    rows = [json.loads(row) for row in act(place, "ben", "field", "suspended", "--output", "ndjson").stdout.splitlines()]
    context.check("who stopped it, when and why is shown", rows[0]["id"] == "phone of hubspot" and rows[0]["why"] == "leak at the vendor"
                  and rows[0]["since"], str(rows))
    act(place, "ben", "agreement", "terminate", ID, "--why", "the contract ended")
    vendors.take()
    answer = send()
    context.check("the next request after the end is refused", answer.code == "agreement_terminated" and not vendors.take(), answer.code)
    done = act(place, "ben", "agreement", "terminate", ID, "--why", "again", ok=(1,))
    context.check("an end is final", b"final" in done.stderr, done.stderr.decode().strip())
    act(place, "ben", "caller", "terminate", "crm-sync", "--why", "replaced")
    answer = send()
    context.check("a caller of the files that was ended sends nothing more, though the files name it",
                  answer.code == "caller_not_permitted" and not vendors.take(), answer.code)


def required(context, vendors):
    """`approvals: required`: what stands in the files needs an approval of its very text."""
    def edit(policies):
        path = policies / "organisation.yaml"
        path.write_text(path.read_text().replace("approvals: files", "approvals: required"))
    place = context.installation("approvals", resolve=resolve_all(vendors.port), trust=[vendors.authority], edit=edit)
    with Gate(place, context.token) as gate:
        place.import_lines("subject", [facts(ANNA)])
        place.import_lines("consent", [consent(ANNA, "hubspot")])
        send = lambda: gate.send("POST", CONTACTS, contact(ANNA))
        context.check("what nobody approved is a draft", send().code == "agreement_draft")
        digest = next(row["digest"] for row in listed(place) if row["id"] == ID)
        act(place, "ben", "agreement", "approve", ID, "--digest", digest)
        context.check("approved by its digest it is in force", send().status == 201)
        path = place.home / "policies" / "agreements" / f"{ID}.yaml"
        path.write_text(path.read_text().replace("records_per_day: 50000", "records_per_day: 60000").replace("version: 3 ", "version: 4 "))
        until = time.monotonic() + 5
        while send().status == 201 and time.monotonic() < until:
            time.sleep(0.1)
        context.check("a text that was changed needs an approval of its own", send().code == "agreement_draft", send().code)


def listed(place):
    return [json.loads(row) for row in act(place, "ben", "agreement", "list", "--output", "ndjson").stdout.splitlines()]


def line(done):
    return done.stdout.decode().strip()


def act(place, who, *arguments, ok=(0,)):
    """A command as an operator of this name, who called sudo."""
    before = os.environ.get("SUDO_USER")
    os.environ["SUDO_USER"] = who
    try:
        return place.command(*arguments, "--config", place.config, ok=ok)
    finally:
        if before is None:
            del os.environ["SUDO_USER"]
        else:
            os.environ["SUDO_USER"] = before
