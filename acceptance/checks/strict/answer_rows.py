"""Rows about the vendor's answers: what cannot be passed on is a 502, what can is framed anew with the headers that may come back."""
import time
from dataclasses import dataclass, field

from people import CONTACTS
from rawcaller import NoAnswer, RawCaller
from rawvendor import CREATED, plain

from . import page
from .wire import PLAIN, escaped, read, request

OK = b"HTTP/1.1 200 OK\r\n"
DATA = b'{"id":"512"}'
TYPE = b"Content-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(DATA)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(DATA), DATA)
HEAD = read(method=b"HEAD")
# A second answer behind the first: whoever gets it has been given somebody else's.
STRAY = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nstray"


@dataclass
class Answer:
    """What the vendor says, and what the caller must get; after it the same caller sends the plain request and must get its own answer."""

    rule: str
    what: str
    raw: bytes
    status: int
    code: str = ""
    body: bytes = None
    breaks_off: bool = False
    # The vendor closes behind its answer.
    ends: bool = False
    says_so: bool = True
    # Whether the vendor's connection carries the next request (None: not looked at).
    reused: bool = None
    has: dict = field(default_factory=dict)
    lacks: tuple = ()
    asks: bytes = PLAIN
    # Said a moment after the answer, when nobody asked.
    later: bytes = b""


def whole(*lines, start=OK, body=DATA, framing=LENGTH):
    return start + TYPE + b"".join(line + b"\r\n" for line in lines) + framing + b"\r\n" + body


def bad(rule, code, rows, **more):
    return [Answer(rule, what, raw, 502, code, **{"reused": False, **more}) for what, raw in rows.items()]


def good(rule, rows, **more):
    return [Answer(rule, what, raw, more.get("status", 200), **{"body": DATA, **{k: v for k, v in more.items() if k != "status"}})
            for what, raw in rows.items()]


def rows():
    return [*partial_and_interim(), *framing(), *heads(), *bodies(), *strays(), *headers(), *addresses(), *statuses(), *bodiless()]


def partial_and_interim():
    yield from bad("a 206 is a 502", "vendor_answer_partial_content", {
        "with Content-Range": whole(b"Content-Range: bytes 0-11/90", start=b"HTTP/1.1 206 Partial Content\r\n"),
        "without": whole(start=b"HTTP/1.1 206 Partial Content\r\n"),
    })
    hundred = b"HTTP/1.1 100 Continue\r\n\r\n"
    yield from bad("at most ten 1xx", "vendor_answer_interim", {
        "eleven": hundred * 11 + whole(),
        "eleven of several kinds": (hundred + b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n") * 6 + whole(),
        "101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n" + whole(),
        "a thousand": hundred * 1000,
    })
    yield from good("1xx stay here", {
        "one": hundred + whole(), "ten": hundred * 10 + whole(), "103": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + whole()},
        reused=True, lacks=("link",))
    yield from bad("a 1xx has no body", "vendor_answer_malformed", {
        "with Content-Length": b"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nhello" + whole()})


def framing():
    yield from bad("an unknown transfer coding is a 502", "vendor_answer_transfer_coding", {
        what: whole(framing=b"Transfer-Encoding: " + coding + b"\r\n", body=CHUNKS) for what, coding in {
            "gzip": b"gzip", "gzip before": b"gzip, chunked", "gzip behind": b"chunked, gzip", "chunked twice": b"chunked, chunked",
            "an empty element": b",chunked", "identity": b"identity", "letters before": b"xchunked", "nothing": b"", "a parameter": b"chunked;q=1",
            "a vertical tab": b"\x0bchunked"}.items() if what != "a vertical tab"})
    yield from bad("Transfer-Encoding that contradicts", "vendor_answer_transfer_coding", {
        "in two lines": whole(framing=CHUNKED + CHUNKED, body=CHUNKS),
        "on HTTP/1.0": whole(start=b"HTTP/1.0 200 OK\r\n", framing=CHUNKED, body=CHUNKS),
        "Content-Length first": whole(framing=LENGTH + CHUNKED, body=CHUNKS),
        "Content-Length behind": whole(framing=CHUNKED + LENGTH, body=CHUNKS),
        "Content-Length 0": whole(framing=CHUNKED + b"Content-Length: 0\r\n", body=CHUNKS),
    })
    yield from bad("Content-Length that is no number, or two", "vendor_answer_malformed", {
        "two, the same": whole(framing=LENGTH * 2),
        "two, different": whole(framing=LENGTH + b"Content-Length: 5\r\n"),
        **{what: whole(framing=b"Content-Length: " + value + b"\r\n") for what, value in {
            "a list": b"12, 12", "a plus": b"+12", "a minus": b"-12", "hexadecimal": b"0xc", "empty": b"", "a blank inside": b"1 2",
            "20 digits": b"9" * 20, "full-width digits": "１２".encode()}.items()},
    })


def heads():
    yield from bad("the vendor's head has limits", "vendor_answer_head_too_large", {
        "a header of 70 KB": whole(b"X-A: " + b"a" * 70_000),
        "70 KB without an end": OK + b"X-A: " + b"a" * 70_000,
        "201 headers": whole(*[b"X-%d: 1" % n for n in range(201)]),
    })
    yield from bad("the vendor's lines end with CR LF", "vendor_answer_malformed", {
        "LF everywhere": whole().replace(b"\r\n", b"\n"),
        "LF behind the status line": whole().replace(b"OK\r\n", b"OK\n", 1),
        "LF behind a header": whole().replace(b"json\r\n", b"json\n", 1),
        "LF for the empty line": OK + TYPE + LENGTH + b"\n" + DATA,
        "CR in a value": whole(b"X-A: a\rb"),
        "CR before a hidden header": whole(b"X-A: a\rContent-Length: 0"),
        "CR CR LF": whole(b"X-A: a\r"),
    })
    yield from bad("the vendor's header lines", "vendor_answer_malformed", {
        "folded": whole(b"X-A: a\r\n b"),
        "a space before the colon": whole(b"X-A : b"),
        "an empty name": whole(b": b"),
        "no colon": whole(b"X-A"),
        "high bytes in a name": whole("X-é: b".encode()),
        "NUL in a value": whole(b"X-A: a\0b"),
        "a vertical tab before `chunked`": whole(framing=b"Transfer-Encoding: \x0bchunked\r\n", body=CHUNKS),
    })
    yield from bad("the vendor's status line", "vendor_answer_malformed", {
        what: whole(start=line + b"\r\n") for what, line in {
            "HTTP/2": b"HTTP/2 200 OK", "HTTP/1.2": b"HTTP/1.2 200 OK", "ICY": b"ICY 200 OK", "no version": b"200 OK", "two digits": b"HTTP/1.1 20 OK",
            "four digits": b"HTTP/1.1 2000 OK", "099": b"HTTP/1.1 099 OK", "600": b"HTTP/1.1 600 OK", "a sign": b"HTTP/1.1 +20 OK",
            "two blanks": b"HTTP/1.1  200 OK", "no blank behind": b"HTTP/1.1 200OK", "a tab": b"HTTP/1.1\t200 OK", "an empty line": b"",
            "NUL": b"HTTP/1.1 200 O\0K"}.items()})
    yield from good("status lines that will do", {
        "no reason": whole(start=b"HTTP/1.1 200 \r\n"), "no blank behind the status": whole(start=b"HTTP/1.1 200\r\n"),
        "an underscore in a name": whole(b"X_A: b"), "a reason in Latin-1": whole(start=b"HTTP/1.1 200 Tr\xe8s bien\r\n")},
        reused=True, lacks=("x_a",))


def bodies():
    chunked = OK + TYPE + CHUNKED + b"\r\n"
    yield from good("a broken body breaks the answer off", {
        "shorter than Content-Length": whole(body=DATA[:5]),
        "chunks without an end": chunked + CHUNKS[:-5],
        "a chunk cut short": chunked + CHUNKS[:8],
        "a size that is no number": chunked + b"5\r\nhello\r\nxyz\r\n",
        "0x": chunked + b"5\r\nhello\r\n0x5\r\nhello\r\n0\r\n\r\n",
        "more than 64 bits": chunked + b"5\r\nhello\r\n10000000000000005\r\nhello\r\n0\r\n\r\n",
        "LF behind a size": chunked + b"5\r\nhello\r\n5\nhello\r\n0\r\n\r\n",
        "nothing behind the data": chunked + b"5\r\nhello\r\n5\r\nhello0\r\n\r\n",
        "data longer than its size": chunked + b"5\r\nhello\r\n4\r\nhello\r\n0\r\n\r\n",
    }, breaks_off=True, body=None, ends=True, reused=False)
    yield from good("bodies are framed anew", {
        "Content-Length": whole(), "chunks": chunked + CHUNKS, "Chunked": OK + TYPE + b"Transfer-Encoding: Chunked\r\n\r\n" + CHUNKS,
        "a chunk a byte": chunked + b"".join(b"1\r\n%c\r\n" % byte for byte in DATA) + b"0\r\n\r\n",
        "an extension": chunked + CHUNKS.replace(b"\r\n", b";a=b\r\n", 1),
        "a trailer": chunked + CHUNKS[:-2] + b"Set-Cookie: a=b\r\n\r\n"}, reused=True, lacks=("set-cookie", "trailer"))
    yield from good("until the vendor closes", {
        "no length": OK + TYPE + b"\r\n" + DATA,
        "HTTP/1.0": b"HTTP/1.0 200 OK\r\n" + TYPE + b"\r\n" + DATA,
        "Connection: close": whole(b"Connection: close"),
    }, ends=True, reused=False)
    yield Answer("until somebody cuts the wire", "no length, no farewell of TLS", OK + TYPE + b"\r\n" + DATA, 200, breaks_off=True, ends=True,
                 says_so=False, reused=False)
    yield from good("HTTP/1.0 keeps no connection", {"keep-alive": whole(b"Connection: keep-alive", start=b"HTTP/1.0 200 OK\r\n")}, reused=False)


def strays():
    yield from good("bytes behind an answer are nobody's", {
        "a longer body": whole(body=DATA + b"more"),
        "a second answer": whole() + STRAY,
        "behind chunks": OK + TYPE + CHUNKED + b"\r\n" + CHUNKS + STRAY,
    }, reused=False)
    yield from good("bytes nobody asked for end the connection", {"an answer a moment later": whole()}, later=STRAY, reused=False)


def headers():
    back = {"content-type": "application/json", "content-encoding": "identity", "etag": '"7"', "last-modified": "Mon, 01 Jun 2026 00:00:00 GMT",
            "cache-control": "no-store", "date": "Mon, 01 Jun 2026 00:00:00 GMT", "retry-after": "3", "www-authenticate": "Bearer",
            "x-ratelimit-remaining": "9", "ratelimit-policy": "10;w=1", "x-hubspot-ratelimit-daily": "9", "x-request-id": "r-1", "request-id": "r-2"}
    lines = [f"{name}: {value}".encode() for name, value in back.items() if name != "content-type"]
    yield Answer("headers of the allow-list come back", ", ".join(back), whole(*lines), 200, body=DATA, has=back, reused=True)
    for line in (b"Set-Cookie: session=1", b"Set-Cookie2: a=b", b"Server: x", b"X-Powered-By: x", b"Via: 1.1 x", b"Keep-Alive: timeout=5",
                 b"Upgrade: h2c", b"Trailer: X-A", b"Access-Control-Allow-Origin: *", b"Strict-Transport-Security: max-age=1", b"Alt-Svc: h3=\":443\"",
                 b"Refresh: 0; url=https://evil.example", b"Content-Location: https://evil.example/", b"Proxy-Authenticate: Basic",
                 b"Content-Disposition: attachment", b"X-Person: anna"):
        name = line.split(b":")[0].decode()
        yield from good("every other header stays here", {name: whole(line)}, lacks=(name,), reused=True)
    for name in (b"Waybill-Transfer", b"Waybill-Decision", b"Waybill-Records", b"Waybill-Vendor-Status", b"Waybill-Anything"):
        yield from good("the vendor cannot speak for the gate", {name.decode(): whole(name + b": forged")}, lacks=("=forged",), reused=True)
    yield from good("what Connection names stays here", {"ETag": whole(b"Connection: ETag", b'ETag: "7"')}, lacks=("etag",), reused=True)


def addresses():
    here = CONTACTS.removesuffix("/crm/v3/objects/contacts")
    for value, wanted in {"https://api.hubapi.com/crm/x?y=1": f"{here}/crm/x?y=1", "https://api.hubapi.com:443/x": f"{here}/x", "/crm/x": f"{here}/crm/x",
                          "HTTPS://API.HUBAPI.COM/x": f"{here}/x", "//api.hubapi.com/x": f"{here}/x", "https://evil.example/x": "",
                          "http://api.hubapi.com/x": "", "https://api.hubapi.com.evil.example/x": "", "https://api.hubapi.com@evil.example/x": "",
                          "//evil.example/x": "", "/\\evil.example": "", "/../../evil": "", "/%2e%2e/x": "", "javascript:alert(1)": ""}.items():
        yield Answer("Location leads back through the gate, or goes", value, whole(b"Location: " + value.encode(), start=b"HTTP/1.1 302 Found\r\n"),
                     302, body=DATA, has={"location": wanted} if wanted else {}, lacks=() if wanted else ("location",), reused=True)
    link = b'<https://api.hubapi.com/a>; rel="next", <https://evil.example/b>; rel="prev"'
    yield Answer("Link likewise", "one of ours, one of others", whole(b"Link: " + link), 200, body=DATA, has={"link": f'<{here}/a>; rel="next"'}, reused=True)


def statuses():
    for status in (400, 401, 403, 404, 409, 422, 429, 500, 502, 503):
        yield Answer("the vendor's refusals are marked", str(status), whole(start=b"HTTP/1.1 %d x\r\n" % status), status, body=DATA,
                     has={"waybill-vendor-status": str(status)}, reused=True)
    yield from good("the vendor's consents are not", {"200": whole()}, lacks=("waybill-vendor-status",), reused=True)


def bodiless():
    yield from good("HEAD", {
        "Content-Length": whole(body=b""), "chunks": whole(framing=CHUNKED, body=b""), "no length": whole(framing=b"", body=b"")},
        asks=HEAD, body=b"", reused=True)
    yield from good("HEAD with a body all the same", {"Content-Length": whole(), "chunks": whole(framing=CHUNKED, body=CHUNKS)},
                    asks=HEAD, body=b"", reused=False)
    for status, name in ((204, b"No Content"), (304, b"Not Modified")):
        start = b"HTTP/1.1 %d %s\r\n" % (status, name)
        yield from good(f"{status} has no body", {
            "nothing": start + b"\r\n", "Content-Length 0": start + b"Content-Length: 0\r\n\r\n", "a Content-Length": start + LENGTH + b"\r\n",
            "chunked": start + CHUNKED + b"\r\n"}, status=status, body=b"", reused=True, lacks=("transfer-encoding",), asks=read())
        yield from good(f"{status} with a body all the same", {"Content-Length": start + LENGTH + b"\r\n" + DATA}, status=status, body=b"", reused=False,
                        asks=read())
    yield from good("a caller on HTTP/1.0 gets no chunks", {
        "chunks": OK + TYPE + CHUNKED + b"\r\n" + CHUNKS, "Content-Length": whole()}, asks=request(version=b"HTTP/1.0"), lacks=("transfer-encoding",))


def run(table, gate, vendor):
    for row in rows():
        answer_row(table, gate, vendor, row)
    vendor.script = plain
    silent(table, gate, vendor)


def play(row):
    def script(peer):
        peer.read_body()
        peer.send(row.raw)
        if row.later:
            time.sleep(0.1)
            peer.send(row.later)
        if row.ends:
            peer.close(row.says_so)
    return script


def answer_row(table, gate, vendor, row):
    vendor.script = play(row)
    with RawCaller(gate.address) as caller:
        caller.send(row.asks)
        came, held = look(table, caller, row)
        # The next request, from another caller as well as from this one, gets its own answer.
        if row.later:
            time.sleep(0.3)
        vendor.script = plain
        vendor.take()
        with RawCaller(gate.address) as other:
            for each in (other, caller) if not row.breaks_off and caller_lives(row) else (other,):
                held = next_is_served(table, each) and held
    seen = vendor.take()
    connection = "reused" if seen.connections == 0 else "not reused"
    came += f", {connection}" if row.reused is not None else ""
    held = held and row.reused in (None, seen.connections == 0)
    wanted = f"{row.status} {row.code}, reused: {row.reused}"
    table.row(page.ANSWERS, row.rule, row.what, [escaped(row.raw, 200)], wanted, came, None, held)


def next_is_served(table, caller):
    caller.send(PLAIN)
    try:
        answer = caller.answer()
    except NoAnswer:
        return False
    table.transfers.append(answer.value("waybill-transfer"))
    return answer.status == 201 and answer.body == CREATED


def caller_lives(row):
    return b"HTTP/1.0\r\n" not in row.asks


def look(table, caller, row):
    """What came to the caller, and whether it is what the row says."""
    method = row.asks.split(b" ")[0].decode()
    try:
        answer = caller.answer(method)
    except NoAnswer as problem:
        return ("broken off", caller.at_end) if row.breaks_off else (f"no answer: {problem}", False)
    table.transfers.append(answer.value("waybill-transfer"))
    text = f"{answer.status} {answer.code}".strip()
    faults = [name for name, value in row.has.items() if answer.values(name) != [value]]
    faults += [name for name in row.lacks if answer.values(name) or name == "=forged" and any(value == "forged" for _, value in answer.lines)]
    if row.body is not None and answer.body != row.body:
        faults.append(f"body {answer.body[:40]!r}")
    if faults:
        text += f" (not as it must be: {', '.join(faults)})"
    return text, answer.status == row.status and answer.code == row.code and not faults and not row.breaks_off and not answer.interim


def silent(table, gate, vendor):
    """A vendor that closes instead of answering."""
    for what, script in {
        "without a byte": lambda peer: (peer.read_body(), peer.close()),
        "inside its head": lambda peer: (peer.read_body(), peer.send(whole()[:25]), peer.close()),
        "before it has read": lambda peer: peer.close(),
    }.items():
        vendor.script = script
        with RawCaller(gate.address) as caller:
            caller.send(PLAIN)
            answer = caller.answer()
            table.transfers.append(answer.value("waybill-transfer"))
            table.row(page.ANSWERS, "a vendor that closes instead of answering", what, ["(closes)"], "502 vendor_no_answer",
                      f"{answer.status} {answer.code}", None, answer.status == 502 and answer.code == "vendor_no_answer")
    vendor.script = plain
