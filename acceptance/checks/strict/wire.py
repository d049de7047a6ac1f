"""The plain request that every row of the strictness table varies, and how a row is said and shown."""
import base64
import gzip
from dataclasses import dataclass

from people import CALLER, CALLER_TOKEN, CONTACTS, contact

PERSON = "anna.strict@example.com"
BODY = contact(PERSON)
# An endpoint whose request carries nobody's data: GET of a contact by HubSpot's own id.
READ = f"{CONTACTS}/512"
TOKEN = f"Waybill-Token: {CALLER_TOKEN}".encode()
PROXY_CREDENTIALS = b"Proxy-Authorization: Basic " + base64.b64encode(f"{CALLER}:{CALLER_TOKEN}".encode())
JSON = b"Content-Type: application/json"
HOST = b"Host: gate"
CHUNKED = b"Transfer-Encoding: chunked"
SHOWN_MAX = 96


def length(body):
    return b"Content-Length: %d" % len(body)


def chunks(*pieces, trailers=b"", last=b"0\r\n"):
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + last + trailers + b"\r\n"


def request(*more, body=BODY, method=b"POST", target=CONTACTS, version=b"HTTP/1.1", start=None, framing=..., without=(), host=HOST):
    """The plain request with these lines more; `framing` replaces Content-Length, `without` names lines to leave out."""
    target = target if isinstance(target, bytes) else target.encode()
    lines = [start or b"%s %s %s" % (method, target, version), host, TOKEN, JSON, length(body) if framing is ... else framing, *more]
    return b"\r\n".join(line for line in lines if line is not None and line not in without) + b"\r\n\r\n" + body


def read(*more, target=READ, method=b"GET", host=HOST, version=b"HTTP/1.1"):
    """A plain GET with these lines more."""
    target = target if isinstance(target, bytes) else target.encode()
    return b"\r\n".join([b"%s %s %s" % (method, target, version), host, TOKEN, *more]) + b"\r\n\r\n"


PLAIN = request()
PLAIN_READ = read()
# What follows a row in the same packet. After a refusal that closes it must never be served; after one that does not, it must.
SMUGGLED = PLAIN
PROBE = b"GET /nowhere HTTP/1.1\r\nHost: gate\r\n\r\n"


@dataclass
class Row:
    """One request that must be refused (`sent` is None), or pass as these bytes (`sent`)."""

    rule: str
    what: str
    raw: bytes
    status: int
    closes: bool = True
    sent: bytes = None
    code: str = ""
    method: str = "POST"


def refused(rule, status, rows, closes=True, code=""):
    return [Row(rule, what, raw, status, closes, code=code) for what, raw in rows.items()]


def passes(rule, rows, status=201, sent=...):
    """Requests that must reach the vendor: by default as the very bytes of the plain one."""
    return [Row(rule, what, raw, status, False, SAME if sent is ... else sent) for what, raw in rows.items()]


# Stands for "what the vendor gets of the plain request", which the run finds out first and compares with this.
SAME = b"(same)"
EXPECTED_PLAIN = b"POST /crm/v3/objects/contacts HTTP/1.1\r\nHost: api.hubapi.com\r\nContent-Type: application/json\r\n" \
    b"Accept-Encoding: identity\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
EXPECTED_READ = b"GET /crm/v3/objects/contacts/512 HTTP/1.1\r\nHost: api.hubapi.com\r\nAccept-Encoding: identity\r\n\r\n"


def with_lines(*lines):
    """The plain request as the vendor gets it, with these lines more, which stand in the order they came in."""
    head, _, rest = EXPECTED_PLAIN.partition(b"Accept-Encoding")
    return head + b"".join(line + b"\r\n" for line in lines) + b"Accept-Encoding" + rest


def squeeze(body):
    return gzip.compress(body, mtime=0)


def escaped(raw, most=SHOWN_MAX):
    """Bytes for a reader: everything that is not plain text is written out."""
    names = {13: "\\r", 10: "\\n", 9: "\\t", 0: "\\0", 92: "\\\\"}
    text = "".join(names.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in raw[:most + 1])
    return text if len(raw) <= most else f"{text[:most]}… ({len(raw):,} bytes)"


def difference(raw):
    """How a request differs from the plain one, line by line: what stands in it and not there, and what is left out."""
    plain = PLAIN_READ if raw[:3] in (b"GET", b"HEA") else PLAIN
    (plain_head, _, plain_body), (head, _, body) = plain.partition(b"\r\n\r\n"), raw.partition(b"\r\n\r\n")
    mine, theirs = head.split(b"\r\n"), plain_head.split(b"\r\n")
    left = list(theirs)
    new = [line for line in mine if line not in left or left.remove(line)]
    if any(line.lower().startswith((b"transfer-encoding", b"content-length")) for line in new):
        # Which of two framings stands first is the point of some rows: then both are shown.
        new = [line for line in mine if line in new or line.startswith(b"Content-Length")]
    # Lines that stand together are shown together, so that a folded one is seen as such.
    parts, last = [], -2
    for index, line in enumerate(mine):
        if line not in new:
            continue
        text = escaped(line).replace(CALLER_TOKEN, "…")
        if index == last + 1:
            parts[-1] += "\\r\\n" + text
        else:
            parts.append(text)
        last = index
    parts += [f"(no {escaped(line.split(b':')[0])})" for line in left if is_missing(line, mine)]
    if body == chunks(BODY):
        parts.append("(the body in one chunk)")
    elif body != plain_body and body:
        parts.append("body " + escaped(body, 56))
    elif not body and plain_body:
        parts.append("(no body)")
    return parts or ["(as it is)"]


def is_missing(line, lines):
    """No header of that name is left; a new request line is no missing header."""
    name = line.split(b":")[0].lower()
    return b": " in line and not any(name in other.lower() for other in lines)
