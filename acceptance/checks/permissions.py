"""Who may do what: every operation of the API and every page and form of the console, asked of a running gate as every role and as nobody.

The rights below are written down from the table of the design ("Who may do what"), not from the code; what is served and not listed here fails.
"""
import collections
import datetime
import json
import re

from checks.access import Person
from checks.api import CONTROL, Api
from gate import Gate
from people import CONTACTS, consent, contact, facts

NEEDS_SHARED = False
# A letter a role, in the order of the design's table.
ROLES = {"C": "caller", "M": "vendor_manager", "A": "approver", "P": "privacy_officer", "U": "auditor", "V": "vendor_auditor", "D": "administrator"}
EVERYBODY, READERS = "".join(ROLES), "MAPUV"
# Signed by who sends it, or for people who are not signed in: no role is asked for.
OPEN = "open"
OPERATIONS = {
    # An administrator: access, keys, configuration; no agreements.
    "D": "listAccounts createAccount getAccount changeAccount disableAccount enableAccount resetAccount listTokens createToken getToken revokeToken",
    "UD": "listSinks",
    EVERYBODY: "getMe listSessions endSession",
    # A vendor manager drafts; an approver approves, resumes, suspends and ends; a privacy officer may stop what harms people.
    "M": "draftAgreement draftAgreementVersion changeAgreementDraft discardAgreementDraft submitAgreement "
         "draftVendor draftVendorVersion changeVendorDraft discardVendorDraft submitVendor "
         "draftCaller draftCallerVersion changeCallerDraft discardCallerDraft submitCaller",
    "A": "approveAgreement rejectAgreement resumeAgreement terminateAgreement approveVendor rejectVendor resumeVendor terminateVendor "
         "approveCaller rejectCaller terminateCaller liftStop",
    "AP": "suspendAgreement suspendVendor stop",
    READERS: "listAgreements getAgreement getAgreementDraft getAgreementDifference getAgreementImpact listAgreementVersions "
             "listVendors getVendor getVendorDraft getVendorDifference getVendorImpact listVendorVersions "
             "listCallers getCallerDraft getCallerImpact listPurposes listFields listStops listDue "
             "listEngagements getEngagement drawSample",
    # Consents, subjects and erasure are the privacy officer's; an auditor reads everything but payloads and identifiers.
    "P": "listConsentChanges recordConsent importConsents countConsents getConsentHistory getConsentReceipt lookUpSubject getSubject "
         "listDisclosures exportSubject changeConsent objectSubject restrictSubject setPreference addSignal makePersonLink revokePersonLinks "
         "eraseSubject listErasureRequests refuseErasure",
    "MAPU": "tryDecision",
    "U": "openEngagement closeEngagement addEvidence addFinding settleFinding fixSample",
    "C" + READERS: "listTransfers getTransfer explainTransfer getStatistics",
    "PUV": "listEntries exportLog getCheckpoint beginVerification getVerification "
           "listPackages requestPackage getPackage downloadPackage deletePackage",
    OPEN: "receiveWebhook",
}
# Without `/console`; GET and POST unless one is named.
PAGES = {
    "D": "/accounts:GET /accounts/new /accounts/{account} /accounts/{account}/disable:POST /accounts/{account}/enable:POST "
         "/accounts/{account}/reset:POST /tokens:GET /tokens/new /tokens/{token}:GET /tokens/{token}/revoke:POST /sessions:GET /sessions/{session}",
    "UD": "/sinks:GET",
    EVERYBODY: "/account:GET /account/password /account/second-factor /account/recovery-codes /account/sessions/{session} /sign-out:POST",
    "M": " ".join(f"/{kind}s/new /{kind}s/{{{kind}}}/draft:POST /{kind}s/{{{kind}}}/submit:POST /{kind}s/{{{kind}}}/discard:POST"
                  for kind in ("vendor", "agreement", "caller")),
    "A": "/stops/lift " + " ".join(f"/{kind}s/{{{kind}}}/approve /{kind}s/{{{kind}}}/reject:POST /{kind}s/{{{kind}}}/terminate"
                                   for kind in ("vendor", "agreement", "caller")),
    "AP": "/stops/new",
    READERS: "/stops:GET /due:GET /engagements:GET /engagements/{engagement}:GET /engagements/{engagement}/samples/{sample} " + " ".join(
        f"/{kind}s:GET /{kind}s/{{{kind}}}:GET /{kind}s/{{{kind}}}/yaml:GET /{kind}s/{{{kind}}}/diff:GET /{kind}s/{{{kind}}}/history:GET "
        f"/{kind}s/{{{kind}}}/draft:GET /{kind}s/{{{kind}}}/impact:POST" for kind in ("vendor", "agreement", "caller")),
    "P": "/subjects:GET /subjects/lookup:POST /subjects/{subject}:GET /subjects/{subject}/act:POST /subjects/{subject}/link:POST "
         "/subjects/{subject}/erasure:POST /subjects/{subject}/export:GET /subjects/{subject}/receipts/{event}:GET /consents:GET "
         "/erasure-requests:GET /erasure-requests/{request}/refuse:POST",
    "U": "/engagements/new /engagements/{engagement}/sample /engagements/{engagement}/evidence /engagements/{engagement}/finding "
         "/engagements/{engagement}/settle /engagements/{engagement}/close",
    "C" + READERS: "/overview:GET /transfers:GET /transfers/statistics:GET /transfers/{transfer}:GET",
    "PUV": "/log:GET /log/export:GET /log/verify:POST /packages /packages/{package}:GET /packages/{package}/content:GET /packages/{package}/delete:POST",
    OPEN: "/sign-in /sign-in/code /set-up /set-up/finish",
}
# Of the person's own page, by a signed link.
PERSON = ["GET /person/{token}"] + [f"POST /person/{{token}}/{act}" for act in ("erase", "level", "no", "resume", "stop", "yes")]
# What a restricted auditor must not learn of: the other vendors of the example.
FOREIGN = ("mailchimp", "sendgrid", "segment", "stripe", "salesforce")
VOLATILE = ("used_at", "seen_at")
MARIA = "email:maria.walk@example.com"


def run(context):
    site = context.installation("permissions")
    with Gate(site, context.token, arguments=CONTROL) as gate:
        walk = Walk(context, site, gate)
        if not walk.listed():
            return
        before = walk.state()
        refused = walk.forbidden()
        after = walk.state()
        context.check("what was refused changed nothing", after == before, [name for name in before if before[name] != after[name]])
        walk.bound()
    entries = [entry for entry in site.log_entries() if entry["kind"] == "config"][walk.entries:]
    counted = collections.Counter()
    for entry in entries:
        if entry["act"] == "access.refused" and entry["d"]["reason"] == "not_permitted":
            counted[entry["d"].get("who")] += int(entry["d"].get("count", 1))
    context.check("every refusal for lack of right is in the log, by who and however many", counted == refused,
                  f"{sum(counted.values())} in {len(entries)} entries" if counted == refused else f"{counted - refused} {refused - counted}")
    others = {entry["act"] for entry in entries} - {"access.refused"}
    context.check("and no other act is", not others, sorted(others))
    with Gate(site, context.token, arguments=CONTROL) as gate:
        walk.at(gate)
        walk.allowed()
        walk.ended()


class Walk:
    """What is walked, as whom, and with which ids."""

    def __init__(self, context, site, gate):
        self.context, self.site, self.gate = context, site, gate
        self.tokens, self.people, self.values = {}, {}, {}
        self.at(gate)
        self.document = self.api.ask("GET", "/v1/openapi.json")[1]
        self.operations = {operation["operationId"]: (method.upper(), path, operation)
                           for path, methods in self.document["paths"].items() for method, operation in methods.items()}
        self.rights = {name: roles for roles, names in OPERATIONS.items() for name in names.split()}
        self.pages = {row: OPEN for row in PERSON}
        for roles, paths in PAGES.items():
            for path, _, method in (each.partition(":") for each in paths.split()):
                self.pages |= {f"{each} /console{path}": roles for each in ([method] if method else ["GET", "POST"])}
        self.prepare()

    def at(self, gate):
        """The gate that is asked; people keep their sessions over a restart."""
        self.api = Api(gate.control, self.tokens)
        for person in self.people.values():
            person.control = gate.control

    def make(self, what, name, *grant):
        done = self.site.command(what, "create", name, *grant, "--config", self.site.config)
        return done.stdout.decode().strip()

    def prepare(self):
        """One of everything that can be named in a path, and somebody of each role with an account and a token."""
        self.gate.send("POST", CONTACTS, contact("maria.walk@example.com"))
        self.gate.send("POST", "/to/mailchimp/3.0/lists/a1/members", json.dumps({"email_address": "maria.walk@example.com"}).encode())
        self.site.import_lines("subject", [facts(MARIA)])
        self.site.import_lines("consent", [consent(MARIA, "hubspot")])
        grants = {letter: ["--role", role] for letter, role in ROLES.items()}
        self.tokens |= {letter: self.make("token", f"walk-{letter.lower()}", *grants[letter]) for letter in "MAPUD"}
        opened = {"subject": "Walk", "from": "2026-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z", "hook": "h"}
        own, other = (self.api.ask("POST", "/v1/engagements", "U", {**opened, "vendor": vendor})[1]["id"] for vendor in ("hubspot", "mailchimp"))
        self.api.ask("POST", "/v1/stops", "A", {"kind": "vendor", "id": "mailchimp", "why": "walked"})
        # Bound: a caller to transfers that are none of those above, a vendor's auditor to one vendor and one engagement, with an end.
        grants["C"] += ["--caller", "web-shop"]
        grants["V"] += ["--vendor", "hubspot", "--engagement", own]
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
        self.tokens["ended"] = self.make("token", "walk-ended", *grants["V"], "--until", soon.strftime("%Y-%m-%dT%H:%M:%SZ"))
        grants["V"] += ["--until", "2100-01-01"]
        self.tokens |= {letter: self.make("token", f"walk-{letter.lower()}", *grants[letter]) for letter in "CV"}
        self.make("token", "victim", "--role", "auditor")
        for letter, grant in {**grants, "victim": ["--role", "auditor"]}.items():
            self.people[letter] = Person(self.gate.control)
            self.people[letter].set_up(self.make("account", "victim" if letter == "victim" else f"walk-{letter.lower()}", *grant), {})
            self.people[letter].ask("GET", "/console/account")
            self.people[letter].csrf = re.search(r'name="csrf" value="([^"]+)"', self.people[letter].page)[1]
        subject = self.api.ask("POST", "/v1/subjects/lookup", "P", {"identifier": MARIA})[1]
        session = next(each["id"] for each in self.api.ask("GET", "/v1/sessions", "D")[1]["items"] if each["account"] == "victim")
        transfer = self.api.ask("GET", "/v1/transfers?vendor=hubspot", "U")[1]["items"][0]["xid"]
        self.values = {
            "vendor": "hubspot", "agreement": "hubspot-newsletter", "caller": "crm-sync", "account": "victim", "token": "victim",
            "engagement": own, "number": "1", "sample": "1", "session": session, "subject": subject.get("id", "x"), "event": "1",
            "request": "1", "package": "1", "xid": transfer, "transfer": transfer, "source": "hubspot"}
        self.foreign = {"vendor": "mailchimp", "agreement": "mailchimp-newsletter", "engagement": other}
        # Each is used once, so that when they were used does not change later.
        for letter in [*ROLES, "ended"]:
            self.api.ask("GET", "/v1/me", letter)
        self.entries = sum(entry["kind"] == "config" for entry in self.site.log_entries())

    def listed(self):
        """False: what is served is not what is listed here."""
        missing = self.operations.keys() ^ self.rights.keys()
        whole = self.context.check("every operation of the document has its rights written down here", not missing, sorted(missing))
        printed = self.site.command("reference", "permissions").stdout.decode()
        rows = re.findall(r"^\| `(GET|POST)` \| `([^`]+)` \|", printed, re.M)
        missing = {f"{method} {path}" for method, path in rows} ^ self.pages.keys()
        whole &= self.context.check("every page and form has, too", not missing, sorted(missing))
        same = json.loads(self.site.command("reference", "openapi").stdout) == self.document
        self.context.check("`waybill reference openapi` prints what is served", same)
        return whole

    def path(self, path, values=None):
        values = {**self.values, **(values or {})}
        return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], path)

    def ask(self, name, letter, values=None):
        """An operation with a body of its declared shape: what would be done if it were permitted."""
        method, path, operation = self.operations[name]
        content = operation.get("requestBody", {}).get("content", {})
        kind = next(iter(content), None)
        body = None if kind is None else self.sample(content[kind].get("schema", {}))
        fields = {"Content_Type": kind} if kind else {}
        return self.api.ask(method, self.path(path, values), letter, body=body, **fields)

    def sample(self, schema, name=""):
        """The smallest value of a schema; members that name something have what there is."""
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        if "anyOf" in schema or "oneOf" in schema:
            schema = (schema.get("anyOf") or schema["oneOf"])[0]
        kind = schema.get("type")
        kind = kind[0] if isinstance(kind, list) else kind
        if "enum" in schema:
            return schema["enum"][0]
        if kind == "object":
            return {each: self.sample(schema["properties"][each], each) for each in schema.get("required", [])}
        if kind == "array":
            return [self.sample(schema["items"], name)] * max(1, schema.get("minItems", 0))
        if kind in ("integer", "number"):
            return schema.get("minimum", 1)
        if kind == "boolean":
            return True
        if schema.get("format") == "date-time":
            return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        if schema.get("format") == "date":
            return "2026-12-31"
        if "[0-9a-f]{64}" in schema.get("pattern", ""):
            return "0" * 64
        return {"identifier": MARIA, "subject": MARIA, "id": "hubspot", "url": "https://api.hubapi.com/"}.get(name, self.values.get(name, "walked"))

    def open(self, row, letter, values=None):
        """A page, or a form with its token and what a form of this console could want."""
        method, path = row.split(" ")
        person = self.people[letter]
        form = {"csrf": person.csrf, "why": "walked", "id": "hubspot", "kind": "vendor", "name": "walked", "confirm": "yes"} if method == "POST" else None
        if path == "/console/packages" and form:
            form |= {"kind": "engagement", "engagement": self.values["engagement"]}
        return person.ask(method, self.path(path, values), form)

    def state(self):
        """All that the lists of the API show."""
        def stable(value):
            if isinstance(value, dict):
                return {name: stable(each) for name, each in value.items() if name not in VOLATILE}
            return [stable(each) for each in value] if isinstance(value, list) else value
        names = [name for name, (method, path, operation) in self.operations.items()
                 if method == "GET" and "{" not in path and operation["tags"] != ["log"]]
        found = {name: stable(self.ask(name, self.rights[name][0])[1]) for name in names}
        for name in ("getVendor", "getAgreement", "getEngagement", "getSubject", "getAccount", "getToken"):
            found[name] = stable(self.ask(name, self.rights[name][0])[1])
        return found

    def forbidden(self):
        wrong, refused = [], collections.Counter()
        for name, roles in self.rights.items():
            if roles == OPEN:
                continue
            status, _, headers = self.ask(name, None)
            if status != 401 or "www-authenticate" not in headers:
                wrong.append(f"{name} as nobody: {status}")
            for letter in ROLES.keys() - set(roles):
                status, problem, _ = self.ask(name, letter)
                refused[f"token:walk-{letter.lower()}"] += 1
                if status != 403 or problem["code"] != "not_permitted":
                    wrong.append(f"{name} as {ROLES[letter]}: {status}")
        self.context.check("the API refuses whoever may not (403) and nobody (401)", not wrong, wrong[:8] or f"{sum(refused.values())} × 403")
        wrong, pages = [], collections.Counter()
        nobody = Person(self.api.address)
        for row, roles in self.pages.items():
            if roles == OPEN:
                continue
            status = nobody.ask(row.split(" ")[0], self.path(row.split(" ")[1]), {} if row.startswith("POST") else None)
            if status != 303 or not nobody.location.startswith("/console/sign-in"):
                wrong.append(f"{row} as nobody: {status}")
            for letter in ROLES.keys() - set(roles):
                status = self.open(row, letter)
                pages[f"account:walk-{letter.lower()}"] += 1
                if status != 403 or "Your roles do not permit this" not in self.people[letter].page:
                    wrong.append(f"{row} as {ROLES[letter]}: {status}")
        self.context.check("the console refuses whoever may not (403) and leads nobody anywhere but to its sign-in page", not wrong,
                           wrong[:8] or f"{sum(pages.values())} × 403")
        return refused + pages

    def bound(self):
        """Of others nothing is shown to who is bound to a vendor and an engagement, or to a caller that sends to sendgrid only."""
        wrong, looked = [], 0
        for letter, names in {"V": FOREIGN, "C": ("crm-sync", *(each for each in FOREIGN if each != "sendgrid"))}.items():
            for name, roles in self.rights.items():
                # Schemes of identifiers in the common catalogue are named after whoever gives them.
                if self.operations[name][0] == "GET" and letter in roles and name != "listFields":
                    _, answer, _ = self.ask(name, letter)
                    shown = answer.decode() if isinstance(answer, bytes) else json.dumps(answer)
                    wrong += [f"{name} shows {each} as {ROLES[letter]}" for each in names if re.search(rf"\b{each}\b", shown)]
                    looked += 1
            for row, roles in self.pages.items():
                if row.startswith("GET") and letter in roles:
                    self.open(row, letter)
                    wrong += [f"{row} shows {each} as {ROLES[letter]}" for each in names if re.search(rf"\b{each}\b", self.people[letter].page)]
                    looked += 1
        for name in ("getVendor", "listVendorVersions", "getAgreement", "listAgreementVersions", "getEngagement"):
            status = self.ask(name, "V", self.foreign)[0]
            wrong += [] if status == 404 else [f"{name} of another: {status}"]
        for row in ("/vendors/{vendor}", "/vendors/{vendor}/yaml", "/agreements/{agreement}", "/agreements/{agreement}/history", "/engagements/{engagement}"):
            status = self.open(f"GET /console{row}", "V", self.foreign)
            wrong += [] if status == 404 else [f"{row} of another: {status}"]
        self.context.check("whoever is bound learns of no other vendor or caller", not wrong, wrong[:8] or f"{looked} answers looked through")

    def allowed(self):
        wrong, count = [], 0
        for name, roles in self.rights.items():
            for letter in ROLES if roles == OPEN else roles:
                status, problem, _ = self.ask(name, letter)
                count += 1
                if (status in (401, 403) and roles != OPEN) or status >= 500 or (roles == OPEN and status < 400):
                    wrong.append(f"{name} as {ROLES[letter]}: {status} {problem.get('detail')}")
        # Signing out ends the session.
        for row, roles in sorted(self.pages.items(), key=lambda pair: pair[0].endswith("/sign-out")):
            for letter in [] if roles == OPEN else roles:
                status = self.open(row, letter)
                count += 1
                signed_out = self.people[letter].location.startswith("/console/sign-in") and not row.endswith("/sign-out")
                if status in (401, 403) or status >= 500 or signed_out:
                    wrong.append(f"{row} as {ROLES[letter]}: {status}")
        nobody = Person(self.api.address)
        for row in (row for row, roles in self.pages.items() if roles == OPEN):
            method, path = row.split(" ")
            status = nobody.ask(method, path.replace("{token}", "x"), {} if method == "POST" else None)
            count += 1
            # A form is taken with the token of its page only.
            if status in (401, 403) and method == "GET" or status >= 500 or method == "POST" and status != 403:
                wrong.append(f"{row} as nobody: {status}")
        self.context.check("whoever may is never told that they may not", not wrong, wrong[:8] or f"{count} asked")

    def ended(self):
        status, problem, _ = self.api.ask("GET", "/v1/me", "ended")
        self.context.check("a vendor's auditor is nobody after the end", status == 401 and "expired" in problem["detail"], f"{status} {problem.get('detail')}")
