"""Who gets in: the first administrator by a code, people by password and app, machines by token and client certificate; and who does not."""
import base64
import hashlib
import hmac
import html
import http.client
import json
import re
import socket
import ssl
import struct
import time
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from gate import Gate
from vendor import make_authority, make_leaf, openssl

NEEDS_SHARED = False
PASSWORD = "violets under the old bridge"
MACHINE = "crm.acme.internal"


class Person:
    """A browser without scripts: cookies, and forms that are sent as the page gave them."""

    def __init__(self, control):
        self.control, self.cookies, self.page = control, {}, ""

    def ask(self, method, path, form=None, headers=None):
        connection = http.client.HTTPConnection(*self.control, timeout=30)
        fields = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **(headers or {})}
        if form is not None:
            fields["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body=None if form is None else urlencode(form, doseq=True), headers=fields)
        got = connection.getresponse()
        self.page = got.read().decode()
        for line in got.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
        connection.close()
        self.location = got.headers.get("Location", "")
        return got.status

    def send(self, path, fields):
        """The form of the present page that goes to `path`, with its hidden fields."""
        form = next((f for f in re.findall(r"<form.*?</form>", self.page, re.S) if f'action="{path}"' in f), "")
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        return self.ask("POST", path, {**{name: html.unescape(value) for name, value in hidden.items()}, **fields})

    def set_up(self, code, fields):
        self.ask("GET", "/console/set-up")
        self.send("/console/set-up", {"set_up_code": code})
        self.secret = re.search(r"Secret: <code>([A-Z2-7]+)</code>", self.page).group(1)
        self.picture = "data:image/svg+xml;base64," in self.page
        status = self.send("/console/set-up/finish", {
            "password": PASSWORD, "again": PASSWORD, "code": totp(self.secret), **fields})
        self.recovery = re.findall(r"[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}", self.page)
        return status

    def sign_in(self, name, code, password=PASSWORD):
        self.ask("GET", "/console/sign-in")
        status = self.send("/console/sign-in", {"name": name, "password": password})
        return self.send("/console/sign-in/code", {"code": code}) if status == 200 else status

    def api(self, path):
        status = self.ask("GET", path, headers={"Sec-Fetch-Site": "same-origin"})
        return json.loads(self.page) if status == 200 else {"status": status}


def totp(secret, step=None):
    counter = struct.pack(">Q", int(time.time()) // 30 if step is None else step)
    mac = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = mac[19] & 15
    return f"{(struct.unpack('>I', mac[start:start + 4])[0] & 0x7FFFFFFF) % 1000000:06d}"


def bearer(gate, method, path, token, body=None, tls=None):
    connection = (http.client.HTTPSConnection(*gate.control, timeout=30, context=tls) if tls
                  else http.client.HTTPConnection(*gate.control, timeout=30))
    fields = {"Authorization": f"Bearer {token}"} if token else {}
    if body is not None:
        fields["Content-Type"] = "application/json"
    connection.request(method, path, body=None if body is None else json.dumps(body), headers=fields)
    got = connection.getresponse()
    data = got.read()
    connection.close()
    return got.status, json.loads(data) if data[:1] == b"{" else {}


def run(context):
    site = context.installation("access")
    with Gate(site, arguments=["--set", "listen.control=127.0.0.1:0"]) as gate:
        code = site.command("account", "invite", "--config", site.config).stdout.decode().strip()
        root = first_administrator(context, gate, code)
        anna = second_person(context, site, gate, root)
        machines(context, site, gate)
        forms(context, gate, root, anna)
        guessing(context, site, gate)
    entries = [entry for entry in site.log_entries() if entry.get("kind") == "config"]
    acts = {entry["act"] for entry in entries}
    wanted = {"account.invite", "account.set_up", "account.create", "session.begin", "session.end", "token.create", "token.revoke", "access.refused"}
    context.check("every act is an entry", wanted <= acts, sorted(wanted - acts))
    text = json.dumps(entries)
    context.check("no entry holds what was typed", PASSWORD not in text and "wbt_" not in text and "wbs_" not in text)
    certificates(context, site)
    entries = [entry for entry in site.log_entries() if entry.get("act") == "access.refused"]
    reasons = {entry["d"].get("reason") for entry in entries}
    context.check("unknown and revoked machines are entries", {"certificate_unknown", "token_revoked"} <= reasons, sorted(map(str, reasons)))
    proxies(context, site)


def first_administrator(context, gate, code):
    root = Person(gate.control)
    status = root.ask("GET", "/console/accounts")
    context.check("nobody is let in without an account", status == 303 and root.location.startswith("/console/sign-in"), status)
    status = root.set_up(code, {"id": "root", "name": "Root"})
    context.check("the first administrator sets up an account", status == 200 and len(root.recovery) == 10 and root.picture, status)
    context.check("and is signed in", root.api("/v1/me").get("roles") == ["administrator"], root.api("/v1/me"))
    other = Person(gate.control)
    other.ask("GET", "/console/set-up")
    context.check("the code works once", other.send("/console/set-up", {"set_up_code": code}) == 401)
    for path in ["/console/accounts", "/console/accounts/new", "/console/accounts/root", "/console/tokens", "/console/tokens/new",
                 "/console/sessions", "/console/account", "/console/account/password", "/console/account/second-factor",
                 "/console/account/recovery-codes"]:
        context.check(f"page {path}", root.ask("GET", path) == 200)
    return root


def second_person(context, site, gate, root):
    root.ask("GET", "/console/accounts/new")
    status = root.send("/console/accounts/new", {"id": "anna", "name": "Anna", "roles": ["auditor"]})
    code = re.search(r"wbs_[A-Za-z0-9_-]{43}", root.page)
    context.check("an administrator makes an account and is shown its code", status == 200 and code, status)
    anna = Person(gate.control)
    anna.set_up(code.group(0), {})
    cookie = anna.cookies["waybill_session"]
    anna.ask("GET", "/console/account")
    context.check("signing out", anna.send("/console/sign-out", {}) == 303)
    anna.cookies["waybill_session"] = cookie
    context.check("ends the session, not only the cookie", anna.api("/v1/me").get("status") == 401)
    spent = anna.sign_in("anna", totp(anna.secret, int(time.time()) // 30 - 1))
    context.check("a code from before the last one is refused", spent == 401, spent)
    context.check("a recovery code lets her in", anna.sign_in("anna", anna.recovery[0]) == 303)
    context.check("once", Person(gate.control).sign_in("anna", anna.recovery[0]) == 401)
    context.check("with a new session", anna.cookies["waybill_session"] != cookie and anna.api("/v1/me").get("id") == "account:anna")
    context.check("what her role does not permit is refused", anna.ask("GET", "/console/accounts") == 403)
    site.command("account", "disable", "--config", site.config, "anna")
    context.check("a command ends her session at once", anna.api("/v1/me").get("status") == 401)
    site.command("account", "enable", "--config", site.config, "anna")
    anna.sign_in("anna", anna.recovery[1])
    return anna


def machines(context, site, gate):
    admin = site.command("token", "create", "--config", site.config, "deploy", "--role", "administrator").stdout.decode().strip()
    reader = site.command(
        "token", "create", "--config", site.config, "reader", "--role", "auditor", "--scope", "log.read").stdout.decode().strip()
    context.check("a token says who asks", bearer(gate, "GET", "/v1/me", admin)[1].get("id") == "token:deploy")
    context.check("beyond its roles: 403", bearer(gate, "GET", "/v1/accounts", reader)[0] == 403)
    context.check("beyond its scopes: 403", bearer(gate, "GET", "/v1/me", reader)[0] == 403)
    context.check("none: 401", bearer(gate, "GET", "/v1/me", None)[0] == 401)
    context.check("a forged one: 401", bearer(gate, "GET", "/v1/me", admin[:-2] + "AA")[0] == 401)
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    status, made = bearer(gate, "POST", "/v1/tokens", admin, {"id": "nightly", "roles": ["auditor"], "expires_at": expires})
    context.check("the API makes one, and shows it", status == 201 and made.get("secret", "").startswith("wbt_"), f"{status} {made.get('detail')}")
    status, problem = bearer(gate, "POST", "/v1/tokens", admin, {"id": "nightly", "roles": ["auditor"], "expires_at": expires})
    context.check("an id is taken once: 409 and where", status == 409 and problem.get("pointer") == "/id", f"{status} {problem}")
    context.check("revoked", bearer(gate, "DELETE", "/v1/tokens/nightly", admin)[0] == 204)
    context.check("it is refused", bearer(gate, "GET", "/v1/me", made.get("secret"))[0] == 401)


def forms(context, gate, root, anna):
    root.ask("GET", "/console/accounts/anna")
    stolen = {"name": "Anna", "roles": ["administrator"], "csrf": "0" * 64, "version": "1"}
    context.check("a form with another's token is refused", root.ask("POST", "/console/accounts/anna", stolen) == 403)
    root.ask("GET", "/console/accounts/anna")
    headers = {"Sec-Fetch-Site": "cross-site"}
    context.check("so is one from another site", root.ask("POST", "/console/accounts/anna", stolen, headers) == 403)
    root.ask("GET", "/console/accounts/anna")
    status = root.send("/console/accounts/anna", {"name": "Anna Berg", "roles": ["auditor", "approver"]})
    context.check("other roles are given", status == 303, f"{status}")
    context.check("and end the sessions with the old ones", anna.api("/v1/me").get("status") == 401)
    root.ask("GET", "/console/accounts/root")
    context.check("nobody is offered their own roles to change", 'action="/console/accounts/root"' not in root.page)
    root.ask("GET", "/console/account/password")
    wrong = root.send("/console/account/password", {"old": "x", "password": PASSWORD + "!", "again": PASSWORD + "!"})
    context.check("a password is changed with the old one only", wrong == 422, wrong)


def guessing(context, site, gate):
    # One that nobody has tried before: what is left of another's attempts would count.
    site.command("account", "create", "--config", site.config, "carol", "--name", "Carol", "--role", "auditor")
    # A wait of a second may be over before the next guess is.
    known, unknown = ([Person(gate.control).sign_in(name, "000000", "guess") for _ in range(9)] for name in ("carol", "nobody"))
    context.check(
        "who guesses waits, for names that exist and others alike",
        all(statuses[:5] == [401] * 5 and 429 in statuses[5:] for statuses in (known, unknown)), f"{known} {unknown}")


def certificates(context, site):
    home, other = site.home / "tls", site.home / "other-tls"
    home.mkdir()
    other.mkdir()
    key, authority = make_authority(home)
    make_leaf(home, "localhost", key, authority)
    site.command("token", "create", "--config", site.config, MACHINE, "--mtls", "--role", "auditor")
    settings = {"address": "127.0.0.1:0", "tls.certificate": home / "localhost.pem", "tls.key": home / "localhost.key", "tls.client_ca": authority}
    arguments = [word for name, value in settings.items() for word in ("--set", f"listen.control.{name}={value}")]
    with Gate(site, arguments=arguments) as gate:
        tls = ssl.create_default_context(cafile=str(authority))
        tls.check_hostname = False
        context.check("over TLS without a certificate: 401", bearer(gate, "GET", "/v1/me", None, tls=tls)[0] == 401)
        for name in ("X-SSL-Client-S-DN", "X-Forwarded-Client-Cert", "SSL-Client-Verify"):
            status = ask(gate, tls, {name: f'CN={MACHINE};DNS={MACHINE};Hash=0', "SSL_CLIENT_S_DN_CN": MACHINE})
            context.check(f"a header is no certificate: {name}", status == 401, status)
        for what, expected, shown in [
            ("a machine is who its certificate names", 200, leaf(home, MACHINE, key, authority)),
            ("a name that nobody entered: 401", 401, leaf(home, "other.acme.internal", key, authority)),
            ("the common name is not looked at: 401", 401, leaf(home, MACHINE, key, authority, names="DNS:web.acme.internal")),
            ("a wildcard is nobody: 401", 401, leaf(home, "wild", key, authority, names="DNS:*.acme.internal")),
            ("a certificate for servers ends the connection", None, leaf(home, MACHINE, key, authority, usage="serverAuth")),
            ("one of another authority ends the connection", None, leaf(other, MACHINE, *make_authority(other))),
            ("one that is over ends the connection", None, leaf(home, MACHINE, key, authority, days="-1")),
        ]:
            status = ask(gate, client(authority, shown))
            context.check(what, status == expected, status)
        context.check("a request that stops half way is not waited for, whatever TLS says", 5 < waited(gate, authority) < 20)
        machine = client(authority, leaf(home, MACHINE, key, authority))
        context.check("it may what its roles permit: 403 beyond", ask(gate, machine, path="/v1/accounts") == 403)
        connection = http.client.HTTPSConnection(*gate.control, timeout=30, context=machine)
        before = ask(gate, machine, connection=connection)
        site.command("token", "revoke", "--config", site.config, MACHINE)
        after = ask(gate, machine, connection=connection)
        context.check("revoked, it is refused on the connection it has", (before, after) == (200, 401), f"{before} {after}")
        connection.close()


def leaf(folder, name, key, authority, usage="clientAuth", names=None, days="30"):
    """A certificate of a client, with its key in one file."""
    base = folder / f"client-{len(list(folder.iterdir()))}"
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{base}.key",
            "-out", f"{base}.csr", "-subj", f"/CN={name}")
    base.with_suffix(".ext").write_text(
        f"subjectAltName={names or 'DNS:' + name}\nextendedKeyUsage={usage}\nkeyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:FALSE\n")
    openssl("x509", "-req", "-in", f"{base}.csr", "-CA", str(authority), "-CAkey", str(key), "-CAcreateserial", "-days", days,
            "-out", f"{base}.pem", "-extfile", f"{base}.ext")
    with open(f"{base}.pem", "a") as file:
        file.write(base.with_suffix(".key").read_text())
    return f"{base}.pem"


def client(authority, shown):
    tls = ssl.create_default_context(cafile=str(authority))
    tls.check_hostname = False
    tls.load_cert_chain(shown)
    return tls


def waited(gate, authority):
    """Seconds until the gate ends a connection whose last words of the handshake come with the beginning of a request, and nothing after."""
    tls = ssl.create_default_context(cafile=str(authority))
    tls.check_hostname = False
    heard, said = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = tls.wrap_bio(heard, said, server_hostname="localhost")
    with socket.create_connection(gate.control, timeout=30) as connection:
        began = time.monotonic()
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(said.read())
                heard.write(connection.recv(1 << 16))
        session.write(b"POST /console/sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                      b"Content-Length: 1000\r\n\r\nname=")
        connection.sendall(said.read())
        try:
            while connection.recv(1 << 16):
                pass
        except TimeoutError:
            return float("inf")
        except ConnectionError:
            pass
        return time.monotonic() - began


def ask(gate, tls, headers=None, path="/v1/me", connection=None):
    """The status; None: the connection ended without an answer."""
    own = connection or http.client.HTTPSConnection(*gate.control, timeout=30, context=tls)
    try:
        own.request("GET", path, headers=headers or {})
        got = own.getresponse()
        got.read()
        return got.status
    except (ssl.SSLError, ConnectionError, http.client.BadStatusLine):
        return None
    finally:
        if connection is None:
            own.close()


def proxies(context, site):
    """Everybody behind a proxy that the configuration names is counted alone; what others say of themselves is not believed."""
    def status(gate, path, address, token=None):
        connection = http.client.HTTPConnection(*gate.control, timeout=30)
        fields = {"X-Forwarded-For": address} if address else {}
        connection.request("GET", path, headers={**fields, **({"Authorization": f"Bearer {token}"} if token else {})})
        got = connection.getresponse()
        got.read()
        connection.close()
        return got.status

    for named in (False, True):
        arguments = ["--set", "listen.control=127.0.0.1:0"] + (["--set", "access.proxies=127.0.0.1"] if named else [])
        with Gate(site, arguments=arguments) as gate:
            context.check(f"metrics are for this machine, not for who comes by a proxy on it (named: {named})",
                          (status(gate, "/metrics", None), status(gate, "/metrics", "192.0.2.1")) == (403 if named else 200, 403))
            for _ in range(31):
                last = status(gate, "/v1/me", "192.0.2.1", "wbt_" + "x" * 43)
            other = status(gate, "/v1/me", "192.0.2.2", "wbt_" + "x" * 43)
            context.check(f"who guesses behind a proxy waits, and others there {'do not' if named else 'too'} (named: {named})",
                          (last, other) == (429, 401 if named else 429), f"{last} {other}")
