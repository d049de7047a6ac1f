"""A newcomer's hour in a real browser: from the first sign-in to a person's own page, each step by whoever's it is.

The vendor is a stand-in over TLS; everything else is the real gate, its console and Debian's chromium.
"""
import hashlib
import json
import shutil

import sdkvenv
from checks.console import results
from gate import Gate
from people import VENDOR_HOSTS, consent, facts, resolve_all
from vendor import Vendors

NEEDS_SHARED = False
HOST, PERSON, TOKEN = "api.novamail.example", "nora.newcomer@example.com", "wb_newcomers-own-token-0123456789"
CALL = "/to/novamail/contacts"


def run(context):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        context.check("Debian's chromium is here", False, "apt-get install chromium")
        return
    python = sdkvenv.python_with(context.root / "acceptance" / "console.txt")
    for name, with_script in (("newcomer", True), ("newcomer-plain", False)):
        with Vendors(context.home / f"{name}-ca", [*VENDOR_HOSTS, HOST]) as vendors:
            resolve = resolve_all(vendors.port) | {f"{HOST}:443": f"127.0.0.1:{vendors.port}"}
            place = context.installation(name, resolve=resolve, trust=[vendors.authority])
            place.config.write_text(place.config.read_text().replace("listen: {", 'listen: {control: "127.0.0.1:0", ', 1))
            with Gate(place, TOKEN) as gate:
                place.import_lines("subject", [facts(PERSON)])
                place.import_lines("consent", [consent(PERSON, "novamail")])
                hour(context, place, gate, vendors, python, browser, with_script)
            context.check("the log verifies", place.verify()["exit"] == 0)


def hour(context, place, gate, vendors, python, browser, with_script):
    code = place.command("account", "invite", "--config", place.config).stdout.decode().split()
    order = {
        "url": f"http://{gate.ready['control']}", "browser": browser, "code": next(word for word in code if word.startswith("wbs_")),
        "pictures": str(context.pictures.resolve()) if context.pictures else "", "with_script": with_script,
        "gate": "http://%s:%d" % gate.address + CALL, "token": TOKEN, "digest": hashlib.sha256(TOKEN.encode()).hexdigest(), "person": PERSON,
        "host": HOST,
    }
    vendors.take()
    results(context, python, order, script="newcomer_hour.py")
    bodies = [json.loads(received.body) for received in vendors.take()]
    context.check("the vendor got what was agreed, once before the withdrawal and once after the new consent",
                  bodies == [{"email": PERSON, "firstname": "Nora"}] * 2, str(bodies))
    entries = place.log_entries()
    acts = [entry["act"] for entry in entries if entry["kind"] == "config"]
    wanted = {"account.create", "agreement.draft", "agreement.submit", "agreement.approve", "vendor.approve", "caller.approve"}
    context.check("what people did stands in the log", wanted <= set(acts), " ".join(sorted(wanted - set(acts))))
    text = json.dumps(entries)
    context.check("and names nobody's address", PERSON not in text and "Nora" not in text)
