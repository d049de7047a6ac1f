"""People sign in at an identity provider that is not ours; ID tokens spoilt in one way each are refused, and the log says so.

The provider is oidc-provider-mock from PyPI; a proxy of ours before it spoils its tokens (`acceptance/oidc_provider.py`).
"""
import contextlib
import http.client
import json
import subprocess
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

from gate import Gate
from ports import free_port
from sdkvenv import python_with

NEEDS_SHARED = False
SPOILT = ["nonce", "audience", "issuer", "party", "expired", "old", "nobody", "key", "none", "shared", "flipped"]
CALLBACK = "/console/sign-in/oidc/callback"


class Browser:
    """Cookies, and no more of a browser than sign-in needs."""

    def __init__(self, control):
        self.control, self.cookies = control, {}

    def ask(self, method, path, headers=None):
        connection = http.client.HTTPConnection(*self.control, timeout=20)
        fields = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **(headers or {})}
        connection.request(method, path, headers=fields)
        got = connection.getresponse()
        body = got.read()
        for line in got.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if not morsel.value:
                    del self.cookies[name]
        connection.close()
        return got.status, got.headers.get("Location", ""), body

    def me(self):
        status, _, body = self.ask("GET", "/v1/me", {"Sec-Fetch-Site": "same-origin"})
        return json.loads(body) if status == 200 else {"status": status}


class Provider:
    def __init__(self, port):
        self.port = port

    def put(self, path, data=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("PUT", path, body=json.dumps(data), headers={"Content-Type": "application/json"})
        status = connection.getresponse().status
        connection.close()
        return status

    def allow(self, url, person):
        """What a person does at the provider: says who they are. Returns where it sends them."""
        target = urlsplit(url)
        connection = http.client.HTTPConnection(target.hostname, target.port, timeout=10)
        connection.request(
            "POST", f"{target.path}?{target.query}", body=urlencode({"sub": person}),
            headers={"Content-Type": "application/x-www-form-urlencoded"})
        location = connection.getresponse().headers.get("Location", "")
        connection.close()
        return location


@contextlib.contextmanager
def provider(python, script):
    process = subprocess.Popen([str(python), str(script)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield Provider(int(process.stdout.readline().split()[1]))
    finally:
        process.kill()
        process.wait()


def arrive(browser, login, person):
    """From the link on the sign-in page to the console's answer to the provider's redirect."""
    _, away, _ = browser.ask("GET", "/console/sign-in/oidc?next=%2Fconsole%2Faccount")
    back = urlsplit(login.allow(away, person))
    return away, f"{back.path}?{back.query}", browser.ask("GET", f"{back.path}?{back.query}")


def run(context):
    python = python_with(context.root / "acceptance" / "oidc.txt")
    port = free_port()
    with provider(python, context.root / "acceptance" / "oidc_provider.py") as login:
        site = context.installation("oidc", more=[
            "access:", "  oidc:", f"    issuer: http://127.0.0.1:{login.port}", "    client_id: waybill",
            "    client_secret: ${secret:oidc_client}", f"    redirect_url: http://127.0.0.1:{port}{CALLBACK}",
            "    roles_claim: realm.roles", '    roles: ["wb-audit=auditor", "wb-admin=administrator", "wb-legal=approver"]'])
        with Gate(site, arguments=["--set", f"listen.control=127.0.0.1:{port}"], environment={"WAYBILL_SECRET_OIDC_CLIENT": "s3cret"}) as gate:
            scenes(context, gate, login)
        refusals = [entry for entry in site.log_entries() if entry.get("act") == "access.refused"]
        singles = [entry for entry in refusals if "count" not in entry["d"]]
        context.check(
            "each refusal is an entry without what was shown", singles and all(set(entry["d"]) <= {"reason", "who"} for entry in singles),
            f"{len(refusals)} entries")
        acts = [entry.get("act") for entry in site.log_entries()]
        context.check("the account's creation and its sessions are entries", "account.create" in acts and "session.begin" in acts)


def scenes(context, gate, login):
    anna = Browser(gate.control)
    login.put("/users/anna", {"name": "Anna Berg", "realm": {"roles": ["wb-audit", "unheard-of"]}})
    away, returned, (status, location, _) = arrive(anna, login, "anna")
    context.check("the way there has PKCE, state and nonce", all(part in away for part in ("code_challenge=", "S256", "state=", "nonce=")))
    me = anna.me()
    context.check("a person signs in and goes on where they were", status == 303 and location == "/console/account", f"{status} {location}")
    context.check("with the role that the claim maps to, and no other", me.get("roles") == ["auditor"] and me["name"] == "Anna Berg", me)
    context.check("a state is taken once", anna.ask("GET", returned)[0] == 401)

    stranger = Browser(gate.control)
    _, away, _ = anna.ask("GET", "/console/sign-in/oidc")
    back = urlsplit(login.allow(away, "anna"))
    status, _, _ = stranger.ask("GET", f"{back.path}?{back.query}")
    context.check("another browser cannot finish what this one began", status == 401 and not stranger.cookies.get("waybill_session"), status)

    login.put("/users/nobody", {"realm": {"roles": ["unheard-of"]}})
    status = arrive(Browser(gate.control), login, "nobody")[2][0]
    context.check("without a mapped role nobody gets in", status == 401, status)
    login.put("/users/both", {"realm": {"roles": ["wb-admin", "wb-legal"]}})
    status = arrive(Browser(gate.control), login, "both")[2][0]
    context.check("roles that exclude each other are refused", status == 401, status)

    login.put("/spoil/resigned")
    status = arrive(Browser(gate.control), login, "anna")[2][0]
    context.check("a token signed by the provider's other key is taken", status == 303, status)
    for how in SPOILT:
        login.put(f"/spoil/{how}")
        browser = Browser(gate.control)
        status = arrive(browser, login, "anna")[2][0]
        context.check(f"an ID token spoilt is refused: {how}", status == 401 and "waybill_session" not in browser.cookies, status)

    login.put("/spoil/none-at-all")
    login.put("/users/anna", {"name": "Anna Berg", "realm": {"roles": ["wb-admin"]}})
    again = Browser(gate.control)
    arrive(again, login, "anna")
    context.check("roles are those of the last sign-in", again.me().get("roles") == ["administrator"], again.me())
    context.check("sessions with the roles before are ended", anna.me().get("status") == 401, anna.me())
