"""Rows about the forward proxy: CONNECT, targets in absolute form, and what may differ between CONNECT, TLS and Host: nothing."""
import base64
import ssl
from dataclasses import dataclass

from people import CALLER, CALLER_TOKEN
from rawcaller import NoAnswer, RawCaller

from . import page
from .wire import BODY, EXPECTED_PLAIN, JSON, PROXY_CREDENTIALS, TOKEN, chunks, escaped, length

HOST = "api.hubapi.com"
AUTHORITY = f"{HOST}:443".encode()
PATH = b"/crm/v3/objects/contacts"
WRONG = b"Proxy-Authorization: Basic " + base64.b64encode(f"{CALLER}:wrong".encode())
INNER = b"\r\n".join([b"POST " + PATH + b" HTTP/1.1", b"Host: " + HOST.encode(), JSON, length(BODY)]) + b"\r\n\r\n" + BODY


def connect(*more, target=AUTHORITY, host=..., credentials=PROXY_CREDENTIALS, version=b"HTTP/1.1", tail=b""):
    host = b"Host: " + target if host is ... else host
    return b"\r\n".join(line for line in (b"CONNECT " + target + b" " + version, host, credentials, *more) if line) + b"\r\n\r\n" + tail


def absolute(url, *more, host=HOST.encode(), credentials=PROXY_CREDENTIALS):
    return b"\r\n".join(line for line in (b"POST " + url + b" HTTP/1.1", b"Host: " + host, credentials, JSON, length(BODY), *more) if line) \
        + b"\r\n\r\n" + BODY


@dataclass
class Row:
    """Bytes to the proxy, and the refusal that must come."""

    rule: str
    what: str
    raw: bytes
    status: int
    closes: bool


def rows():
    table = {
        ("CONNECT to anything but a vendor's destination", 403, True): {
            "another host": connect(target=b"example.com:443"), "another port": connect(target=b"api.hubapi.com:8443"),
            "plain HTTP's port": connect(target=b"api.hubapi.com:80"), "a longer name": connect(target=b"api.hubapi.com.evil.example:443"),
            "a name below it": connect(target=b"x.api.hubapi.com:443"), "an address": connect(target=b"127.0.0.1:443"),
            "IPv6's loopback": connect(target=b"[::1]:443"), "the metadata service": connect(target=b"169.254.169.254:80"),
            "a dot at the end": connect(target=b"api.hubapi.com.:443"), "the gate itself": connect(target=b"localhost:8080")},
        ("CONNECT without credentials, or with wrong ones", 407, False): {
            "none": connect(credentials=None), "a wrong token": connect(credentials=WRONG),
            "no Basic": connect(credentials=b"Proxy-Authorization: Bearer " + CALLER_TOKEN.encode()),
            "broken base64": connect(credentials=b"Proxy-Authorization: Basic !!!"),
            "the vendor's own": connect(credentials=b"Authorization: Bearer " + CALLER_TOKEN.encode()),
            "a right and a wrong one": connect(b"Waybill-Token: wrong"),
            "twice": connect(PROXY_CREDENTIALS)},
        ("CONNECT that can be read two ways", 400, True): {
            "no port": connect(target=HOST.encode()), "no host": connect(target=b":443"), "a path": connect(target=AUTHORITY + b"/"),
            "a scheme": connect(target=b"https://" + AUTHORITY), "a user": connect(target=b"x@" + AUTHORITY),
            "a port of letters": connect(target=b"api.hubapi.com:https"), "a port too large": connect(target=b"api.hubapi.com:65979"),
            "port 0443": connect(target=b"api.hubapi.com:0443"),
            "two targets": connect(target=AUTHORITY + b",example.com:443"),
            "another Host": connect(host=b"Host: example.com:443"), "no Host": connect(host=None), "two Hosts": connect(b"Host: " + AUTHORITY),
            "Content-Length": connect(length(BODY), tail=BODY), "chunked": connect(b"Transfer-Encoding: chunked", tail=chunks(BODY)),
            "an underscore": connect(b"X_A: b"), "a bare LF": connect().replace(b"\r\n", b"\n", 1)},
        ("absolute form to what is no destination", 403, False): {
            "plain HTTP to a vendor that is HTTPS only": absolute(b"http://" + HOST.encode() + PATH),
            "another host": absolute(b"http://example.com/", host=b"example.com"),
            "the metadata service": absolute(b"http://169.254.169.254/latest/meta-data/", host=b"169.254.169.254")},
        ("absolute form without credentials", 407, False): {"none": absolute(b"https://" + HOST.encode() + PATH, credentials=None)},
        ("absolute form unlike Host", 400, True): {"another Host": absolute(b"https://" + HOST.encode() + PATH, host=b"example.com")},
        ("the base URL's form at the proxy", 404, False): {
            "/to/": absolute(b"/to/hubspot" + PATH), "a vendor's path": absolute(PATH)},
    }
    for (rule, status, closes), cases in table.items():
        for what, raw in cases.items():
            yield Row(rule, what, raw, status, closes)


def run(table, gate, vendor, authority):
    vendor.take()
    for row in rows():
        proxy_row(table, gate, vendor, row)
    tunnels(table, gate, vendor, authority)


def proxy_row(table, gate, vendor, row):
    """One request at the proxy, which must be refused; a refused tunnel ends the connection, but for a challenge."""
    came, held = "nothing", False
    with RawCaller(gate.proxy) as caller:
        try:
            caller.send(row.raw)
            answer = caller.answer()
            came = f"{answer.status} {answer.code}".strip()
            challenged = bool(answer.value("proxy-authenticate"))
            ended = caller.is_closed(2 if row.closes else 0.05)
            came += ", closed" if ended else ", kept"
            held = answer.status == row.status and ended == row.closes and answer.code != "" and challenged == (row.status == 407)
        except NoAnswer as problem:
            came = f"{came} ({problem})"
    seen = vendor.take()
    held = held and not seen.data and not seen.connections
    table.row(page.PROXY, row.rule, row.what, [masked(row.raw, 240)], f"{row.status}, {'closed' if row.closes else 'kept'}, 0 bytes", came, len(seen.data), held)


def masked(raw, most):
    return escaped(raw, most).replace(PROXY_CREDENTIALS.decode().split()[-1], "…").replace(CALLER_TOKEN, "…")


def tunnel(gate, authority, name=HOST, version=None, early=b""):
    """A tunnel in which TLS stands; `early`: sent with CONNECT, before the proxy has answered."""
    caller = RawCaller(gate.proxy)
    caller.send(connect() + early)
    answer = caller.answer_to_connect()
    if answer != 200:
        raise NoAnswer(f"CONNECT: {answer}")
    context = ssl.create_default_context(cafile=authority)
    context.check_hostname = name == HOST
    if name != HOST:
        context.verify_mode = ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = version
        context.set_ciphers("ALL:@SECLEVEL=0")
    caller.sock = context.wrap_socket(caller.sock, server_hostname=name)
    return caller


def tunnels(table, gate, vendor, authority):
    """Inside tunnels: what TLS and Host say must be what CONNECT said."""
    def host(value):
        return INNER.replace(b"Host: " + HOST.encode(), b"Host: " + value)

    for rule, what, raw, status, sent in (
            ("inside a tunnel, the same rules", "a plain request", INNER, 201, EXPECTED_PLAIN),
            ("inside a tunnel, the same rules", "two framings", INNER.replace(JSON, JSON + b"\r\nTransfer-Encoding: chunked"), 400, b""),
            ("inside a tunnel, the same rules", "an underscore", INNER.replace(JSON, JSON + b"\r\nX_A: b"), 400, b""),
            ("inside a tunnel, the same rules", "dot segments", INNER.replace(PATH, b"/crm/../crm/v3/objects/contacts"), 400, b""),
            ("inside a tunnel, the same rules", "a wrong Waybill-Token too", INNER.replace(JSON, JSON + b"\r\nWaybill-Token: wrong"), 401, b""),
            ("inside a tunnel, the same rules", "the right one too", INNER.replace(JSON, JSON + b"\r\n" + TOKEN), 201, EXPECTED_PLAIN),
            ("Host is the tunnel's", "another vendor", host(b"api.stripe.com"), 421, b""),
            ("Host is the tunnel's", "a name below it", host(b"x.api.hubapi.com"), 421, b""),
            ("Host is the tunnel's", "another port", host(b"api.hubapi.com:8443"), 421, b""),
            ("Host is the tunnel's", "with its port", host(AUTHORITY), 201, EXPECTED_PLAIN),
            ("Host is the tunnel's", "in capitals", host(HOST.upper().encode()), 201, EXPECTED_PLAIN),
            ("Host is the tunnel's", "absolute form to another", host(b"api.stripe.com").replace(PATH, b"https://api.stripe.com/v1/customers"), 421, b""),
            ("a tunnel in a tunnel", "CONNECT", connect(), 405, b"")):
        came, held = "nothing", False
        try:
            with tunnel(gate, authority) as caller:
                caller.send(raw)
                answer = caller.answer()
                came, held = f"{answer.status} {answer.code}".strip(), answer.status == status
                if sent:
                    table.transfers.append(answer.value("waybill-transfer"))
        except (NoAnswer, OSError) as problem:
            came = f"{came} ({type(problem).__name__})"
        seen = vendor.take()
        held = held and bytes(seen.data) == sent and (sent or not seen.connections)
        table.row(page.PROXY, rule, what, [masked(raw, 160)], f"{status}, {len(sent)} bytes", came, len(seen.data), bool(held))
    for what, options in (("another name", {"name": "api.stripe.com"}), ("a name below it", {"name": "x.api.hubapi.com"}),
                          ("TLS 1.1", {"version": ssl.TLSVersion.TLSv1_1}), ("no TLS", {"early": INNER})):
        try:
            with tunnel(gate, authority, **options) as caller:
                caller.send(INNER)
                answer = caller.answer()
                came, held = f"{answer.status} {answer.code}", answer.status == 421
        except (NoAnswer, OSError):
            came, held = "no TLS", True
        seen = vendor.take()
        table.row(page.PROXY, "TLS speaks the tunnel's name, TLS 1.2 or later, and nothing else comes", what, [f"({what})"], "no TLS or 421, 0 bytes", came,
                  len(seen.data), held and not seen.data and not seen.connections)
