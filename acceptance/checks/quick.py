"""The gate on its own: permission, refusals, strict HTTP, withdrawal, start-up messages, tampering. Needs nothing beside the repository."""
import gzip
import re
import shutil
import socket
import time

from gate import Gate
from people import CONTACTS, VENDOR_HOSTS, consent, contact, facts, resolve_all
from vendor import Vendors

NEEDS_SHARED = False
# The design says within a second; files are looked at in intervals, and a busy machine gets some more.
RELOAD_SECONDS = 2.5
ANNA, BRUNO = "anna.quick@example.com", "bruno.quick@example.com"
SECRETS = {"ssn": "536-90-4399", "notes": "diabetic, prefers mail"}


def run(context):
    with Vendors(context.home / "quick-ca", VENDOR_HOSTS) as vendors:
        place = context.installation("quick", resolve=resolve_all(vendors.port), trust=[vendors.authority])
        with Gate(place, context.token) as gate:
            place.import_lines("subject", [facts(ANNA), facts(BRUNO)])
            place.import_lines("consent", [consent(ANNA, "hubspot")])
            permission(context, gate, vendors)
            refusals(context, gate, vendors)
            framing(context, gate, vendors)
            withdrawal(context, place, gate, vendors)
            reload(context, place, gate, vendors)
            context.check("the gate is still alive", gate.alive)
            context.check("the log verifies while the gate runs", place.verify()["exit"] == 0)
            second_owner(context, place)
            context.check("SIGTERM stops it with exit code 0", gate.stop() == 0)
        context.check("the log verifies when it has stopped", place.verify()["exit"] == 0)
        silence(context, place)
        restart(context, place, vendors)
        rollback(context, place, vendors)
        tampering(context, place)
        untrusted_vendor(context, vendors)
    broken_start(context)


def permission(context, gate, vendors):
    body = contact(ANNA, firstname="Anna", **SECRETS)
    answer = gate.send("POST", CONTACTS, body)
    got = vendors.take()
    context.check("a permitted contact reaches the vendor", answer.status == 201 and len(got) == 1, f"{answer.status} {answer.code}")
    context.check("the answer names transfer and decision", answer.transfer != "" and answer.decision == "allow_redacted",
                  f"{answer.transfer} {answer.decision}")
    if got:
        leaked = [value for value in SECRETS.values() if value.encode() in got[0].everything()]
        context.check("what was not agreed did not arrive", not leaked and ANNA.encode() in got[0].body, f"{len(leaked)} leaked")
        names = {name.lower() for name, _ in got[0].headers}
        context.check("the gate's own headers stay here", not any(name.startswith("waybill") for name in names))
    status, _ = raw(gate.address, f"POST {CONTACTS} HTTP/1.1\r\nHost: gate\r\nWaybill-Token: {context.token}\r\nConnection: close\r\n".encode()
                    + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
    got = vendors.take()
    context.check("a chunked body is taken and re-framed", status == 201 and len(got) == 1
                  and not any(name.lower() == "transfer-encoding" for name, _ in got[0].headers), f"{status}")
    packed = gate.send("POST", CONTACTS, gzip.compress(body), {"Content-Encoding": "gzip"})
    got = vendors.take()
    context.check("a gzip body is decided and reduced like a plain one",
                  packed.status == 201 and len(got) == 1 and not any(v.encode() in got[0].everything() for v in SECRETS.values()),
                  f"{packed.status} {packed.code}")


def refusals(context, gate, vendors):
    """(what, method, path, body, headers, token, statuses, codes)"""
    good = contact(ANNA, firstname="Anna")
    batch = b'{"inputs":[' + good + b"," + contact(BRUNO) + b"]}"
    bomb = gzip.compress(b'{"properties":{"email":"' + b"a" * (40 << 20) + b'"}}')
    table = [
        ("a person without consent", "POST", CONTACTS, contact(BRUNO), {}, ..., {403}, {"consent_missing"}),
        ("a batch with one person without consent", "POST", CONTACTS + "/batch/create", batch, {}, ..., {403}, {"consent_missing"}),
        ("a wrong token", "POST", CONTACTS, good, {}, "wrong", {401}, {"caller_unauthenticated"}),
        ("no token", "POST", CONTACTS, good, {}, None, {401}, {"caller_unauthenticated"}),
        ("an unknown vendor", "POST", "/to/nobody/x", good, {}, ..., {403, 404}, {"vendor_unknown"}),
        ("an unknown endpoint", "POST", "/to/hubspot/crm/v3/objects/deals", good, {}, ..., {403, 404}, {"endpoint_unknown"}),
        ("a host that is not the vendor's", "POST", "/to/hubspot@evil.example/crm/v3/objects/contacts", good, {}, ..., {403, 421},
         {"destination_not_registered"}),
        ("a query nobody agreed", "POST", CONTACTS + "?email=" + ANNA, good, {}, ..., {400, 403}, None),
        ("dot segments in the path", "POST", "/to/hubspot/crm/v3/../objects/contacts", good, {}, ..., {400}, None),
        ("an encoded slash in the path", "POST", "/to/hubspot/crm%2fv3/objects/contacts", good, {}, ..., {400}, None),
        ("broken JSON", "POST", CONTACTS, b'{"properties":{"email":', {}, ..., {422}, None),
        ("a name twice", "POST", CONTACTS, b'{"properties":{"email":"' + ANNA.encode() + b'","email":"x@example.com"}}', {}, ..., {422}, None),
        ("an empty body", "POST", CONTACTS, b"", {}, ..., {422}, None),
        ("UTF-16", "POST", CONTACTS, good.decode().encode("utf-16"), {}, ..., {415, 422}, None),
        ("an unknown media type", "POST", CONTACTS, good, {"Content-Type": "text/plain"}, ..., {415}, None),
        ("an unknown content coding", "POST", CONTACTS, good, {"Content-Encoding": "br"}, ..., {415}, None),
        ("a body that is not what its coding says", "POST", CONTACTS, good, {"Content-Encoding": "gzip"}, ..., {422}, None),
        ("a decompression bomb", "POST", CONTACTS, bomb, {"Content-Encoding": "gzip"}, ..., {413}, None),
        ("an unknown purpose", "POST", CONTACTS, good, {"Waybill-Purpose": "world_domination"}, ..., {403}, {"purpose_unknown"}),
        ("a method that is not served", "TRACE", CONTACTS, b"", {}, ..., {405}, None),
        ("an expectation that is not known", "POST", CONTACTS, good, {"Expect": "the-unexpected"}, ..., {417}, None),
    ]
    for what, method, path, body, headers, token, statuses, codes in table:
        answer = gate.send(method, path, body, headers, token=token)
        leaked = vendors.take()
        held = answer.status in statuses and (codes is None or answer.code in codes) and answer.by_gate and not leaked
        quotes = [value for value in (ANNA, BRUNO) if value.encode() in answer.body]
        context.check(f"{what} is refused, nothing sent", held and not quotes, f"{answer.status} {answer.code}{' QUOTED' if quotes else ''}")


def framing(context, gate, vendors):
    """Requests that two HTTP parsers could read differently, byte for byte over a socket."""
    body = contact(ANNA)
    head = f"POST {CONTACTS} HTTP/1.1\r\nHost: gate\r\nWaybill-Token: {context.token}\r\nContent-Type: application/json\r\n".encode()
    length = b"Content-Length: %d\r\n" % len(body)
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    table = {
        "Content-Length with Transfer-Encoding": head + length + b"Transfer-Encoding: chunked\r\n\r\n" + chunked,
        "two different Content-Lengths": head + length + b"Content-Length: 5\r\n\r\n" + body,
        "the same Content-Length twice": head + length + length + b"\r\n" + body,
        "a signed Content-Length": head + b"Content-Length: +%d\r\n\r\n" % len(body) + body,
        "an unknown transfer coding": head + b"Transfer-Encoding: ,chunked\r\n\r\n" + chunked,
        "chunked on HTTP/1.0": head.replace(b"HTTP/1.1", b"HTTP/1.0") + b"Transfer-Encoding: chunked\r\n\r\n" + chunked,
        "two Hosts": head + b"Host: other\r\n" + length + b"\r\n" + body,
        "no Host": head.replace(b"Host: gate\r\n", b"") + length + b"\r\n" + body,
        "a folded header": head + b"X-A: b\r\n c\r\n" + length + b"\r\n" + body,
        "an underscore in a name": head + b"Content_Length: 5\r\n" + length + b"\r\n" + body,
        "a bare LF": head.replace(b"Host: gate\r\n", b"Host: gate\n") + length + b"\r\n" + body,
        "Content-Type twice": head + b"Content-Type: text/plain\r\n" + length + b"\r\n" + body,
        "a high byte in a name": head + b"X-\xc3\xa9: 1\r\n" + length + b"\r\n" + body,
        "NUL in a value": head + b"X-A: a\0b\r\n" + length + b"\r\n" + body,
        "a space before the colon": head + b"X-A : b\r\n" + length + b"\r\n" + body,
    }
    for what, request in table.items():
        status, closed = raw(gate.address, request)
        leaked = vendors.take()
        context.check(f"{what}: 400, closed, nothing sent", status == 400 and closed and not leaked, f"{status}, closed: {closed}")


def raw(address, request):
    """Status of the first answer, and whether the gate then closed the connection."""
    with socket.create_connection(address, timeout=10) as connection:
        connection.sendall(request)
        text = b""
        try:
            while chunk := connection.recv(65536):
                text += chunk
            closed = True
        except ConnectionResetError:
            closed = True
        except TimeoutError:
            closed = False
    found = re.match(rb"HTTP/1\.[01] (\d{3})", text)
    return int(found[1]) if found else None, closed


def withdrawal(context, place, gate, vendors):
    place.import_lines("consent", [consent(ANNA, "hubspot", state="withdrawn", at="2026-06-01T00:00:00Z")])
    answer = gate.send("POST", CONTACTS, contact(ANNA))
    context.check("a withdrawal binds the very next send", answer.status == 403 and answer.code == "consent_withdrawn" and not vendors.take(),
                  f"{answer.status} {answer.code}")
    place.import_lines("consent", [consent(ANNA, "hubspot", at="2026-07-01T00:00:00Z")])
    answer = gate.send("POST", CONTACTS, contact(ANNA))
    context.check("a new consent does so too", answer.status == 201 and len(vendors.take()) == 1, f"{answer.status} {answer.code}")


def reload(context, place, gate, vendors):
    """Files change under the running gate."""
    caller = place.home / "policies" / "callers" / "crm-sync.yaml"
    agreement = place.home / "policies" / "agreements" / "hubspot-newsletter.yaml"
    kept = caller.read_text(), agreement.read_text()

    caller.write_text(kept[0].replace("d7a6392362e65754", "0000000000000000"))
    context.check("a token taken out of a policy file stops working by itself", becomes(gate, vendors, 401))
    caller.write_text(kept[0] + "\nunheard_of: true\n")
    time.sleep(RELOAD_SECONDS)
    context.check("a broken change is refused whole, the last good set stays", gate.send("POST", CONTACTS, contact(ANNA)).status == 401)
    caller.write_text(kept[0])
    context.check("the mended file is in force by itself", becomes(gate, vendors, 201))

    agreement.write_text(kept[1].replace("phone: {mask: {keep_last: 2}}", "phone: keep"))
    time.sleep(RELOAD_SECONDS)
    vendors.take()
    answer = gate.send("POST", CONTACTS, contact(ANNA, phone="+48601234567"))
    got = vendors.take()
    context.check("an agreement version that was used cannot be widened under the same number",
                  answer.status == 201 and len(got) == 1 and b"601234567" not in got[0].everything(), f"{answer.status} {answer.code}")
    agreement.write_text(kept[1])
    time.sleep(RELOAD_SECONDS)


def becomes(gate, vendors, status):
    deadline = time.monotonic() + 4 * RELOAD_SECONDS
    while time.monotonic() < deadline:
        if gate.send("POST", CONTACTS, contact(ANNA)).status == status:
            vendors.take()
            return True
        time.sleep(0.1)
    return False


def silence(context, place):
    """Neither the log nor the gate's own messages hold a value from a request."""
    values = [ANNA, BRUNO, *SECRETS.values(), context.token, "601234567"]
    texts = {"gate.log": place.journal_bytes(), "exported entries": place.command("log", "export", "--config", place.config).stdout}
    texts |= {path.name: path.read_bytes() for path in (place.home / "var").glob("*log*") if path.is_file()}
    found = [f"{name}: a value of {len(value)} characters" for name, text in texts.items() for value in values if value.encode() in text]
    context.check("no value of a request in the log or in the gate's messages", not found and len(texts) > 2, "; ".join(found) or ", ".join(texts))


def second_owner(context, place):
    done = place.command("serve", "--config", place.config, ok=None)
    message = done.stderr.decode(errors="replace")
    context.check("a second gate on the same store is refused with a sentence", done.returncode not in (0, None) and len(message) > 20,
                  f"exit {done.returncode}")


def restart(context, place, vendors):
    with Gate(place, context.token) as gate:
        answer = gate.send("POST", CONTACTS, contact(ANNA))
        context.check("after a restart consents and log are there", answer.status == 201 and len(vendors.take()) == 1,
                      f"{answer.status} {answer.code}; ready in {gate.started_in_ms:.0f} ms")
    report = place.verify()
    context.check("the log goes on over the restart and verifies", report["exit"] == 0, f"{report.get('entries')} entries")


def rollback(context, place, vendors):
    """An old copy of the log's database is put back: entries that were acknowledged are gone, and somebody must say so."""
    old = place.home.parent / "quick-old"
    old.mkdir()
    files = sorted((place.home / "var").glob("waybill-log.db*"))
    for path in files:
        shutil.copy(path, old)
    with Gate(place, context.token) as gate:
        gate.send("POST", CONTACTS, contact(ANNA))
        time.sleep(1.5)
    for path in (place.home / "var").glob("waybill-log.db*"):
        path.unlink()
    for path in old.iterdir():
        shutil.copy(path, place.home / "var")
    vendors.take()
    with Gate(place, context.token) as gate:
        answer = gate.send("POST", CONTACTS, contact(ANNA))
        leaked = vendors.take()
        context.check("a log rolled back to an old copy: 503, nothing sent", answer.status == 503 and answer.by_gate and not leaked,
                      f"{answer.status} {answer.code}")
    context.check("verification notices it too", place.verify()["exit"] == 5)
    place.command("log", "acknowledge", "--config", place.config)
    with Gate(place, context.token) as gate:
        answer = gate.send("POST", CONTACTS, contact(ANNA))
        context.check("acknowledged, it goes on", answer.status == 201 and len(vendors.take()) == 1, f"{answer.status} {answer.code}")
    report = place.verify()
    context.check("and the log verifies, citing what was lost", report["exit"] == 0, f"{report.get('entries')} entries {report.get('faults', [])[:1]}")


def tampering(context, place):
    copy = place.home.parent / "quick-tampered"
    shutil.copytree(place.home, copy)
    changed = flip_in_log(copy / "var")
    kept, place.home, place.config = (place.home, place.config), copy, copy / "waybill.yaml"
    report = place.verify(ok=None)
    place.home, place.config = kept
    context.check("one changed byte in a copy of the log is found", changed and report["exit"] == 5, f"exit {report['exit']}")


def flip_in_log(folder):
    """Changes one letter of the caller's name inside a stored entry; false if no file holds one."""
    for path in sorted(folder.glob("*-log*.db*")):
        data = path.read_bytes()
        at = data.find(b'"caller":"crm-sync"')
        if at >= 0:
            path.chmod(0o600)
            path.write_bytes(data[:at + 10] + b"k" + data[at + 11:])
            return True
    return False


def untrusted_vendor(context, vendors):
    place = context.installation("untrusted", resolve=resolve_all(vendors.port))
    with Gate(place, context.token) as gate:
        place.import_lines("subject", [facts(ANNA)])
        place.import_lines("consent", [consent(ANNA, "hubspot")])
        answer = gate.send("POST", CONTACTS, contact(ANNA))
        context.check("a vendor whose certificate nobody vouches for gets nothing", answer.status == 502 and answer.by_gate and not vendors.take(),
                      f"{answer.status} {answer.code}")


def broken_start(context):
    def misspell(folder):
        path = folder / "agreements" / sorted(p.name for p in (folder / "agreements").glob("*.yaml"))[0]
        path.write_text(path.read_text() + "\nfildes: {}\n")

    place = context.installation("broken", edit=misspell)
    done = place.command("serve", "--config", place.config, ok=None)
    message = (done.stderr + done.stdout).decode(errors="replace")
    where = re.search(r"[\w./-]+\.yaml:\d+:\d+", message)
    context.check("a broken policy file stops the start with file:line:column", done.returncode == 3 and where is not None,
                  f"exit {done.returncode} {where[0] if where else ''}")
    lint = place.command("lint", place.home / "policies", ok=None)
    context.check("lint says the same with exit code 3", lint.returncode == 3, f"exit {lint.returncode}")
