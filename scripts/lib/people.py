"""Made-up people and the caller of the shipped example policies, for the demo and the acceptance runs."""
import datetime
import json

CALLER = "crm-sync"
CALLER_TOKEN = "crm-sync-demo-token"
NEWSLETTER = "newsletter"
CONTACTS = "/to/hubspot/crm/v3/objects/contacts"
VENDOR_HOSTS = ["api.hubapi.com", "us19.api.mailchimp.com", "api.sendgrid.com", "api.segment.io"]


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def consent(email, recipient, purpose=NEWSLETTER, state="given", at="2026-05-01T00:00:00Z"):
    """One event, as `waybill consent import` reads it. A stop carries no proof."""
    event = {"subject": f"email:{email}", "purpose": purpose, "state": state, "recipients": [recipient], "event_time": at}
    if state in ("given", "renewed"):
        event |= {"notice": "n-7", "proof": "web-form"}
    return event


def facts(email, country="DE"):
    return {"ids": [f"email:{email}"], "kind": "consumer", "countries": [country], "country_source": "billing"}


def contact(email, **properties):
    """A HubSpot contact's body."""
    return json.dumps({"properties": {"email": email, **properties}}, ensure_ascii=False).encode()


def resolve_all(port, hosts=VENDOR_HOSTS):
    return {f"{host}:443": f"127.0.0.1:{port}" for host in hosts}
