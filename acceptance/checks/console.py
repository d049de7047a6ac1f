"""The console in a real browser: every page without accessibility faults in light and dark, without JavaScript, by keyboard, and quick.

Pages are found by walking the navigation and the links of each page, so that whatever is added is checked. Needs Debian's chromium.
"""
import json
import os
import shutil
import subprocess

import sdkvenv
from gate import Gate
from people import CONTACTS, VENDOR_HOSTS, consent, contact, facts, resolve_all
from vendor import Vendors

NEEDS_SHARED = False
ANNA, BERT = "anna.console@example.com", "bert.console@example.com"
BROWSER_SECONDS_MAX = 900
# Who walks: what one may not see, another may.
PEOPLE = {
    "auditor": ["auditor"],
    "privacy": ["privacy_officer"],
    "manager": ["vendor_manager"],
    "approver": ["approver"],
    "admin": ["administrator"],
}


def run(context):
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        context.check("Debian's chromium is here", False, "apt-get install chromium")
        return
    python = sdkvenv.python_with(context.root / "acceptance" / "console.txt")
    with Vendors(context.home / "console-ca", VENDOR_HOSTS) as vendors:
        place = context.installation("console", resolve=resolve_all(vendors.port), trust=[vendors.authority])
        place.config.write_text(place.config.read_text().replace("listen: {", 'listen: {control: "127.0.0.1:0", ', 1))
        with Gate(place, context.token) as gate:
            traffic(place, gate)
            codes = {}
            for name, roles in PEOPLE.items():
                grant = [word for role in roles for word in ("--role", role)]
                done = place.command("account", "create", name, "--config", place.config, "--name", name.capitalize(), *grant)
                codes[name] = done.stdout.decode().strip()
            order = {
                "url": f"http://{gate.ready['control']}", "codes": codes, "browser": browser,
                "pictures": str(context.pictures.resolve()) if context.pictures else "", "home": str(context.home),
                "entries": len(place.log_entries()),
            }
            results(context, python, order)
            acts = {entry.get("act") for entry in place.log_entries() if entry["kind"] == "config"}
            wanted = {"audit.open", "audit.sample", "audit.evidence", "audit.finding", "audit.settle", "audit.close", "package.request", "package.made",
                      "package.download"}
            context.check("what was done in the browser stands in the log", wanted <= acts, " ".join(sorted(wanted - acts)))
            context.check("no words of the forms stand in the log", "walked by the check" not in json.dumps(place.log_entries()))
        context.check("the log verifies", place.verify()["exit"] == 0)


def traffic(place, gate):
    place.import_lines("subject", [facts(ANNA), facts(BERT, country="FR")])
    place.import_lines("consent", [consent(ANNA, "hubspot")])
    for number in range(12):
        gate.send("POST", CONTACTS, contact(ANNA, firstname=f"Anna {number}", phone="+49 30 1234567"))
        gate.send("POST", CONTACTS, contact(BERT, firstname=f"Bert {number}"))


def results(context, python, order, script="console_walk.py"):
    """The browser runs in an environment of its own and tells each expectation as a line of JSON."""
    walk = subprocess.Popen([str(python), str(context.root / "acceptance" / script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                            env={**os.environ, "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"})
    walk.stdin.write(json.dumps(order))
    walk.stdin.close()
    for line in walk.stdout:
        told = json.loads(line)
        context.note(told["note"]) if "note" in told else context.check(told["what"], told["held"], told.get("detail", ""))
    context.check("the walk ran to its end", walk.wait(BROWSER_SECONDS_MAX) == 0, f"exit code {walk.returncode}")
