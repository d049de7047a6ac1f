"""The search of all bytes that vendors received for every value that was not agreed; what real SDKs send is the yardstick."""
import base64
import gzip
import hashlib
import json
import re
import urllib.parse

from vendor import Received

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
    "stripe": {"email", "name", "address[country]"},
}
# Ids of ours that a vendor may know by pseudonym only, too short to be sought by themselves: (vendor, how it would stand there).
PSEUDONYMS = {"segment": rb'"userId": ?"u-[12]"', "stripe": rb"(^|&)metadata(\[|%5B)crm_id(\]|%5D)=c-1(&|$)"}
SHORTEST = 4


def received_in(record, start=0):
    """What the shared stand-in for vendors has written down, from that line on."""
    lines = record.read_text().splitlines()[start:] if record.exists() else []
    return [Received(r["host"], r["method"], r["target"], r["headers"], base64.b64decode(r["body_b64"])) for r in map(json.loads, lines)]


def decode(request):
    """The body of a captured request without its coding."""
    body = base64.b64decode(request["body_b64"])
    return gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body


def show(body):
    try:
        return json.dumps(json.loads(body), ensure_ascii=False)
    except ValueError:
        return urllib.parse.unquote_plus(body.decode(errors="replace"))


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


def values_of(body):
    """The same of a body of either format."""
    try:
        return leaves(json.loads(body))
    except ValueError:
        return urllib.parse.parse_qsl(body.decode(), keep_blank_values=True)


def not_agreed(captured):
    """Per vendor, the values of captured bodies that it may receive, and those that it may not: all others."""
    values = {}
    for request in captured:
        vendor = VENDORS.get(request["host"])
        if vendor is None:
            continue
        good, bad = values.setdefault(vendor, (set(), set()))
        for path, text in values_of(decode(request)):
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


def unescaped(body):
    try:
        return json.dumps(json.loads(body), ensure_ascii=False).encode()
    except ValueError:
        return urllib.parse.unquote_to_bytes(body.replace(b"+", b" "))


def search(context, captured, received):
    """Checks that nothing that was not agreed is in what was received, and that the search would have found it."""
    everywhere, found, sought = {}, [], 0
    for each in received:
        haystack = everywhere.setdefault(VENDORS.get(each.host, each.host), bytearray())
        whole = each.everything()
        haystack += whole + b"\n" + urllib.parse.unquote_to_bytes(whole) + b"\n" + unescaped(each.decoded())
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
    for vendor, plain in PSEUDONYMS.items():
        bodies = [each.decoded() for each in received if VENDORS.get(each.host) == vendor]
        context.check(f"{vendor} knows people by pseudonym only", bodies and not any(re.search(plain, body) for body in bodies))
    canary = context.home.name.encode()
    context.check("the search itself finds what is there", all(needle in everywhere.get("hubspot", b"") for needle in (ANNA.encode(), b"Anna"))
                  and canary not in everywhere.get("hubspot", b""))
