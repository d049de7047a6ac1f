"""Requests whose framing, bytes, names or Host could be read two ways: 400, closed, nothing sent; and their harmless neighbours."""
from people import CONTACTS

from .wire import BODY, CHUNKED, HOST, JSON, chunks, length, passes, refused, request

LENGTH = length(BODY)
WHOLE = chunks(BODY)


def te(value, *more):
    return request(*more, framing=b"Transfer-Encoding:" + value, body=WHOLE)


def cl(value, body=BODY):
    return request(framing=b"Content-Length:" + value, body=body)


def rows():
    return [*transfer_encoding(), *content_length(), *line_ends(), *names(), *hosts(), *singles(), *chunk_framing(), *start_lines(), *sizes()]


def transfer_encoding():
    yield from refused("Transfer-Encoding with Content-Length", 400, {
        "Content-Length first": request(CHUNKED, body=WHOLE, framing=LENGTH),
        "Transfer-Encoding first": request(LENGTH, body=WHOLE, framing=CHUNKED),
        "in other letters": request(b"CONTENT-LENGTH: 0", body=WHOLE, framing=b"transfer-encoding: chunked"),
        "Content-Length 0": request(b"Content-Length: 0", body=WHOLE, framing=CHUNKED),
        "the length of the chunked bytes": request(length(WHOLE), body=WHOLE, framing=CHUNKED),
        "identity": request(b"Transfer-Encoding: identity"),
        "named by Connection": request(b"Connection: content-length", CHUNKED, body=WHOLE, framing=LENGTH),
    })
    yield from refused("Transfer-Encoding that is not exactly `chunked`", 400, {
        "twice in one line": te(b" chunked, chunked"),
        "twice in two lines": te(b" chunked", CHUNKED),
        "identity in a second line": te(b" chunked", b"Transfer-Encoding: identity"),
        "an empty element before": te(b" ,chunked"),
        "an empty element behind": te(b" chunked,"),
        "letters before": te(b" xchunked"),
        "letters behind": te(b" chunkedx"),
        "capitals": te(b" Chunked"),
        "gzip before": te(b" gzip, chunked"),
        "gzip behind": te(b" chunked, gzip"),
        "identity": te(b" identity"),
        "nothing": te(b""),
        "quoted": te(b' "chunked"'),
        "a parameter": te(b" chunked;q=1"),
        "a vertical tab before": te(b" \x0bchunked"),
        "a form feed behind": te(b" chunked\x0c"),
        "NUL behind": te(b" chunked\0"),
        "a no-break space before": te(b" \xa0chunked"),
        "a bare CR behind": te(b" chunked\rX: y"),
        "folded": te(b"\r\n chunked"),
        "folded with a tab": te(b"\r\n\tchunked"),
        "a blank behind": te(b" chunked "),
        "a tab behind": te(b" chunked\t"),
        "a space before the colon": request(framing=b"Transfer-Encoding : chunked", body=WHOLE),
        "a tab before the colon": request(framing=b"Transfer-Encoding\t: chunked", body=WHOLE),
        "a space before the name": request(framing=b" Transfer-Encoding: chunked", body=WHOLE),
        "an underscore": request(framing=b"Transfer_Encoding: chunked", body=WHOLE),
        "NUL in the name": request(framing=b"Transfer-Encoding\0: chunked", body=WHOLE),
    })
    yield from refused("Transfer-Encoding on HTTP/1.0", 400, {
        "alone": request(framing=CHUNKED, body=WHOLE, version=b"HTTP/1.0"),
        "with keep-alive": request(b"Connection: keep-alive", framing=CHUNKED, body=WHOLE, version=b"HTTP/1.0"),
        "with Content-Length": request(CHUNKED, body=WHOLE, version=b"HTTP/1.0"),
    })
    yield from passes("Transfer-Encoding: chunked is taken and re-framed", {
        "one chunk": te(b" chunked"),
        "a chunk a byte": request(framing=CHUNKED, body=chunks(*(BODY[i:i + 1] for i in range(len(BODY))))),
        "a tab before the value": te(b"\tchunked"),
        "blanks before it": te(b"  \t chunked"),
        "no blank": te(b"chunked"),
        "the name in capitals": request(framing=b"TRANSFER-ENCODING: chunked", body=WHOLE),
        "named by Connection": te(b" chunked", b"Connection: transfer-encoding"),
    })


def content_length():
    yield from refused("repeated Content-Length", 400, {
        "two, the same": request(LENGTH),
        "two, different": request(b"Content-Length: 5"),
        "two, 0 first": request(LENGTH, framing=b"Content-Length: 0"),
        "three": request(LENGTH, LENGTH),
        "a list of equals": cl(b" %d,%d" % (len(BODY), len(BODY))),
        "a list of equals with blanks": cl(b" %d, %d" % (len(BODY), len(BODY))),
        "a list of different ones": cl(b" 5,%d" % len(BODY)),
        "an empty element": cl(b" %d," % len(BODY)),
    })
    yield from refused("non-digit Content-Length", 400, {
        "a plus": cl(b" +%d" % len(BODY)),
        "a minus": cl(b" -%d" % len(BODY)),
        "minus 0": cl(b" -0"),
        "hexadecimal": cl(b" 0x%x" % len(BODY)),
        "a fraction": cl(b" %d.0" % len(BODY)),
        "an exponent": cl(b" 5e1"),
        "an underscore": cl(b" 5_0"),
        "a blank inside": cl(b" 5 0"),
        "a semicolon": cl(b" %d;" % len(BODY)),
        "quoted": cl(b' "%d"' % len(BODY)),
        "nothing": cl(b""),
        "blanks only": cl(b" \t "),
        "a word": cl(b" chunked"),
        "full-width digits": cl(" ５０".encode()),
        "a tab behind": cl(b" %d\t" % len(BODY)),
        "a vertical tab behind": cl(b" %d\x0b" % len(BODY)),
        "NUL behind": cl(b" %d\0" % len(BODY)),
        "20 digits": cl(b" " + b"9" * 20),
        "one more than 64 bits hold": cl(b" 18446744073709551616"),
        "64 bits that end as the true length": cl(b" %d" % ((1 << 64) + len(BODY))),
        "a space before the colon": request(framing=b"Content-Length : %d" % len(BODY)),
        "folded": cl(b"\r\n %d" % len(BODY)),
    })
    yield from passes("Content-Length in digits is taken", {
        "blanks around it": cl(b"\t %d " % len(BODY)),
        "leading zeros": cl(b" 000%d" % len(BODY)),
        "the name in other letters": request(framing=b"cOnTeNt-LeNgTh: %d" % len(BODY)),
        "named by Connection": request(b"Connection: content-length"),
    })


def line_ends():
    ends = {
        "LF behind the request line": request().replace(b" HTTP/1.1\r\n", b" HTTP/1.1\n", 1),
        "LF behind a header": request().replace(HOST + b"\r\n", HOST + b"\n"),
        "LF for the empty line": request().replace(b"\r\n\r\n", b"\r\n\n", 1),
        "two LF for the end of the head": request().replace(b"\r\n\r\n", b"\n\n", 1),
        "LF everywhere": request().replace(b"\r\n", b"\n"),
        "LF before the request line": b"\n" + request(),
        "CR behind a header": request().replace(HOST + b"\r\n", HOST + b"\r"),
        "CR CR LF": request().replace(HOST + b"\r\n", HOST + b"\r\r\n"),
        "CR in a value": request(b"X-A: a\rb"),
        "CR before a hidden header": request(b"X-A: a\rContent-Length: 0"),
        "LF before a hidden header": request(b"X-A: a\nContent-Length: 0"),
        "CR in a name": request(b"X\r-A: b"),
        "CR in the target": request(target=CONTACTS + "\r"),
        "CR between method and target": request(start=b"POST\r" + CONTACTS.encode() + b" HTTP/1.1"),
        "an empty line with CR CR LF": request().replace(b"\r\n\r\n", b"\r\n\r\r\n", 1),
        "a CR line inside the head": request(b"\rX: y"),
    }
    yield from refused("bare CR or LF", 400, ends)
    yield from refused("NUL and other controls", 400, {
        "NUL in a name": request(b"X\0A: b"),
        "NUL in a value": request(b"X-A: a\0b"),
        "NUL in the target": request(target=CONTACTS.encode() + b"\0"),
        "NUL in the method": request(method=b"PO\0ST"),
        "a vertical tab in a value": request(b"X-A: a\x0bb"),
        "DEL in a value": request(b"X-A: a\x7fb"),
        "ESC in the target": request(target=CONTACTS.encode() + b"\x1b"),
        "a backspace in a name": request(b"X\x08A: b"),
    })


def names():
    yield from refused("bytes of 0x80 and above in names", 400, {
        "UTF-8 é": request("X-é: b".encode()),
        "Latin-1 é": request(b"X-\xe9: b"),
        "0x80": request(b"X\x80: b"),
        "0xff": request(b"\xff: b"),
        "a full-width hyphen": request("Content－Length: 0".encode()),
        "in the target": request(target=f"{CONTACTS}?é=1"),
        "in the method": request(method="PÖST".encode()),
    })
    yield from refused("_ in names", 400, {
        "one": request(b"X_A: b"),
        "Content_Length": request(b"Content_Length: 5"),
        "Transfer_Encoding": request(b"Transfer_Encoding: chunked"),
        "Waybill_Token": request(b"Waybill_Token: x"),
        "at the end": request(b"Host_: other"),
    })
    yield from refused("names that are no token", 400, {
        "empty": request(b": b"),
        "a space inside": request(b"X A: b"),
        "a space before the colon": request(b"X-A : b"),
        "a slash": request(b"X/A: b"),
        "a bracket": request(b"X(A): b"),
        "no colon": request(b"X-A"),
        "a comma": request(b"X,A: b"),
    })
    yield from refused("folded headers", 400, {
        "a space": request(b"X-A: a\r\n b"),
        "a tab": request(b"X-A: a\r\n\tb"),
        "the first header": request(start=b"POST " + CONTACTS.encode() + b" HTTP/1.1\r\n X-A: b"),
        "an empty folded line": request(b"X-A: a\r\n "),
        "behind Host": request(host=b"Host: gate\r\n .evil.example"),
        "a folded framing header": request(b"X-A: a\r\n Transfer-Encoding: chunked"),
    })


def hosts():
    yield from refused("Host missing, repeated or empty", 400, {
        "missing": request(host=None),
        "missing on HTTP/1.0": request(host=None, version=b"HTTP/1.0"),
        "missing with an absolute-form target": request(host=None, target=f"http://gate{CONTACTS}"),
        "two, the same": request(HOST),
        "two, different": request(b"Host: other"),
        "two, in other letters": request(b"HOST: gate"),
        "empty": request(host=b"Host:"),
        "blank": request(host=b"Host: \t"),
        "a user": request(host=b"Host: user@gate"),
        "a path": request(host=b"Host: gate/x"),
        "a list": request(host=b"Host: gate,other"),
        "a blank inside": request(host=b"Host: ga te"),
        "a percent": request(host=b"Host: g%61te"),
        "high bytes": request(host="Host: gäte".encode()),
    })
    yield from refused("Host unlike an absolute-form target", 400, {
        "another host": request(target=f"http://other{CONTACTS}"),
        "another port": request(target=f"http://gate:81{CONTACTS}"),
        "a user in the target": request(target=f"http://user@gate{CONTACTS}"),
        "user and password": request(target=f"http://user:pass@gate{CONTACTS}"),
        "a longer name": request(target=f"http://gate.example{CONTACTS}"),
        "no host": request(target=f"http://{CONTACTS}"),
        "no path": request(target="http://gate"),
        "a backslash": request(target=f"http://gate\\@other{CONTACTS}"),
    })
    yield from passes("Host like an absolute-form target", {
        "http": request(target=f"http://gate{CONTACTS}"),
        "https": request(target=f"https://gate{CONTACTS}"),
        "other letters": request(target=f"HTTP://GATE{CONTACTS}"),
    })


def singles():
    yield from refused("repeated Content-Type or Content-Encoding", 400, {
        "Content-Type twice, the same": request(JSON),
        "Content-Type twice, different": request(b"Content-Type: text/plain"),
        "Content-Type in other letters": request(b"content-type: text/csv"),
        "Content-Encoding twice, the same": request(b"Content-Encoding: identity", b"Content-Encoding: identity"),
        "Content-Encoding twice, different": request(b"Content-Encoding: identity", b"Content-Encoding: gzip"),
        "Connection names Content-Type": request(b"Connection: close, content-type"),
        "Connection names Content-Encoding": request(b"Connection: Content-Encoding", b"Content-Encoding: identity"),
        "Proxy-Connection names Content-Type": request(b"Proxy-Connection: content-type"),
    })


def chunk_framing():
    def chunked(body):
        return request(framing=CHUNKED, body=body)

    size = b"%x" % len(BODY)
    yield from refused("chunks that are not framed as RFC 9112 says", 400, {
        "no size": chunked(b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "no digit": chunked(b"g\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "0x": chunked(b"0x" + size + b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "a plus": chunked(b"+" + size + b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "a minus": chunked(b"-1\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "a blank before": chunked(b" " + size + b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "a blank behind": chunked(size + b" \r\n" + BODY + b"\r\n0\r\n\r\n"),
        "more than 64 bits": chunked(b"1" + b"0" * 16 + size + b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "64 bits, all set": chunked(b"f" * 16 + b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "17 zeros before": chunked(b"0" * 17 + size + b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "LF behind the size": chunked(size + b"\n" + BODY + b"\r\n0\r\n\r\n"),
        "CR behind the size": chunked(size + b"\r" + BODY + b"\r\n0\r\n\r\n"),
        "LF behind the data": chunked(size + b"\r\n" + BODY + b"\n0\r\n\r\n"),
        "nothing behind the data": chunked(size + b"\r\n" + BODY + b"0\r\n\r\n"),
        "data longer than its size": chunked(b"%x\r\n" % (len(BODY) - 1) + BODY + b"\r\n0\r\n\r\n"),
        "data shorter than its size": chunked(b"%x\r\n" % (len(BODY) + 2) + BODY + b"\r\n0\r\n\r\n"),
        "LF for the last line": chunked(chunks(BODY)[:-2] + b"\n"),
        "LF in an extension": chunked(size + b";a\nb\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "NUL in an extension": chunked(size + b";a\0\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "an extension without semicolon": chunked(size + b" a=b\r\n" + BODY + b"\r\n0\r\n\r\n"),
    })
    yield from refused("a trailer that must come before the body", 400, {
        name: chunked(chunks(BODY, trailers=name.encode() + b": x\r\n")) for name in (
            "Content-Length", "Transfer-Encoding", "Host", "Authorization", "Content-Type", "Content-Encoding", "Waybill-Token",
            "Waybill-Purpose", "Cookie")})
    yield from refused("trailers that are no header lines", 400, {
        "no colon": chunked(chunks(BODY, trailers=b"x\r\n")),
        "folded": chunked(chunks(BODY, trailers=b"X-A: b\r\n c\r\n")),
        "an underscore": chunked(chunks(BODY, trailers=b"Content_Length: 5\r\n")),
        "NUL": chunked(chunks(BODY, trailers=b"X-A: \0\r\n")),
        "bare LF": chunked(chunks(BODY, trailers=b"X-A: b\n")),
    })
    yield from refused("trailers and extensions have limits", 431, {
        "16 KB of trailers": chunked(chunks(BODY, trailers=b"X-A: b\r\n" * 2_000)),
        "an extension of 2 KiB": chunked(size + b";" + b"a" * 2_048 + b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
    })
    yield from passes("trailers and chunk extensions are dropped", {
        "a trailer": chunked(chunks(BODY, trailers=b"X-Checksum: 1\r\n")),
        "two trailers": chunked(chunks(BODY, trailers=b"X-A: 1\r\nX-B: 2\r\n")),
        "an extension": chunked(size + b";a=b\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "a quoted extension": chunked(size + b';a="b;c"\r\n' + BODY + b"\r\n0\r\n\r\n"),
        "an extension of the last chunk": chunked(chunks(BODY, last=b"0;end\r\n")),
        "zeros before the size": chunked(b"000" + size + b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "capital digits": chunked(size.upper() + b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
        "several zeros for the last": chunked(chunks(BODY, last=b"000\r\n")),
    })


def start_lines():
    at = CONTACTS.encode()
    yield from refused("the request line", 400, {
        "two blanks": request(start=b"POST  " + at + b" HTTP/1.1"),
        "a tab": request(start=b"POST\t" + at + b"\tHTTP/1.1"),
        "a blank before": request(start=b" POST " + at + b" HTTP/1.1"),
        "a blank behind": request(start=b"POST " + at + b" HTTP/1.1 "),
        "a blank in the target": request(start=b"POST " + at + b" x HTTP/1.1"),
        "no version": request(start=b"POST " + at),
        "HTTP/0.9": request(version=b"HTTP/0.9"),
        "HTTP/1.2": request(version=b"HTTP/1.2"),
        "HTTP/2.0": request(version=b"HTTP/2.0"),
        "HTTP/1.10": request(version=b"HTTP/1.10"),
        "http/1.1": request(version=b"http/1.1"),
        "HTTPS/1.1": request(version=b"HTTPS/1.1"),
        "an underscore in the method": request(method=b"PO_ST"),
        "a fragment": request(target=f"{CONTACTS}#x"),
        "an empty line before": b"\r\n" + request(),
        "no target": request(start=b"POST  HTTP/1.1"),
        "HTTP/2's preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "a TLS hello": b"\x16\x03\x01\x00\x05hello\r\n\r\n",
    })


def sizes():
    fill = b"X-Fill: " + b"a" * 1_000
    yield from refused("the head has limits", 431, {
        "a header of 65 KiB": request(b"X-A: " + b"a" * 66_000),
        "a target of 65 KiB": request(target=CONTACTS + "/" + "a" * 66_000),
        "66 headers of 1 KiB": request(*[fill] * 66),
        "201 headers": request(*[b"X-%d: 1" % n for n in range(201)]),
    })
    yield from passes("a large head that keeps within them", {
        "60 headers of 1 KiB": request(*[fill] * 60),
        "190 headers": request(*[b"X-%d: 1" % n for n in range(190)]),
    })
    yield from passes("what Connection names is stripped, what stays is framed anew", {
        "Host": request(b"Connection: host"),
        "a header of the allow-list": request(b"Connection: user-agent", b"User-Agent: crm/1"),
        "in a second Connection line": request(b"Connection: keep-alive", b"Connection: X-HubSpot-Trace", b"X-HubSpot-Trace: 1"),
        "in Proxy-Connection": request(b"Proxy-Connection: User-Agent", b"User-Agent: crm/1"),
    })
