"""Five real vendor SDKs through the forward proxy: what each vendor received, and a search of it for all that was not agreed."""
import json
import os
import subprocess

from bytesearch import BRUNO, VENDORS, search, show
from checks.captured import permit
from fakevendors import FakeVendors
from gate import Gate
from people import CALLER, consent
from sdkvenv import python_with

NEEDS_SHARED = True
# How many requests each SDK's call makes.
SDKS = {"hubspot": 2, "mailchimp": 3, "sendgrid": 2, "stripe": 1, "segment": 2}
SDK_SECONDS_MAX = 120


def run(context):
    python = python_with(context.root / "acceptance" / "sdks.txt")
    captured = [json.loads(line) for line in (context.shared / "corpus" / "vendor-requests.ndjson").read_text().splitlines() if line.strip()]
    with FakeVendors(context, "sdks") as vendors:
        place = context.installation("sdks", resolve=vendors.resolve, trust=[vendors.authority])
        with Gate(place, context.token) as gate:
            environment = proxied(gate, place, context.token)
            drive = Driver(context, python, environment, vendors)
            drive.refused("before anybody consented, HubSpot's SDK is told so", "hubspot", "consent_missing", leaves=0)
            permit(place)
            received = [each for name, count in SDKS.items() for each in drive.passes(name, count)]
            withdraw(place)
            received += drive.refused("after Bruno withdrew, the batch with him is refused in words", "hubspot", "consent_withdrawn", leaves=1)
            drive.refused("with a wrong token the SDK is told so", "stripe", "407", leaves=0, proxy=proxied(gate, place, "wrong"))
            drive.refused("HubSpot's SDK ignores credentials in the proxy's URL: without its own setting it is told so", "hubspot", "407", leaves=0,
                          proxy=environment | {"WITHOUT_PROXY_HEADERS": "1"})
            drive.refused("without the gate's CA nothing is sent", "stripe", "SSL", leaves=0, proxy=environment | trusting(vendors.authority))
            bruno = [each for each in received[sum(SDKS.values()):] if BRUNO.encode() in each.everything()]
            context.check("nothing about Bruno arrived after that", not bruno and len(received) > sum(SDKS.values()))
            context.check("the gate is still alive", gate.alive)
        credentials_stay(context, received)
        search(context, captured, received)
        report = place.verify()
        context.check("the log verifies", report["exit"] == 0, f"{report.get('entries')} entries")


def trusting(authority):
    return {name: str(authority) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")}


def proxied(gate, place, token):
    """All that an integration changes: where the proxy is, who it is there, and one more CA to trust."""
    host, port = gate.proxy
    clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    return clean | trusting(place.authority()) | {"HTTPS_PROXY": f"http://{CALLER}:{token}@{host}:{port}"}


def withdraw(place):
    place.import_lines("consent", [consent(BRUNO, "hubspot", state="withdrawn", at="2026-06-01T00:00:00Z")])


class Driver:
    def __init__(self, context, python, environment, vendors):
        self.context, self.python, self.environment, self.vendors = context, python, environment, vendors

    def call(self, name, environment=None):
        """(its words, what the vendors received meanwhile)"""
        line = [str(self.python), str(self.context.root / "acceptance" / "sdk_runner.py"), str(self.context.shared / "tools" / "sdks.py"), name]
        done = subprocess.run(line, env=(environment or self.environment) | {"TRACE": "1"}, capture_output=True, text=True, timeout=SDK_SECONDS_MAX)
        return done.stdout + done.stderr, self.vendors.take()

    def passes(self, name, count):
        words, received = self.call(name)
        verdict = next((line for line in words.splitlines() if line.startswith(name)), words[-300:])
        hosts = {VENDORS.get(each.host) for each in received}
        self.context.check(f"{name}: its own verdict, and what arrived", verdict == f"{name} ok" and len(received) == count and hosts == {name},
                           f"`{verdict}`, {len(received)} of {count} requests")
        for each in received:
            self.context.note(f"received  {each.method} {each.target}")
            self.context.note("          " + show(each.decoded()))
        return received

    def refused(self, what, name, word, leaves, proxy=None):
        words, received = self.call(name, proxy)
        self.context.check(what, f"{name} ERR" in words and word in words and len(received) == leaves,
                           f"`{word}` {'in' if word in words else 'NOT in'} its words, {len(received)} of {leaves} requests")
        return received


def credentials_stay(context, received):
    """The vendor's own credentials arrive; the caller's at the gate do not."""
    everything = b"\n".join(each.everything() for each in received)
    names = {name.lower() for each in received for name, _ in each.headers}
    context.check("the caller's token at the gate reached no vendor", context.token.encode() not in everything
                  and not any(name.startswith(("waybill", "proxy")) for name in names), f"{len(names)} header names seen")
    theirs = [b"Bearer pat-na1-secret", b"Bearer sk_test_x", b"Bearer SG.key"]
    context.check("each vendor got its own credentials", all(each in everything for each in theirs))
