"""What the demo plays: made-up people, what the CRM sends about them, and what must come of it."""
from dataclasses import dataclass, field

from people import ANALYTICS, consent, facts, now

ANNA, BRUNO, CLARA, DAVID = "anna@example.com", "bruno@example.org", "clara@example.net", "david@example.com"

HUBSPOT = "/to/hubspot/crm/v3/objects/contacts"
MAILCHIMP = "/to/mailchimp/3.0/lists/a1b2c3/members"
SENDGRID = "/to/sendgrid/v3/marketing/contacts"
SEGMENT = "/to/segment/v1/track"


@dataclass
class Scene:
    title: str
    vendor: str
    method: str
    path: str
    body: object
    status: int
    # The reason the caller reads when it is refused.
    code: str = ""
    # Values that must not be in anything the vendor receives.
    never: tuple = ()
    # Values that must be.
    always: tuple = ()
    gzip: bool = False
    token: object = ...
    # Consents that come in just before, while the gate runs, and what to say of them.
    events: list = field(default_factory=list)
    event_text: str = ""


def hubspot(email, first, last, **more):
    return {"properties": {"email": email, "firstname": first, "lastname": last, **more}}


ANNA_CONTACT = hubspot(ANNA, "Anna", "Kowalska", phone="+48601234567", date_of_birth="1984-03-07", ssn="536-90-4399",
                       notes="Diabetic; call her at 601 234 567")
BRUNO_CONTACT = hubspot(BRUNO, "Bruno", "Díaz", phone="+34911234567", date_of_birth="1971-11-30", ssn="078-05-1120", notes="CEO, prefers mail")

FACTS = [facts(ANNA, country="PL"), facts(BRUNO, country="ES"), facts(CLARA, country="FR"), facts(DAVID, "crm:c-4711", country="DE")]
CONSENTS = [
    consent(ANNA, "hubspot"),
    consent(ANNA, "mailchimp"),
    consent(CLARA, "sendgrid"),
    consent(DAVID, "hubspot", state="refused", at="2026-05-03T09:30:00Z"),
    consent("crm:c-4711", "segment", ANALYTICS),
]


def scenes():
    return [
        Scene("Anna opted in to the newsletter, by HubSpot", "HubSpot", "POST", HUBSPOT, ANNA_CONTACT, 201,
              never=("536-90-4399", "Diabetic", "601234567", "1984-03-07"), always=(ANNA, "Anna")),
        Scene("Bruno was never asked", "HubSpot", "POST", HUBSPOT, BRUNO_CONTACT, 403, "consent_missing"),
        Scene("David was asked and said no", "HubSpot", "POST", HUBSPOT, hubspot(DAVID, "David", "Meyer"), 403, "consent_refused"),
        Scene("Anna and Bruno in one batch: all or nothing", "HubSpot", "POST", HUBSPOT + "/batch/create",
              {"inputs": [ANNA_CONTACT, BRUNO_CONTACT]}, 403, "consent_missing"),
        Scene("Anna again, by Mailchimp, under its own agreement", "Mailchimp", "POST", MAILCHIMP,
              {"email_address": ANNA, "status": "subscribed",
               "merge_fields": {"FNAME": "Anna", "LNAME": "Kowalska", "PHONE": "+48601234567", "BIRTHDAY": "03/07", "SSN": "536-90-4399"}}, 200,
              never=("536-90-4399", "601234567", "03/07"), always=(ANNA, "Anna")),
        Scene("Clara, by SendGrid, in a gzip body", "SendGrid", "PUT", SENDGRID,
              {"contacts": [{"email": CLARA, "first_name": "Clara", "last_name": "Petit", "phone_number": "+33140205050",
                             "custom_fields": {"e1_T": "2 84 03 75 116 001 12"}}]}, 202,
              never=("2 84 03 75 116 001 12", "140205050"), always=(CLARA,), gzip=True),
        Scene("David said no to mail, and yes to analytics, under a pseudonym", "Segment", "POST", SEGMENT,
              {"type": "track", "event": "Order Completed", "userId": "c-4711",
               "properties": {"email": DAVID, "total": 12.5, "card": "4111111111111111"}}, 200,
              never=("c-4711", DAVID, "4111111111111111"), always=("Order Completed",)),
        Scene("A call that no agreement knows", "HubSpot", "POST", "/to/hubspot/crm/v3/objects/deals",
              {"properties": {"dealname": "Anna Kowalska, premium"}}, 403, "endpoint_unknown"),
        Scene("A body that two parsers would read differently", "HubSpot", "POST", HUBSPOT,
              b'{"properties":{"email":"anna@example.com","email":"bruno@example.org"}}', 422),
        Scene("A caller with the wrong token", "HubSpot", "POST", HUBSPOT, ANNA_CONTACT, 401, "caller_unauthenticated", token="guessed"),
        Scene("The very next send after Anna withdrew", "HubSpot", "POST", HUBSPOT, ANNA_CONTACT, 403, "consent_withdrawn",
              events=[consent(ANNA, "hubspot", state="withdrawn", at=now())],
              event_text="Anna withdraws her consent; it is imported while the gate runs"),
    ]
