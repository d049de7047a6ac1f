"""Ordinary clients through the forward proxy: curl, Python, Node, Java. The programs are those of docs/clients.md."""
import os
import shutil
import subprocess

from gate import Gate
from people import CALLER, VENDOR_HOSTS, consent, facts, resolve_all
from sdkvenv import python_with
from vendor import Vendors, make_authority, make_leaf

NEEDS_SHARED = False
ANNA, BRUNO = "anna.client@example.com", "bruno.client@example.com"
SECRET = b"536-90-4399"
CLIENT_SECONDS_MAX = 90
# (what, the tool it needs, the program)
CLIENTS = [
    ("curl", "curl", ["bash", "curl.sh"]),
    ("Python's requests", None, ["{python}", "with_requests.py"]),
    ("Python's urllib", None, ["{python}", "with_urllib.py"]),
    ("Python's http.client", None, ["{python}", "with_http_client.py"]),
    ("Node's https with an agent", "node", ["node", "client.mjs"]),
    ("Java's HttpClient", "java", ["java", "Client.java"]),
]
URL = "https://api.hubapi.com/crm/v3/objects/contacts"


def run(context):
    programs = context.root / "acceptance" / "clients"
    python = python_with(context.root / "acceptance" / "sdks.txt")
    with Vendors(context.home / "clients-ca", VENDOR_HOSTS) as vendors:
        place = context.installation("clients", resolve=resolve_all(vendors.port), trust=[vendors.authority])
        with Gate(place, context.token) as gate:
            place.import_lines("subject", [facts(ANNA), facts(BRUNO)])
            place.import_lines("consent", [consent(ANNA, "hubspot")])
            world = World(context, gate, place, vendors, programs)
            for what, tool, program in CLIENTS:
                if tool and not shutil.which(tool):
                    context.skip(what, f"no {tool} on this machine")
                    continue
                client(context, world, what, [str(python) if word == "{python}" else word for word in program])
            if shutil.which("curl"):
                curl_variants(context, world)
            context.check("the gate is still alive", gate.alive)
        if shutil.which("curl"):
            by_certificate(context, vendors)
        report = place.verify()
        context.check("the log verifies", report["exit"] == 0, f"{report.get('entries')} entries")
    documented(context, programs)


class World:
    """What a client needs to find the gate, and what the vendor got from it."""

    def __init__(self, context, gate, place, vendors, programs):
        self.context, self.vendors, self.programs = context, vendors, programs
        self.host, self.port = gate.proxy
        self.authority = place.authority()
        names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "WAYBILL_CA")
        clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        self.environment = clean | {name: str(self.authority) for name in names} | {"HTTPS_PROXY": self.proxy(context.token)}

    def proxy(self, token, scheme="http"):
        return f"{scheme}://{CALLER}:{token}@{self.host}:{self.port}"

    def call(self, line, **environment):
        """(exit code, what it said, what the vendors received)"""
        done = subprocess.run([str(word) for word in line], cwd=self.programs, env=self.environment | environment, capture_output=True,
                              text=True, timeout=CLIENT_SECONDS_MAX)
        return done.returncode, done.stdout + done.stderr, self.vendors.take()


def client(context, world, what, line):
    """A person who agreed arrives without what was not agreed; one who did not does not; a stranger is told that he is one."""
    _, words, got = world.call([*line, ANNA])
    arrived = len(got) == 1 and ANNA.encode() in got[0].body and SECRET not in got[0].everything()
    context.check(f"{what}: a contact arrives, reduced", "201" in words and "allow_redacted" in words and arrived, last_line(words))
    _, words, got = world.call([*line, BRUNO])
    context.check(f"{what}: a refusal comes in words", "403" in words and "consent_missing" in words and not got, last_line(words)[:80])
    _, words, got = world.call([*line, ANNA], HTTPS_PROXY=world.proxy("wrong"))
    context.check(f"{what}: a wrong token", "allow_redacted" not in words and not got, last_line(words)[:80])


def last_line(words):
    return next((line.strip() for line in reversed(words.splitlines()) if line.strip()), "nothing")


def curl_variants(context, world):
    """(what, arguments, exit codes, words that must come, requests at the vendor)"""
    body = '{"properties": {"email": "%s", "ssn": "536-90-4399"}}' % ANNA
    post = ["--header", "Content-Type: application/json", "--data", body, "--dump-header", "-", "--silent", "--show-error"]
    plain, user = f"http://{world.host}:{world.port}", ["--proxy-user", f"{CALLER}:{world.context.token}"]
    trust = ["--cacert", world.authority]
    table = [
        ("credentials apart from the address", ["--proxy", plain, *user, *trust, URL], {0}, "201", 1),
        ("first without credentials, then challenged", ["--proxy", plain, *user, "--proxy-anyauth", *trust, URL], {0}, "407", 1),
        ("the token as a header for the proxy",
         ["--proxy", plain, "--proxy-header", f"Waybill-Token: {world.context.token}", *trust, URL], {0}, "201", 1),
        ("HTTP/1.1 asked for", ["--proxy", plain, *user, "--http1.1", *trust, URL], {0}, "HTTP/1.1 201", 1),
        ("HTTP/1.0 to the proxy", ["--proxy", plain, *user, "--proxy1.0", world.proxy(world.context.token).removeprefix("http://"), *trust, URL],
         {0}, "201", 1),
        ("two requests through one tunnel", ["--proxy", plain, *user, *trust, URL, URL], {0}, "201", 2),
        ("no credentials", ["--proxy", plain, *trust, URL], {56}, "407", 0),
        ("without the gate's CA", ["--proxy", plain, *user, "--cacert", world.vendors.authority, URL], {60}, "certificate", 0),
        ("a host that is no vendor's", ["--proxy", plain, *user, *trust, "https://example.com/"], {56}, "403", 0),
        ("another port of a vendor", ["--proxy", plain, *user, *trust, "https://api.hubapi.com:8443/crm/v3/objects/contacts"], {56}, "403", 0),
        ("Host unlike the tunnel", ["--proxy", plain, *user, *trust, "--header", "Host: api.stripe.com", URL], {0}, "421", 0),
        ("plain HTTP to a vendor that is HTTPS only", ["--proxy", plain, *user, URL.replace("https", "http")], {0}, "403", 0),
    ]
    features = subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout
    if "HTTP2" in features:
        table.append(("HTTP/2 in the tunnel", ["--proxy", plain, *user, "--http2", *trust, URL], {0}, "HTTP/2 201", 1))
        table.append(("six requests at once over HTTP/2", ["--proxy", plain, *user, "--http2", "--parallel", *trust, *[URL] * 6], {0}, "HTTP/2 201", 6))
    for what, arguments, codes, word, count in table:
        # Nothing of the environment helps here: what is said on the command line is all.
        code, words, got = world.call(["curl", *post, *arguments], HTTPS_PROXY="", SSL_CERT_FILE="")
        leaked = any(SECRET in each.everything() for each in got)
        context.check(f"curl: {what}", code in codes and word in words and len(got) == count and not leaked,
                      f"exit {code}, {len(got)} of {count} requests" + ("" if word in words else f", no `{word}`"))


def by_certificate(context, vendors):
    """A proxy that itself speaks TLS, and callers known by their certificate."""
    folder = context.home / "clients-tls"
    folder.mkdir()
    key, authority = make_authority(folder)
    make_leaf(folder, "localhost", key, authority)
    for name in ("crm.acme.internal", "other.acme.internal"):
        make_leaf(folder, name, key, authority, usage="clientAuth")
    for path in folder.glob("*.key"):
        path.chmod(0o600)

    def known_by_certificate(policies):
        path = policies / "callers" / "crm-sync.yaml"
        path.write_text(path.read_text().replace("credentials:\n", "credentials:\n  - {mtls_san: crm.acme.internal}\n"))

    place = context.installation("clients-mtls", resolve=resolve_all(vendors.port), trust=[vendors.authority], edit=known_by_certificate)
    files = f'certificate: "{folder}/localhost.pem", key: "{folder}/localhost.key", client_ca: "{authority}"'
    place.config.write_text(place.config.read_text().replace('proxy: "127.0.0.1:0"', f'proxy: {{address: "127.0.0.1:0", tls: {{{files}}}}}'))
    with Gate(place, context.token) as gate:
        place.import_lines("subject", [facts(ANNA)])
        place.import_lines("consent", [consent(ANNA, "hubspot")])
        world = World(context, gate, place, vendors, folder)
        post = ["curl", "--silent", "--show-error", "--dump-header", "-", "--header", "Content-Type: application/json", "--cacert", world.authority,
                "--data", '{"properties": {"email": "%s"}}' % ANNA, "--proxy", f"https://localhost:{world.port}", "--proxy-cacert", authority, URL]
        for what, name, code, word, count in (
                ("the caller's certificate", "crm.acme.internal", 0, "201", 1), ("a certificate of nobody's", "other.acme.internal", 56, "407", 0),
                ("no certificate", None, 56, "407", 0)):
            shown = ["--proxy-cert", folder / f"{name}.pem", "--proxy-key", folder / f"{name}.key"] if name else []
            got_code, words, got = world.call([*post, *shown], HTTPS_PROXY="", SSL_CERT_FILE="")
            context.check(f"curl to an HTTPS proxy: {what}", got_code == code and word in words and len(got) == count,
                          f"exit {got_code}, {len(got)} of {count} requests" + ("" if word in words else f", no `{word}`: {last_line(words)[:80]}"))


def documented(context, programs):
    """docs/clients.md shows each program as it was run."""
    page = (context.root / "docs" / "clients.md").read_text()
    missing = [path.name for path in sorted(programs.iterdir()) if path.is_file() and path.read_text().strip() not in page]
    context.check("docs/clients.md shows the programs that were run", not missing, ", ".join(missing))
