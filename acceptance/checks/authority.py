"""The interception CA: what it and its leaves are, what cannot be done with it, and how one CA follows another while the gate runs."""
import base64
import http.client
import re
import socket
import ssl
import subprocess

from gate import Gate
from people import CALLER, CONTACTS, VENDOR_HOSTS, consent, contact, facts, resolve_all
from vendor import Vendors

NEEDS_SHARED = False
HOST, OTHER = "api.hubapi.com", "www.example.org"
ANNA = "anna.authority@example.com"
PATH = CONTACTS.removeprefix("/to/hubspot")
SECONDS_MAX = 10


def run(context):
    with Vendors(context.home / "authority-vendors", VENDOR_HOSTS) as vendors:
        place = context.installation("authority", resolve=resolve_all(vendors.port), trust=[vendors.authority])
        with Gate(place, context.token) as gate:
            place.import_lines("subject", [facts(ANNA)])
            place.import_lines("consent", [consent(ANNA, "hubspot")])
            root = place.authority()
            certificate(context, root)
            leaf(context, gate, root)
            traffic(context, gate, vendors, root)
            misuse(context, place, root)
            rotation(context, place, gate, vendors, root)
            context.check("SIGTERM stops it with exit code 0", gate.stop() == 0)
        journal = place.journal_bytes()
        context.check("no key and no token stands in the gate's log", b"PRIVATE KEY" not in journal and context.token.encode() not in journal)


def openssl(*arguments, stdin=None):
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, input=stdin, timeout=60)


def text_of(*arguments, stdin=None):
    return re.sub(r"\s+", " ", openssl("x509", "-noout", "-text", *arguments, stdin=stdin).stdout.decode())


def certificate(context, root):
    text = text_of("-in", root)
    names = sorted(VENDOR_HOSTS)
    for what, part in [
        ("the CA signs nothing but leaves", "X509v3 Basic Constraints: critical CA:TRUE, pathlen:0"),
        ("the CA is for server certificates", "X509v3 Extended Key Usage: TLS Web Server Authentication"),
        ("the CA may sign and nothing else", "X509v3 Key Usage: critical Certificate Sign, CRL Sign"),
        ("its name constraints are critical", "X509v3 Name Constraints: critical Permitted: DNS:"),
        ("no address is permitted", "Excluded: IP:0.0.0.0/0.0.0.0 IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0"),
        ("its key is P-256", "ASN1 OID: prime256v1"),
    ]:
        context.check(what, part in text, part)
    permitted = re.findall(r"DNS:(\S+)", text.partition("Permitted:")[2].partition("Excluded:")[0])
    context.check("it is permitted the vendors' hosts and no other", permitted == names, ", ".join(permitted))
    context.check("openssl verify, strictly", openssl("verify", "-x509_strict", "-CAfile", root, root).returncode == 0)


def tunnel(gate, host, root, token=None, version=None):
    """A TLS connection to `host` through the forward proxy, by a client that trusts only `root`; raises what the client raises."""
    connection = socket.create_connection(gate.proxy, SECONDS_MAX)
    credentials = base64.b64encode(f"{CALLER}:{token or gate.token}".encode()).decode()
    connection.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\nProxy-Authorization: Basic {credentials}\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(1)
    status = int(answer.split()[1])
    if status != 200:
        connection.close()
        return status, None
    client = ssl.create_default_context(cafile=str(root))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    if version:
        client.minimum_version = client.maximum_version = version
    try:
        return status, client.wrap_socket(connection, server_hostname=host)
    except ssl.SSLError:
        connection.close()
        raise


def leaf(context, gate, root):
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        _, connection = tunnel(gate, HOST, root, version=version)
        context.check(f"Python accepts the leaf for its name, {version.name}", connection is not None)
        pem = ssl.DER_cert_to_PEM_cert(connection.getpeercert(binary_form=True)).encode()
        connection.close()
    text = text_of(stdin=pem)
    for what, part in [
        ("the leaf is for one name", f"X509v3 Subject Alternative Name: DNS:{HOST} "),
        ("the leaf authenticates servers", "X509v3 Extended Key Usage: TLS Web Server Authentication"),
        ("the leaf signs handshakes and nothing else", "X509v3 Key Usage: critical Digital Signature X509v3"),
        ("the leaf is no CA", "X509v3 Basic Constraints: critical CA:FALSE"),
        ("the leaf names its CA", "X509v3 Authority Key Identifier:"),
    ]:
        context.check(what, part in text + " ", part)
    dates = openssl("x509", "-noout", "-startdate", "-enddate", stdin=pem).stdout.decode()
    begin, end = (ssl.cert_time_to_seconds(line.partition("=")[2]) for line in dates.strip().splitlines())
    context.check("the leaf lives 24 hours at most", 0 < end - begin <= 86_400, f"{(end - begin) / 3600:.1f} h")
    verified = openssl("verify", "-x509_strict", "-CAfile", root, "-verify_hostname", HOST, stdin=pem)
    context.check("openssl verify accepts the leaf for its name", verified.returncode == 0, verified.stderr.decode()[-120:])
    verified = openssl("verify", "-CAfile", root, "-verify_hostname", "api.example.com", stdin=pem)
    context.check("openssl verify refuses it for another", verified.returncode != 0)
    status, connection = tunnel(gate, OTHER, root)
    context.check("CONNECT to a name that is no destination is refused", status == 403 and connection is None, str(status))


def post(connection):
    """A contact with one field that was not agreed, over the tunnel as it stands."""
    client = http.client.HTTPSConnection(HOST, timeout=SECONDS_MAX)
    client.sock = connection
    client.request("POST", PATH, contact(ANNA, firstname="Anna", ssn="536-90-4399"), {"Content-Type": "application/json"})
    answer = client.getresponse()
    answer.read()
    client.close()
    return answer


def traffic(context, gate, vendors, root):
    vendors.take()
    answer = post(tunnel(gate, HOST, root)[1])
    got = vendors.take()
    context.check("a contact goes through the tunnel, reduced", answer.status == 201 and len(got) == 1 and b"536-90-4399" not in got[0].everything()
                  and ANNA.encode() in got[0].body, f"{answer.status} {answer.headers.get('Waybill-Decision')}")


def misuse(context, place, root):
    """A thief with `ca.key` in hand makes certificates for names that are not the vendors'."""
    folder = place.home / "thief"
    folder.mkdir()
    key = place.home / "var" / "keys" / "ca.key"
    context.check("the CA's key is its owner's alone", key.stat().st_mode & 0o777 == 0o600, oct(key.stat().st_mode & 0o777))
    for name, kind, valid in [(HOST, "DNS", True), (OTHER, "DNS", False), ("hubapi.com", "DNS", False), ("evilapi.hubapi.com", "DNS", False),
                              ("127.0.0.1", "IP", False)]:
        pem, private = forge(folder, key, root, name, kind)
        if not valid:
            verified = openssl("verify", "-CAfile", root, pem)
            context.check(f"openssl refuses what the stolen key signs for {name}",
                          verified.returncode != 0 and b"subtree violation" in verified.stderr, verified.stderr.decode().split("\n")[0][-80:])
        try:
            handshake(pem, private, root, name)
            why = "accepted"
        except ssl.SSLCertVerificationError as refused:
            why = refused.verify_message
        context.check(f"Python {'accepts' if valid else 'refuses'} it" + (f" for {name}: the thief's tools work" if valid else ""),
                      (why == "accepted") == valid and (valid or "subtree violation" in why), why)
    # Nor can it make a CA that would be free of the constraints.
    pem, private = forge(folder, key, root, "sub", "CA")
    below, _ = forge(folder, private, pem, OTHER, "DNS")
    verified = openssl("verify", "-CAfile", root, "-untrusted", pem, below)
    context.check("openssl refuses a CA below it", verified.returncode != 0, verified.stderr.decode().split("\n")[0][-80:])


def forge(folder, key, authority, name, kind):
    base = folder / re.sub(r"\W", "-", f"{kind}-{name}")
    extensions = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n" if kind == "CA" else f"subjectAltName={kind}:{name}\n"
    base.with_suffix(".ext").write_text(extensions + "extendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/O=Thief/CN={base.name}",
            "-keyout", f"{base}.key", "-out", f"{base}.csr").check_returncode()
    openssl("x509", "-req", "-in", f"{base}.csr", "-CA", authority, "-CAkey", key, "-set_serial", "7", "-days", "1", "-extfile", f"{base}.ext",
            "-out", f"{base}.pem").check_returncode()
    return f"{base}.pem", f"{base}.key"


def handshake(pem, private, root, name):
    """In memory, between a server with that certificate and a client that trusts the CA; raises what the client raises."""
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(pem, private)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = server_side.wrap_bio(to_server, to_client, server_side=True)
    client = ssl.create_default_context(cafile=str(root)).wrap_bio(to_client, to_server, server_hostname=name)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                pass


def rotation(context, place, gate, vendors, old):
    def ca(*arguments, ok=(0,)):
        return place.command("ca", *arguments, "--config", place.config, ok=ok).stdout.decode()

    def served(root):
        try:
            connection = tunnel(gate, HOST, root)[1]
        except ssl.SSLCertVerificationError:
            return False
        return post(connection).status == 201

    old_pem = old.read_bytes()
    old_only = place.home / "old.pem"
    old_only.write_bytes(old_pem)
    old_key = (place.home / "var" / "keys" / "ca.key").read_bytes()
    standing = tunnel(gate, HOST, old_only)[1]
    ca("rotate")
    both = place.home / "both.pem"
    both.write_bytes(ca("show").encode())
    new_only = place.home / "new.pem"
    new_only.write_bytes(both.read_bytes().removeprefix(old_pem))
    context.check("while one CA follows another, `ca show` prints both, the signing one first",
                  both.read_bytes().startswith(old_pem) and both.read_bytes().count(b"BEGIN CERTIFICATE") == 2)
    context.check("the old one still signs", served(old_only) and served(both) and not served(new_only))
    context.check("a second rotation is refused meanwhile", place.command("ca", "rotate", "--config", place.config, ok=None).returncode == 1)
    ca("rotate", "--complete")
    context.check("after completion the new one signs, without a restart", served(new_only) and served(both))
    context.check("a caller that trusts only the old one is no longer served", not served(old_only))
    context.check("a tunnel that stood goes on", post(standing).status == 201)
    context.check("`ca show` prints the new one alone", ca("show").encode() == new_only.read_bytes())
    keys = place.home / "var" / "keys"
    context.check("the old key is gone, its certificate kept",
                  not any(path.read_bytes() == old_key for path in keys.iterdir()) and any(path.read_bytes() == old_pem for path in keys.iterdir()))
    context.check("the new one is constrained like the old one", text_of("-in", new_only).count("DNS:") == len(VENDOR_HOSTS))
    vendors.take()
