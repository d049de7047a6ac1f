"""The HTTP API of a running gate: schemathesis asks every operation of its document, as each role, and no answer may differ from what the
document says; then what no generator knows: lost updates, repeated requests, where a problem points, who may not.
"""
import concurrent.futures
import http.client
import json
import os
import re
import subprocess
import time
import uuid

from gate import Gate
from sdkvenv import python_with

NEEDS_SHARED = False
ROLES = ["vendor_manager", "approver", "privacy_officer", "auditor", "administrator", "caller"]
# What a role is bound to.
BOUND = {"caller": ["--caller", "crm-sync"]}
# Cases of each operation, phase and role.
EXAMPLES = int(os.environ.get("API_EXAMPLES", "12"))
# Of one role.
RUN_SECONDS_MAX = 300
CONTROL = ["--set", "listen.control=127.0.0.1:0"]


class Api:
    def __init__(self, address, tokens):
        self.address, self.tokens = address, tokens

    @property
    def url(self):
        return "http://%s:%d" % self.address

    def ask(self, method, path, role=None, body=None, token=None, **headers):
        token = token or self.tokens.get(role)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            body = body if isinstance(body, (bytes, str)) else json.dumps(body)
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            kind = (answer.getheader("Content-Type") or "").partition(";")[0]
            value = json.loads(text) if kind in ("application/json", "application/problem+json") else text
            return answer.status, value, {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()


def run(context):
    place = context.installation("api")
    with Gate(place, arguments=CONTROL) as gate:
        # Ids that schemathesis_hooks.py knows, so that none is revoked on the way.
        tokens = {role: place.command("token", "create", f"t-{role.replace('_', '-')}", "--role", role, *BOUND.get(role, []),
                                      "--config", place.config).stdout.decode().strip() for role in ROLES}
        api = Api(gate.control, tokens)
        wait_for_checkpoint(api)
        by_hand(context, api)
        generated(context, api)
        context.check("after all of that the gate runs, and its log is whole", gate.alive and place.verify()["ok"])
        words = [token for token in tokens.values() if token.encode() in place.journal_bytes()]
        context.check("no token stands in the gate's own log", not words)
    repeated_after_restart(context, place, tokens)


def wait_for_checkpoint(api):
    for _ in range(100):
        if api.ask("GET", "/v1/log/checkpoint", "auditor")[0] == 200:
            return
        time.sleep(0.1)


def generated(context, api):
    """All operations, as each role."""
    python = python_with(context.root / "acceptance" / "api.txt")
    operations = sum(len(path) for path in api.ask("GET", "/v1/openapi.json")[1]["paths"].values())
    total = 0
    for role in ROLES:
        report = context.home / f"api-{role}"
        line = [python.parent / "schemathesis", "--config-file", context.root / "acceptance" / "schemathesis.toml", "--no-color", "run",
                f"{api.url}/v1/openapi.json", "--header", f"Authorization: Bearer {api.tokens[role]}", "--checks", "all",
                # Many tries in vain from one address are answered 429, rightly; `nobody` asks every operation instead.
                "--exclude-checks", "ignored_auth",
                "--max-examples", str(EXAMPLES), "--seed", "7", "--phases", "examples,coverage,fuzzing", "--continue-on-failure",
                "--suppress-health-check", "all", "--warnings", "off", "--generation-database", "none", "--rate-limit", "auto"]
        hooks = {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(context.root / "acceptance")}
        done = subprocess.run([str(word) for word in line], capture_output=True, text=True, timeout=RUN_SECONDS_MAX, cwd=context.home,
                              env=os.environ | hooks)
        report.with_suffix(".txt").write_text(done.stdout + done.stderr)
        cases = re.search(r"(\d+) generated", done.stdout)
        tested = re.search(r"Tested: (\d+)", done.stdout)
        count = int(cases[1]) if cases else 0
        total += count
        failures = re.findall(r"^_+ (\S+ \S+) _+$|^- (.+)$", done.stdout, re.M)
        detail = f"{operations} operations, {count} cases" if done.returncode == 0 else \
            f"{count} cases; {[a or b for a, b in failures][:8]} (--keep: {report.name}.txt)"
        context.check(f"schemathesis as {role}: every answer is what the document says",
                      done.returncode == 0 and count > operations and (not tested or int(tested[1]) == operations), detail)
    context.note(f"schemathesis: {total} cases, {len(ROLES)} roles, {operations} operations")


def by_hand(context, api):
    status, document, _ = api.ask("GET", "/v1/openapi.json")
    context.check("the document is OpenAPI 3.1 and needs no credential", status == 200 and document["openapi"].startswith("3.1."))
    kept = context.root / "docs" / "reference" / "openapi.json"
    pretty = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if context.write_pages:
        kept.write_text(pretty)
    context.check("docs/reference/openapi.json is what the gate serves", kept.exists() and kept.read_text() == pretty,
                  "regenerate: acceptance/run.py --only api --write-pages")
    nobody(context, api, document)
    engagement(context, api)
    pointers(context, api)
    verification(context, api)


def nobody(context, api, document):
    """Every operation, without a credential and with a forged one; then with a role that may not."""
    wrong, open_to_all, forbidden = [], [], 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            url = re.sub(r"\{[^}]*\}", "x", path)
            if {"security"} <= operation.keys() and operation["security"] == []:
                open_to_all.append(operation["operationId"])
                continue
            for token in (None, "wb_forged-0123456789"):
                status, problem, headers = api.ask(method.upper(), url, token=token)
                if status not in (401, 429) or status == 401 and ("www-authenticate" not in headers or problem["code"] is None):
                    wrong.append(f"{operation['operationId']} {status}")
                if status == 429 and f"wait {headers['retry-after']} s" not in problem["detail"]:
                    wrong.append(f"{operation['operationId']}: Retry-After {headers['retry-after']}, {problem['detail']}")
            roles = set(re.findall(r"which (.*) have", operation["description"])[0].split(", "))
            outsider = next((role for role in ROLES if role not in roles), None)
            if outsider:
                status, problem, _ = api.ask(method.upper(), url, outsider)
                forbidden += status == 403
                if status != 403:
                    wrong.append(f"{operation['operationId']} as {outsider}: {status}")
    context.check("no operation answers who is unknown (401) or may not (403)", not wrong, f"{wrong[:5]}" if wrong else f"{forbidden} × 403")


def engagement(context, api):
    vendor = api.ask("GET", "/v1/callers", "auditor")[1]["items"][0]["may_use"][0]["vendor"]
    opening = {"vendor": vendor, "subject": "Newsletter", "from": "2026-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z",
               "hook": "GDPR Art. 28(3)(h)"}
    key = str(uuid.uuid4())
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: api.ask("POST", "/v1/engagements", "auditor", opening, Idempotency_Key=key), range(4)))
    codes = sorted(answer[0] for answer in answers)
    again = api.ask("POST", "/v1/engagements", "auditor", opening, Idempotency_Key=f'"{key}"')
    count = len(api.ask("GET", "/v1/engagements", "auditor")[1]["items"])
    context.check("one key, five requests, one engagement", again[0] == 201 and set(codes) <= {201, 409} and count == 1, f"{codes}")
    other = api.ask("POST", "/v1/engagements", "auditor", {**opening, "subject": "Other"}, Idempotency_Key=key)
    context.check("a key that was used for another request is refused", (other[0], other[1]["code"]) == (422, "key_reused"))
    path = f"/v1/engagements/{again[1]['id']}"
    tag = api.ask("GET", path, "auditor")[2]["etag"]
    context.check("what is unchanged is not sent again", api.ask("GET", path, "auditor", If_None_Match=tag)[0] == 304)
    evidence = {"name": "report.pdf", "sha256": "0" * 64, "bytes": 1, "note": "SOC 2"}
    added = api.ask("POST", f"{path}/evidence", "auditor", evidence)
    close = {"summary": "Done"}
    lost = api.ask("POST", f"{path}/close", "auditor", close, If_Match=tag)
    blind = api.ask("POST", f"{path}/close", "auditor", close)
    right = api.ask("POST", f"{path}/close", "auditor", close, If_Match=added[2]["etag"])
    context.check("a lost update is refused (412), one that names no version too (428)",
                  (lost[0], blind[0], right[0]) == (412, 428, 200), f"{lost[0]} {blind[0]} {right[0]} {lost[1]}")


def verification(context, api):
    path = "/v1/log/verification"
    before = api.ask("GET", path, "auditor")[0]
    begun = api.ask("POST", path, "auditor")
    for _ in range(600):
        status, found, _ = api.ask("GET", path, "auditor")
        if found.get("state") != "running":
            break
        time.sleep(0.1)
    context.check("the log is verified by API, beside the gate", (before, begun[0], status, found.get("state")) == (404, 202, 200, "whole")
                  and found["entries"] == found["entries_done"] > 0 and found["begun_by"] == "token:t-auditor", f"{before} {begun[:2]} {found}")


def pointers(context, api):
    rows = [
        ("POST", "/v1/decisions", "auditor", "{", "body_malformed", ""),
        ("POST", "/v1/decisions", "auditor", '{"caller":"crm","caller":"crm","url":"x"}', "body_malformed", ""),
        ("POST", "/v1/decisions", "auditor", '{"caller":"crm"}', "body_malformed", "/url"),
        ("POST", "/v1/decisions", "auditor", '{"caller":"nobody-knows","url":"https://x/"}', "unprocessable", "/caller"),
        ("POST", "/v1/decisions", "auditor", '{"caller":"c","url":"x","headers":{"a":1}}', "body_malformed", "/headers"),
        ("POST", "/v1/engagements", "auditor", '{"vendor":"v","subject":"s","from":"now","until":"x","hook":"h"}', "body_malformed", "/from"),
    ]
    wrong = []
    for method, path, role, body, code, pointer in rows:
        status, problem, headers = api.ask(method, path, role, body)
        if (problem.get("code"), problem.get("pointer")) != (code, pointer) or headers["content-type"] != "application/problem+json":
            wrong.append((body, status, problem))
    context.check("a problem points to the member at fault", not wrong, f"{wrong[:2]}" if wrong else f"{len(rows)} bodies")
    status, problem, _ = api.ask("GET", "/v1/transfers?limit=0", "auditor")
    context.check("or names the variable", (status, problem["parameter"]) == (400, "limit"))
    status, _, headers = api.ask("PATCH", "/v1/transfers", "auditor")
    context.check("a method that is not served is 405, with those that are", (status, headers.get("allow")) == (405, "GET, HEAD"))


def repeated_after_restart(context, place, tokens):
    opening = {"vendor": None, "subject": "Again", "from": "2026-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z", "hook": "h"}
    answers = []
    for _ in range(2):
        with Gate(place, arguments=CONTROL) as gate:
            api = Api(gate.control, tokens)
            opening["vendor"] = api.ask("GET", "/v1/callers", "auditor")[1]["items"][0]["may_use"][0]["vendor"]
            answers.append(api.ask("POST", "/v1/engagements", "auditor", opening, Idempotency_Key="over-the-restart"))
    context.check("a key is good over a restart: the same engagement",
                  answers[0][0] == 201 and answers[0][1]["id"] == answers[1][1].get("id"), f"{answers[1][:2]}")
