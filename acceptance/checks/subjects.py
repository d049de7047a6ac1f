"""Consents and people: imports of every source with their traps, withdrawals by API, webhook and the person's page that stop the next send,
signatures that are forged or repeated, and no identifier in a log, an address, a metric or the log's entries.
"""
import base64
import hashlib
import hmac
import http.client
import json
import re
import time
import urllib.parse

from gate import Gate
from people import CONTACTS, VENDOR_HOSTS, consent, contact, facts, resolve_all
from vendor import Vendors

NEEDS_SHARED = False
PUBLIC = "https://privacy.acme.example"
SECRET = "webhook-secret-for-acceptance"
CONTROL = ("--set", "listen.control=127.0.0.1:0")
API, HOOK, PAGE, CLI, BULK = (f"{name}.subjects@example.com" for name in ("api", "hook", "page", "cli", "bulk"))
PEOPLE = [API, HOOK, PAGE, CLI, BULK]
MAPS = {
    "hubspot": 'source: hubspot\nids: crm\nrecipients: [hubspot]\ntopics:\n  "123": {purpose: newsletter, notice: n-7}\n',
    "salesforce": "source: salesforce\nids: crm\nrecipients: [hubspot]\ntopics:\n  marketing: {purpose: newsletter, notice: n-7}\n",
    "sugar": "source: sugar\nids: crm\nrecipients: [hubspot]\ntopics:\n  marketing: {purpose: newsletter, notice: n-7}\n  email: {purpose: newsletter}\n",
    "braze": "source: braze\nrecipients: [hubspot]\ntopics:\n  email: {purpose: newsletter, notice: n-7}\n",
    "csv": 'source: csv\nrecipients: [hubspot]\ntopics:\n  news: {purpose: newsletter, notice: n-7, given: ["yes"], withdrawn: ["no"]}\n'
           "columns: {email: E-mail, topic: List, state: Status, time: Changed, proof: Proof}\n",
}


def run(context):
    with Vendors(context.home / "subjects-ca", VENDOR_HOSTS) as vendors:
        place = context.installation(
            "subjects", resolve=resolve_all(vendors.port), trust=[vendors.authority], more=[f"public_url: {PUBLIC}"])
        prepare(place)
        with Gate(place, context.token, arguments=CONTROL) as gate:
            token = place.command("token", "create", "--config", place.config, "officer", "--role", "privacy_officer").stdout.decode().strip()
            place.import_lines("subject", [facts(each, f"crm:{9000 + number}") for number, each in enumerate(PEOPLE)])
            place.import_lines("consent", [consent(each, "hubspot") for each in PEOPLE])
            imports(context, place, gate, vendors)
            by_api(context, gate, vendors, token)
            bulk(context, gate, vendors, token)
            by_webhook(context, gate, vendors)
            forged(context, gate)
            by_page(context, place, gate, vendors, token)
            by_command(context, place, gate, vendors)
            silent(context, place, gate)
            context.check("the log verifies while the gate runs", place.verify()["exit"] == 0)
        offline(context, place)


def prepare(place):
    maps, secrets = place.home / "consent-maps", place.home / "var" / "secrets"
    maps.mkdir()
    secrets.mkdir(parents=True, mode=0o700)
    (place.home / "var").chmod(0o700)
    for name, text in MAPS.items():
        (maps / f"{name}.yaml").write_text(text)
    for name in ("hubspot", "braze"):
        path = secrets / f"webhook_{name}"
        path.touch(mode=0o600)
        path.write_text(SECRET + "\n")


def leaves(gate, vendors, person):
    """Whether a contact reaches the vendor now, and the gate's code if not."""
    vendors.take()
    answer = gate.send("POST", CONTACTS, contact(person, firstname="N"))
    return bool(vendors.take()), answer.code


def call(gate, method, path, body=None, token=None, headers=None, raw=None):
    connection = http.client.HTTPConnection(*gate.control, timeout=30)
    headers = dict(headers or {})
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = raw if raw is not None else json.dumps(body).encode() if body is not None else None
    if data is not None:
        headers.setdefault("Content-Type", "application/json")
    connection.request(method, path, data, headers)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    kind = answer.getheader("Content-Type", "")
    return answer.status, json.loads(text) if "json" in kind and "ndjson" not in kind and text else text, answer


def imports(context, place, gate, vendors):
    """(source, file, who has consent afterwards, who has not)"""
    table = [
        ("hubspot", json.dumps({"results": [
            status("yes.hs@example.com", "SUBSCRIBED", "CONSENT_WITH_NOTICE"), status("trap.hs@example.com", "NOT_SPECIFIED"),
            status("trap2.hs@example.com", "SUBSCRIBED", "LEGITIMATE_INTEREST_CLIENT")]}), "yes.hs", ["trap.hs", "trap2.hs"]),
        ("salesforce", "PartyId,Email,DataUsePurpose.Name,PrivacyConsentStatus,CaptureDate,CaptureSource\n"
            "0PK1,yes.sf@example.com,marketing,OptIn,2026-05-01T10:00:00.000+0000,web\n"
            "0PK2,trap.sf@example.com,marketing,Seen,2026-05-01T10:00:00.000+0000,web\n"
            "0PK3,trap2.sf@example.com,marketing,OptIn,,web\n", "yes.sf", ["trap.sf", "trap2.sf"]),
        ("sugar", "\n".join(json.dumps(each) for each in (
            sugar("s1", "yes.su@example.com", [{"id": "dp", "type": "Consent to Process", "status": "Closed", "business_purpose": ["marketing"],
                                                "date_closed": "2026-05-01"}]), sugar("s2", "trap.su@example.com", []))), "yes.su", ["trap.su"]),
        ("csv", "E-mail,List,Status,Changed,Proof\nyes.cs@example.com,news,yes,2026-05-01T00:00:00Z,form\ntrap.cs@example.com,news,maybe,2026-05-01,form\n",
            "yes.cs", ["trap.cs"]),
        ("braze", json.dumps({"users": [{"email": "trap.br@example.com", "email_subscribe": "subscribed"}]}), None, ["trap.br"]),
    ]
    for source, text, yes, traps in table:
        people = [f"{each}@example.com" for each in ([yes] if yes else []) + traps]
        place.import_lines("subject", [facts(each) for each in people])
        path = place.home / f"export-{source}"
        path.write_text(text)
        done = place.command("consent", "import", "--config", place.config, "--from", source, "--output", "json", path, ok=None)
        path.unlink()
        report = json.loads(done.stdout) if done.stdout.strip() else {}
        said = done.stderr.decode()
        context.check(f"{source}: what is no choice is told as unknown", report.get("unknown", 0) >= len(traps) and not any(each in said for each in people),
                      f"{report} {said[-200:]}")
        if yes:
            sent, code = leaves(gate, vendors, f"{yes}@example.com")
            context.check(f"{source}: a person's own yes permits", sent or code == "consent_proof_missing", code)
        denied = [leaves(gate, vendors, f"{each}@example.com") for each in traps]
        context.check(f"{source}: {len(traps)} traps do not", not any(sent for sent, _ in denied), str([code for _, code in denied]))


def status(email, state, basis=None):
    found = {"channel": "EMAIL", "status": state, "subscriberIdString": email, "subscriptionId": 123, "timestamp": "2026-05-01T00:00:00Z"}
    return found | ({"legalBasis": basis, "legalBasisExplanation": "form 7"} if basis else {})


def sugar(number, email, records):
    return {"id": number, "email": [{"email_address": email, "primary_address": True, "opt_out": False}], "dp_business_purpose": ["marketing"],
            "dataprivacy": {"records": records}}


def by_api(context, gate, vendors, token):
    sent, code = leaves(gate, vendors, API)
    context.check("a consented contact leaves", sent, code)
    code, found, _ = call(gate, "POST", "/v1/subjects/lookup", {"identifier": f"email:{API}"}, token)
    subject = found.get("subject", "") if isinstance(found, dict) else ""
    context.check("look-up by an identifier answers an opaque id", code == 200 and len(subject) > 20, f"{code} {found}")
    code, _, _ = call(gate, "POST", "/v1/subjects/lookup", {"identifier": f"email:{API}"})
    context.check("nobody looks up without a credential", code == 401, str(code))
    _, page, _ = call(gate, "GET", f"/v1/subjects/{subject}/disclosures", token=token)
    context.check("the disclosures name vendor and fields", page["items"] and page["items"][0]["vendor"] == "hubspot", str(page)[:200])
    code, _, _ = call(gate, "POST", f"/v1/subjects/{subject}/consents", {"action": "withdraw", "purpose": "newsletter"}, token)
    sent, why = leaves(gate, vendors, API)
    context.check("a withdrawal by API stops the next send", code == 200 and not sent and why == "consent_withdrawn", f"{code} {why}")
    code, history, _ = call(gate, "GET", f"/v1/consents/history/{subject}", token=token)
    context.check("the history says why", code == 200 and any(each["state"] == "withdrawn" and not each["permits"] for each in history["standings"]))
    event = history["events"][-1]["event"]
    code, receipt, _ = call(gate, "GET", f"/v1/consents/{event}/receipt", token=token)
    context.check("a receipt as 27560 has it", code == 200 and receipt["receipt"]["header"]["schema_version"].startswith("ISO/IEC TS 27560")
                  and receipt["signature"].startswith("\u2014 "), str(receipt)[:200])
    code, first, _ = call(gate, "POST", f"/v1/subjects/{subject}/objections", {"scope": "sale", "action": "object"}, token)
    code1, step, _ = call(gate, "POST", f"/v1/subjects/{subject}/objections", {"scope": "sale", "action": "withdraw"}, token)
    code2, after, _ = call(gate, "POST", f"/v1/subjects/{subject}/objections",
                           {"scope": "sale", "action": "withdraw", "confirm": step.get("confirm", "x")}, token)
    context.check("opting in again takes two requests", (code, code1, code2) == (200, 200, 200) and "confirm" in step and not after["objections"][0]["stands"],
                  f"{code} {code1} {code2}")
    code, exported, _ = call(gate, "GET", f"/v1/subjects/{subject}/export", token=token)
    context.check("the export has history, receipts and disclosures", code == 200 and exported["consent_history"] and exported["receipts"]
                  and exported["disclosures"], str(code))
    code, signalled, _ = call(gate, "POST", f"/v1/subjects/{subject}/signals", {"gpp": "nonsense"}, token)
    context.check("an unreadable GPP string is kept and denies", code == 200 and signalled["unreadable_signal"], str(code))
    codes = [call(gate, "GET", f"/v1/subjects/{each}", token=token)[0] for each in ("1", subject[:-1] + ("A" if subject[-1] != "A" else "B"))]
    context.check("ids cannot be guessed", codes == [404, 404], str(codes))


def bulk(context, gate, vendors, token):
    lines = [json.dumps(consent(BULK, "hubspot", state="withdrawn", at="2026-06-01T00:00:00Z")), "{}",
             json.dumps(consent(BULK, "hubspot", state="withdrawn", at="2026-06-01T00:00:00Z"))]
    code, text, _ = call(gate, "POST", "/v1/consents/bulk", token=token, headers={"Content-Type": "application/x-ndjson"},
                         raw="\n".join(lines).encode())
    results = [json.loads(line)["result"] for line in text.splitlines()] if code == 200 else [text]
    context.check("bulk: a result for each line, in order", results == ["taken", "refused", "duplicate"], f"{code} {results}")
    sent, why = leaves(gate, vendors, BULK)
    context.check("a withdrawal in bulk stops the next send", not sent and why == "consent_withdrawn", why)


def hubspot_signed(body, milliseconds, secret=SECRET, path="/v1/webhooks/hubspot"):
    text = b"POST" + (PUBLIC + path).encode() + body + str(milliseconds).encode()
    return {"X-HubSpot-Signature-v3": base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode(),
            "X-HubSpot-Request-Timestamp": str(milliseconds)}


def waybill_signed(body, seconds, secret=SECRET):
    return {"Waybill-Signature": f"t={seconds},v1=" + hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()}


def out_event(number):
    return json.dumps([{"eventId": number, "subscriptionType": "contact.propertyChange", "objectId": 9001, "propertyName": "hs_email_optout_123",
                        "propertyValue": "true", "occurredAt": int(time.time() * 1000)}]).encode()


def by_webhook(context, gate, vendors):
    sent, code = leaves(gate, vendors, HOOK)
    context.check("before the webhook the contact leaves", sent, code)
    body, at = out_event(1), int(time.time() * 1000)
    code, answer, _ = call(gate, "POST", "/v1/webhooks/hubspot", raw=body, headers=hubspot_signed(body, at))
    sent, why = leaves(gate, vendors, HOOK)
    context.check("a withdrawal by HubSpot's webhook stops the next send", code == 200 and not sent and why == "consent_withdrawn",
                  f"{code} {answer} {why}")
    code, answer, _ = call(gate, "POST", "/v1/webhooks/hubspot", raw=body, headers=hubspot_signed(body, at))
    context.check("the same delivery again changes nothing", code == 200 and answer["taken"] == answer["duplicates"] == 0, f"{code} {answer}")
    body = json.dumps({"users": [{"email": "someone.else@example.com", "email_subscribe": "unsubscribed"}]}).encode()
    code, answer, _ = call(gate, "POST", "/v1/webhooks/braze", raw=body, headers=waybill_signed(body, int(time.time())))
    context.check("our own signature is taken for a source without one", code == 200 and answer["taken"] == 1, f"{code} {answer}")


def forged(context, gate):
    body, at = out_event(2), int(time.time() * 1000)
    true = hubspot_signed(body, at)
    table = [
        ("no signature", body, {}, "hubspot"), ("another secret", body, hubspot_signed(body, at, "not-the-secret-at-all"), "hubspot"),
        ("another body", body + b" ", true, "hubspot"), ("an old time", body, hubspot_signed(body, at - 301_000), "hubspot"),
        ("another path's", body, hubspot_signed(body, at, path="/v1/webhooks/other"), "hubspot"),
        ("a source without a secret", body, waybill_signed(body, at // 1000), "sugar"),
        ("a future time", body, waybill_signed(body, at // 1000 + 400), "braze"),
        ("a cut signature", body, {"Waybill-Signature": waybill_signed(body, at // 1000)["Waybill-Signature"][:-2]}, "braze"),
    ]
    for what, data, headers, source in table:
        code, _, _ = call(gate, "POST", f"/v1/webhooks/{source}", raw=data, headers=headers)
        context.check(f"a webhook with {what} is refused", code == 401, str(code))


class Browser:
    """What a browser without JavaScript does: follows forms and keeps cookies."""

    def __init__(self, gate):
        self.gate, self.cookies = gate, {}

    def go(self, method, path, fields=None):
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        raw = None
        if fields is not None:
            raw = urllib.parse.urlencode(fields).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        code, text, answer = call(self.gate, method, path, raw=raw, headers=headers)
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                pair = value.split(";")[0].split("=", 1)
                self.cookies[pair[0]] = pair[1]
        text = text.decode() if isinstance(text, bytes) else str(text)
        if code == 303:
            return self.go("GET", answer.getheader("Location"))
        return code, text, answer

    def submit(self, page, action, **more):
        forms = re.findall(r"<form[^>]*action=\"([^\"]*)\"[^>]*>(.*?)</form>", page, re.S)
        for target, inside in forms:
            if not target.endswith(action):
                continue
            hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', inside))
            if all(hidden.get(name) == value for name, value in more.items() if name in hidden):
                return self.go("POST", target, hidden | more)
        return 0, f"no form {action}", None


def by_page(context, place, gate, vendors, token):
    sent, code = leaves(gate, vendors, PAGE)
    context.check("before the person decides the contact leaves", sent, code)
    link = place.command("subject", "link", "--config", place.config, f"email:{PAGE}", "--expires", "7d").stdout.decode().strip()
    path = link.removeprefix(PUBLIC)
    context.check("the link holds no identifier", link.startswith(PUBLIC + "/person/") and "page" not in path[8:] and "@" not in path, link[:40])
    browser = Browser(gate)
    code, page, answer = browser.go("GET", path)
    context.check("the person's page opens by the link alone, and tells nobody where from", code == 200
                  and answer.getheader("Referrer-Policy") == "no-referrer" and PAGE not in page, str(code))
    context.check("it says in words who received what and why", "HubSpot" in page and "you agreed to it" in page, "")
    code, page, _ = browser.submit(page, "/no", purpose="newsletter")
    sent, why = leaves(gate, vendors, PAGE)
    context.check("a no on the person's page stops the next send", code == 200 and not sent and why == "consent_withdrawn", f"{code} {why}")
    code, page, _ = browser.submit(page, "/yes", purpose="newsletter")
    sent, why = leaves(gate, vendors, PAGE)
    context.check("a yes is asked twice", code == 200 and not sent and "Do you agree?" in page, f"{code} {why}")
    code, page, _ = browser.submit(page, "/yes", purpose="newsletter")
    sent, why = leaves(gate, vendors, PAGE)
    context.check("the second yes permits", code == 200 and sent, f"{code} {why}")
    code, page, _ = browser.submit(page, "/stop", scope="direct_marketing")
    sent, why = leaves(gate, vendors, PAGE)
    context.check("a no to all advertising stops it again", code == 200 and not sent and why == "direct_marketing_objection", f"{code} {why}")
    code, page, _ = browser.submit(page, "/level", level="0")
    context.check("the level is saved", code == 200 and "Saved." in page, str(code))
    code, page, _ = browser.submit(page, "/erase")
    _, asked, _ = call(gate, "GET", "/v1/subjects/erasure-requests", token=token)
    context.check("asking to be erased makes a request, and erases nothing", code == 200 and asked["requests"][0]["state"] == "open"
                  and call(gate, "POST", "/v1/subjects/lookup", {"identifier": f"email:{PAGE}"}, token)[0] == 200, f"{code} {asked}")
    code, _, _ = call(gate, "POST", path + "/no", raw=b"purpose=newsletter", headers={"Content-Type": "application/x-www-form-urlencoded"})
    context.check("a form without the page's token is refused", code == 403, str(code))
    code, _, _ = Browser(gate).go("GET", path[:-1] + ("A" if path[-1] != "A" else "B"))
    context.check("a changed link opens nothing", code == 404, str(code))
    place.command("subject", "link", "--config", place.config, f"email:{PAGE}", "--revoke")
    code, _, _ = browser.go("GET", path)
    context.check("an ended link opens nothing", code == 404, str(code))
    codes = [browser.go("GET", path)[0] for _ in range(70)]
    context.check("too many visits are refused", 429 in codes, str(set(codes)))


def by_command(context, place, gate, vendors):
    sent, code = leaves(gate, vendors, CLI)
    place.command("consent", "withdraw", "--config", place.config, f"email:{CLI}", "--purpose", "newsletter")
    after, why = leaves(gate, vendors, CLI)
    context.check("`consent withdraw` stops the next send", sent and not after and why == "consent_withdrawn", f"{code} {why}")
    place.command("consent", "give", "--config", place.config, f"email:{CLI}", "--purpose", "newsletter", "--recipient", "hubspot", "--proof", "letter 12",
                  "--notice", "n-7")
    sent, why = leaves(gate, vendors, CLI)
    place.command("subject", "restrict", "--config", place.config, f"crm:9003")
    after, stop = leaves(gate, vendors, CLI)
    context.check("`consent give` permits again, and `subject restrict` by another identifier stops", sent and not after
                  and stop == "processing_restricted", f"{why} {stop}")


def silent(context, place, gate):
    sought = [each.encode() for each in PEOPLE] + [b"9001", SECRET.encode()]
    _, metrics, _ = call(gate, "GET", "/metrics")
    entries = json.dumps(place.log_entries()).encode()
    journal = place.journal_bytes()
    where = {"the gate's own log": journal, "metrics": metrics, "the log's entries": entries}
    for name, text in where.items():
        hits = [each for each in sought[:5] if each in text]
        context.check(f"no identifier in {name}", not hits and len(text) > 100, f"{len(text)} bytes, {len(hits)} found")
    context.check("no secret and no link in the gate's own log", SECRET.encode() not in journal and b"/person/" not in journal.replace(b"/person/{token}", b""))
    acts = [each for each in re.findall(rb'"act": ?"(subject[^"]*|consents[^"]*)"', entries)]
    wanted = {b"subject.consent.withdraw", b"subject.consent.give", b"subject.link", b"subject.export", b"consents.bulk", b"consents.webhook",
              b"consents.import", b"subject.restrict", b"subject.erasure.ask", b"subject.objection.withdraw"}
    context.check("every act is an entry of the log", wanted <= set(acts), str(sorted(wanted - set(acts))))


def offline(context, place):
    place.command("subject", "restrict", "--config", place.config, f"email:{CLI}", "--lift")
    done = place.command("subject", "export", "--config", place.config, f"email:{CLI}")
    exported = json.loads(done.stdout)
    context.check("the same commands work on the store itself", exported["facts"]["restricted"] is False and exported["disclosures"], "")
    context.check("the log verifies when the gate has stopped", place.verify()["exit"] == 0)
