"""Made-up people and the caller of the shipped example policies, for the demo and the acceptance runs."""
import datetime
import json

CALLER = "crm-sync"
CALLER_TOKEN = "crm-sync-demo-token"
NEWSLETTER = "newsletter"
ANALYTICS = "product_analytics"
# What each purpose's people were shown when they were asked: policies/catalog/notices.yaml.
NOTICES = {NEWSLETTER: "n-7", ANALYTICS: "n-8"}
CONTACTS = "/to/hubspot/crm/v3/objects/contacts"
VENDOR_HOSTS = ["api.hubapi.com", "us19.api.mailchimp.com", "api.sendgrid.com", "api.segment.io", "api.stripe.com",
                "acme.my.salesforce.com", "login.salesforce.com"]


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def subject(person):
    """`anna@example.com` → `email:anna@example.com`; what already names its kind stays."""
    return person if ":" in person else f"email:{person}"


def consent(person, recipient, purpose=NEWSLETTER, state="given", at="2026-05-01T00:00:00Z"):
    """One event, as `waybill consent import` reads it. A stop carries no proof."""
    event = {"subject": subject(person), "purpose": purpose, "state": state, "recipients": [recipient], "event_time": at}
    if state in ("given", "renewed"):
        event |= {"notice": NOTICES[purpose], "proof": "web-form"}
    return event


def facts(*ids, country="DE"):
    """What is known about one person, by any of their identifiers, as `waybill subject import` reads it."""
    return {"ids": [subject(each) for each in ids], "kind": "consumer", "countries": [country], "country_source": "billing"}


def contact(email, **properties):
    """A HubSpot contact's body."""
    return json.dumps({"properties": {"email": email, **properties}}, ensure_ascii=False).encode()


def resolve_all(port, hosts=VENDOR_HOSTS):
    return {f"{host}:443": f"127.0.0.1:{port}" for host in hosts}
