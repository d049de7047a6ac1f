"""What real vendor SDKs send, replayed through the gate; then every byte the vendors received is searched for what was not agreed."""
import base64
import gzip
import hashlib
import json
import re
import subprocess
import sys
import time
import urllib.parse

from gate import Gate
from people import ANALYTICS, consent, facts
from ports import free_port, wait_for_port
from vendor import Received

NEEDS_SHARED = True
ANNA, BRUNO = "anna.kowalska@example.com", "bruno.diaz@example.org"
VENDORS = {"api.hubapi.com": "hubspot", "us19.api.mailchimp.com": "mailchimp", "api.sendgrid.com": "sendgrid", "api.segment.io": "segment",
           "api.stripe.com": "stripe"}

# Said once more by hand, so that a mistake in the tables below cannot hide them: nobody may ever receive these.
NEVER = ["536-90-4399", "078-05-1120", "4111111111111111", "Diabetic; call her at 601 234 567", "CEO, prefers mail", "601 234 567",
         "PL61109010140000071219812874", "ES9121000418450200051332"]

# Per vendor, the members whose value may arrive as it is. Written from reading the agreements, not generated from them: an agreement that
# grows a field makes this check fail until someone has looked. `[]` stands for any position.
AGREED = {
    "hubspot": {f"{record}properties.{name}" for record in ("", "inputs[].") for name in ("email", "firstname", "lastname")},
    "mailchimp": {"update_existing"} | {f"{record}{name}" for record in ("", "members[].") for name in (
        "email_address", "status", "status_if_new", "merge_fields.FNAME")},
    "sendgrid": {"contacts[].email", "contacts[].first_name", "contacts[].last_name", "personalizations[].to[].email", "from.email",
                 "content[].type"},
    "segment": {"sentAt", "writeKey"} | {f"batch[].{name}" for name in (
        "type", "event", "timestamp", "messageId", "context.library.name", "context.library.version")},
    "stripe": {"email", "name", "address.country"},
}
# The captured calls whose basis is a contract, not consent.
CONTRACT_TARGETS = {"/v3/mail/send", "/v1/customers"}
SHORTEST = 4


def run(context):
    lines = (context.shared / "corpus" / "vendor-requests.ndjson").read_text().splitlines()
    captured = [json.loads(line) for line in lines if line.strip()]
    port, record = free_port(), context.home / "received.ndjson"
    authority = context.home / "captured-ca"
    fake = subprocess.Popen(
        [sys.executable, str(context.shared / "tools" / "fakevendors.py"), "--ca-dir", str(authority), "--port", str(port), "--record", str(record)],
        stdout=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        place = context.installation("captured", resolve={f"{host}:443": f"127.0.0.1:{port}" for host in VENDORS}, trust=[authority / "ca.pem"])
        with Gate(place, context.token) as gate:
            refused_before_consent(context, gate, captured, record)
            permit(place)
            received = replay(context, gate, captured, record)
            context.check("the gate is still alive", gate.alive)
        search(context, captured, received)
        report = place.verify()
        context.check("the log verifies", report["exit"] == 0, f"{report.get('entries')} entries")
    finally:
        fake.terminate()
        fake.wait(10)


def permit(place):
    """Both people opt in to everything they are asked for; the mail API needs no consent, its basis is the contract."""
    place.import_lines("subject", [facts(ANNA, "crm:u-1", country="PL"), facts(BRUNO, "crm:u-2", country="ES")])
    place.import_lines("consent", [consent(email, vendor) for email in (ANNA, BRUNO) for vendor in ("hubspot", "mailchimp", "sendgrid")])
    place.import_lines("consent", [consent(person, "segment", ANALYTICS) for person in ("crm:u-1", "crm:u-2")])


def refused_before_consent(context, gate, captured, record):
    """Before anybody consented, nothing that rests on consent leaves."""
    asked = [request for request in captured if request["host"] in VENDORS and request["target"] not in CONTRACT_TARGETS]
    codes = {send(gate, request).code for request in asked}
    leaked = received_since(record, 0)
    context.check("before anybody consented nothing leaves", codes == {"consent_missing"} and not leaked, f"{sorted(codes)}, {len(leaked)} leaked")


def send(gate, request):
    skip = {"host", "content-length", "connection", "accept-encoding"}
    headers = {name: value for name, value in request["headers"] if name.lower() not in skip}
    return gate.send(request["method"], f"/to/{VENDORS[request['host']]}@{request['host']}{request['target']}", base64.b64decode(request["body_b64"]), headers)


def received_since(record, start):
    lines = record.read_text().splitlines()[start:] if record.exists() else []
    return [Received(r["host"], r["method"], r["target"], r["headers"], base64.b64decode(r["body_b64"])) for r in map(json.loads, lines)]


def replay(context, gate, captured, record):
    received = []
    for request in captured:
        before = len(received)
        answer = send(gate, request)
        received = received_since(record, 0)
        mine, what = received[before:], f"{request['method']} {request['host']}{request['target']}"
        context.check(f"{what}", answer.status < 300 and len(mine) == 1, f"{answer.status} {answer.decision} {answer.code}")
        context.note("sent      " + show(decode(request)))
        for each in mine:
            context.note("received  " + show(each.decoded()))
    return received


def decode(request):
    body = base64.b64decode(request["body_b64"])
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def show(body):
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        return urllib.parse.unquote_plus(body.decode(errors="replace"))


def parsed(body):
    """A JSON document, or a form as (path, value) with `a[b]` as `a.b`."""
    try:
        return leaves(json.loads(body))
    except ValueError:
        return [(re.sub(r"\[(\w+)\]", r".\1", name), value) for name, value in urllib.parse.parse_qsl(body.decode(), keep_blank_values=True)]


def leaves(value, path=""):
    """(path, scalar as text) of everything in a JSON document."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, f"{path}[]")
    elif value is not None and not isinstance(value, bool):
        yield path, str(value)


def not_agreed(captured):
    """Per vendor, the values of captured bodies that it may receive, and those that it may not: all others."""
    values = {}
    for request in captured:
        vendor = VENDORS[request["host"]]
        good, bad = values.setdefault(vendor, (set(), set()))
        for path, text in parsed(decode(request)):
            (good if path in AGREED[vendor] else bad).add(text)
    return {vendor: (good, sorted(text for text in (bad - good) | set(NEVER) if len(text) >= SHORTEST)) for vendor, (good, bad) in values.items()}


def spellings(text):
    """The ways a value could stand in a request, unkeyed hashes included: none of them may."""
    raw = text.encode()
    yield from {raw, json.dumps(text)[1:-1].encode(), urllib.parse.quote(text).encode(), urllib.parse.quote_plus(text).encode(), raw.lower()}
    for each in {raw, raw.lower(), raw.strip().lower()}:
        yield from (hashlib.new(name, each).hexdigest().encode() for name in ("md5", "sha1", "sha256"))
    for shift in range(3):
        # Base64 at each of the three alignments, without the characters that depend on the neighbours.
        coded = base64.b64encode(b"\0" * shift + raw).rstrip(b"=")
        core = coded[4 if shift else 0:len(coded) - 1]
        if len(core) >= 8:
            yield core
    digits = re.sub(r"\D", "", text)
    if len(digits) >= 8:
        yield digits.encode()


def search(context, captured, received):
    everywhere, found, sought = {}, [], 0
    for each in received:
        haystack = everywhere.setdefault(VENDORS.get(each.host, each.host), bytearray())
        whole = each.everything()
        haystack += whole + b"\n" + urllib.parse.unquote_to_bytes(whole) + b"\n" + urllib.parse.unquote_to_bytes(whole.replace(b"+", b" ")) + b"\n" + unescaped(each.decoded())
    for vendor, (good, bad) in not_agreed(captured).items():
        haystack = bytes(everywhere.get(vendor, b""))
        # A last name also stands inside the agreed e-mail address: what is agreed is cut out whole before the rest is searched.
        for text in sorted(good, key=len, reverse=True):
            for agreed in {text.encode(), urllib.parse.quote(text).encode()} if len(text) >= SHORTEST else ():
                haystack = haystack.replace(agreed, b" ")
        lower = haystack.lower()
        for text in bad:
            sought += 1
            for spelling in spellings(text):
                if spelling in haystack or spelling.lower() in lower:
                    found.append(f"{vendor}: value of {len(text)} characters beginning {text[:3]!r}")
                    break
    total = sum(map(len, everywhere.values()))
    context.check("search of all received bytes for every value not agreed", not found and sought > 30 and total > 1000,
                  f"{len(found)} found of {sought} sought, in {total:,} bytes" + (": " + "; ".join(found[:5]) if found else ""))
    identities = [each for each in received if VENDORS.get(each.host) == "segment" and re.search(rb'"userId": ?"u-[12]"', each.decoded())]
    context.check("Segment knows people by pseudonym only", not identities and b"userId" in everywhere.get("segment", b""))
    context.check("Stripe knows our own id by pseudonym only", b"metadata[crm_id]=" in everywhere.get("stripe", b"")
                  and b"metadata[crm_id]=c-1" not in everywhere.get("stripe", b""))
    canary = context.home.name.encode()
    context.check("the search itself finds what is there", all(needle in everywhere.get("hubspot", b"") for needle in (ANNA.encode(), b"Anna"))
                  and canary not in everywhere.get("hubspot", b""))


def unescaped(body):
    try:
        return json.dumps(json.loads(body), ensure_ascii=False).encode()
    except ValueError:
        return b""
