"""Sampled traces at a collector, as OpenTelemetry's own protocol buffers read them; a collector that is away holds up nobody."""
import time

from gate import Gate
from people import CONTACTS, VENDOR_HOSTS, consent, contact, facts, resolve_all
from receivers import Endpoint, decode_otlp
from sdkvenv import python_with
from vendor import Vendors, make_authority

NEEDS_SHARED = False
PERSON = "traces@example.com"
TOKEN = "traces-token-0123456789"
TRACE = "4bf92f3577b34da6a3ce929d0e0e{:04x}"
PARENT = "00f067aa0ba902b7"
WAIT_SECONDS_MAX = 20


def run(context):
    python = python_with(context.root / "acceptance" / "sinks.txt")
    with Vendors(context.home / "traces-ca", VENDOR_HOSTS) as vendors:
        home = context.home / "traces-collector"
        home.mkdir()
        authority = make_authority(home)
        collector = Endpoint(home, authority, "localhost", TOKEN)
        place = context.installation("traces", resolve=resolve_all(vendors.port), trust=[vendors.authority, authority[1]], more=[
            f"traces: {{url: 'https://localhost:{collector.port}', token: '${{secret:traces_token}}'}}"])
        secret = place.home / "var" / "secrets" / "traces_token"
        secret.parent.mkdir(parents=True)
        secret.write_text(TOKEN)
        secret.chmod(0o600)
        with Gate(place, context.token) as gate:
            place.import_lines("subject", [facts(PERSON)])
            place.import_lines("consent", [consent(PERSON, "hubspot")])
            play(context, gate, vendors, collector, python)


def play(context, gate, vendors, collector, python):
    def send(number, flags="01", body=None):
        headers = {"traceparent": f"00-{TRACE.format(number)}-{PARENT}-{flags}"}
        return gate.send("POST", CONTACTS, body or contact(PERSON, firstname="n"), headers=headers)

    away = [send(1).status, send(2, "00").status, gate.send("POST", CONTACTS, contact(PERSON)).status]
    context.check("a collector that is away holds up nobody", away == [201] * 3, str(away))
    told = dict(vendors.take()[0].headers).get("traceparent", "")
    collector.start()
    refused = send(3, body=contact("nobody.known@example.com"))
    spans = []
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < deadline and len({span["trace"] for span in spans}) < 2:
        time.sleep(0.2)
        spans = decode_otlp(python, list(collector.taken), "traces")
    collector.stop()
    by = {number: {span["name"]: span for span in spans if span["trace"] == TRACE.format(number)} for number in (1, 2, 3)}
    sent, whole = by[1], by[1].get("transfer", {})
    context.check("a sampled transfer is told with its parts", sorted(sent) == ["decide", "record", "transfer", "vendor"], str(sorted(sent)))
    context.check("it hangs below its caller's span", whole.get("parent") == PARENT and whole.get("kind") == 2)
    context.check("its parts hang below it and lie within it", all(
        part["parent"] == whole["span"] and whole["start"] <= part["start"] <= part["end"] <= whole["end"]
        for name, part in sent.items() if name != "transfer"))
    context.check("the vendor was told the vendor's span", told.split("-")[1:3] == [TRACE.format(1), sent.get("vendor", {}).get("span")], told)
    context.check("it names ids and the status only", set(whole.get("attributes", {})) == {
        "waybill.xid", "waybill.caller", "waybill.vendor", "waybill.listener", "waybill.endpoint", "http.response.status_code"},
        str(sorted(whole.get("attributes", {}))))
    context.check("what is not sampled is not told", not by[2])
    context.check("a refusal is told with its code", refused.status == 403
                  and by[3].get("transfer", {}).get("attributes", {}).get("waybill.code") == refused.code and "vendor" not in by[3], refused.code)
    context.check("no value of a request is in what was told", not any(b"example.com" in body for body in collector.taken))
