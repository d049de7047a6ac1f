"""What real vendor SDKs send, replayed through the gate; then every byte the vendors received is searched for what was not agreed."""
import base64
import json

from bytesearch import ANNA, BRUNO, VENDORS, decode, received_in, search, show
from fakevendors import FakeVendors
from gate import Gate
from people import ANALYTICS, consent, facts

NEEDS_SHARED = True
# The captured calls whose basis is a contract, not consent.
CONTRACT_TARGETS = {"/v3/mail/send", "/v1/customers"}


def run(context):
    lines = (context.shared / "corpus" / "vendor-requests.ndjson").read_text().splitlines()
    captured = [json.loads(line) for line in lines if line.strip()]
    with FakeVendors(context, "captured") as vendors:
        place = context.installation("captured", resolve=vendors.resolve, trust=[vendors.authority])
        with Gate(place, context.token) as gate:
            refused_before_consent(context, gate, captured, vendors.record)
            permit(place)
            received = replay(context, gate, captured, vendors.record)
            context.check("the gate is still alive", gate.alive)
        search(context, captured, received)
        report = place.verify()
        context.check("the log verifies", report["exit"] == 0, f"{report.get('entries')} entries")


def permit(place):
    """Both people opt in to everything they are asked for; mail API and payments need no consent, their basis is the contract."""
    place.import_lines("subject", [facts(ANNA, "crm:u-1", "crm:c-1", country="PL"), facts(BRUNO, "crm:u-2", country="ES")])
    place.import_lines("consent", [consent(email, vendor) for email in (ANNA, BRUNO) for vendor in ("hubspot", "mailchimp", "sendgrid")])
    place.import_lines("consent", [consent(person, "segment", ANALYTICS) for person in ("crm:u-1", "crm:u-2")])


def refused_before_consent(context, gate, captured, record):
    """Before anybody consented, nothing that rests on consent leaves."""
    asked = [request for request in captured if request["target"] not in CONTRACT_TARGETS]
    codes = {send(gate, request).code for request in asked}
    leaked = received_in(record)
    context.check("before anybody consented nothing leaves", codes == {"consent_missing"} and not leaked, f"{sorted(codes)}, {len(leaked)} leaked")


def send(gate, request):
    skip = {"host", "content-length", "connection", "accept-encoding"}
    headers = {name: value for name, value in request["headers"] if name.lower() not in skip}
    target = f"/to/{VENDORS[request['host']]}@{request['host']}{request['target']}"
    return gate.send(request["method"], target, base64.b64decode(request["body_b64"]), headers)


def replay(context, gate, captured, record):
    received = []
    for request in captured:
        before = len(received)
        answer = send(gate, request)
        received = received_in(record)
        mine, what = received[before:], f"{request['method']} {request['host']}{request['target']}"
        context.check(f"{what}", answer.status < 300 and len(mine) == 1, f"{answer.status} {answer.decision} {answer.code}")
        context.note("sent      " + show(decode(request)))
        for each in mine:
            context.note("received  " + show(each.decoded()))
    return received
