"""Requests that are HTTP and may still not pass: path, query, method, expectation, media type, coding, UTF-8, limits; and header rules."""
import codecs
import json
import zlib

from people import CONTACTS

from .wire import (BODY, CHUNKED, EXPECTED_PLAIN, EXPECTED_READ, PERSON, PROXY_CREDENTIALS, READ, Row, chunks, length, passes, read, refused, request, squeeze,
                   with_lines)



def rows():
    return [*paths(), *queries(), *methods(), *expectations(), *media(), *codings(), *text(), *json_rules(), *limits(), *signed(), *headers()]


def paths():
    yield from refused("paths with two readings", 400, {
        what: request(target=target) for what, target in {
            "an encoded slash": "/to/hubspot/crm%2fv3/objects/contacts",
            "an encoded slash in capitals": "/to/hubspot/crm%2Fv3/objects/contacts",
            "an encoded slash in a variable": f"{READ}%2f..%2fx",
            "an encoded backslash": f"{CONTACTS}%5c",
            "a backslash": "/to/hubspot/crm\\v3/objects/contacts",
            "an encoded NUL": f"{CONTACTS}%00",
            "an encoded percent": f"{CONTACTS}%25",
            "twice encoded": "/to/hubspot/crm%252fv3/objects/contacts",
            "two slashes": "/to/hubspot/crm//v3/objects/contacts",
            "two slashes in front": "/to/hubspot//crm/v3/objects/contacts",
            "two slashes at the end": f"{CONTACTS}//",
            "a dot segment": "/to/hubspot/crm/./v3/objects/contacts",
            "two dots": "/to/hubspot/crm/v3/x/../objects/contacts",
            "two dots at the end": f"{CONTACTS}/..",
            "two dots towards another vendor": "/to/hubspot/../mailchimp/3.0/lists/a",
            "encoded dots": "/to/hubspot/crm/v3/x/%2e%2e/objects/contacts",
            "half encoded dots": "/to/hubspot/crm/v3/x/.%2E/objects/contacts",
            "one encoded dot": "/to/hubspot/crm/%2e/v3/objects/contacts",
            "a bad escape": f"{CONTACTS}%zz",
            "half an escape": f"{CONTACTS}%2",
            "a bare percent": f"{CONTACTS}%",
        }.items()}, closes=False)
    yield from passes("paths with one reading", {"one slash at the end": request(target=CONTACTS + "/")},
                      sent=EXPECTED_PLAIN.replace(b"contacts HTTP", b"contacts/ HTTP"))


def queries():
    yield from refused("a query parameter that the endpoint does not list", 403, {
        "one": request(target=f"{CONTACTS}?email={PERSON}"),
        "an empty one": request(target=f"{CONTACTS}?email"),
        "behind a listed one": read(target=f"{READ}?properties=a&email={PERSON}"),
        "in other letters": read(target=f"{READ}?Properties=a"),
        "a name that begins like a listed one": read(target=f"{READ}?properties[]=a"),
    }, closes=False)
    yield from refused("a query with two readings", 400, {
        "a semicolon": read(target=f"{READ}?properties;email={PERSON}"),
    }, closes=False)
    yield from passes("a listed query parameter", {
        "one": read(target=f"{READ}?properties=email"),
    }, 201, EXPECTED_READ.replace(b"512 HTTP", b"512?properties=email HTTP"))


def methods():
    yield from refused("methods that are not served", 405, {
        "TRACE": request(method=b"TRACE", body=b"", framing=None),
        "OPTIONS": request(method=b"OPTIONS", body=b"", framing=None),
        "CONNECT": request(start=b"CONNECT api.hubapi.com:443 HTTP/1.1", body=b"", framing=None),
        "DELETE where POST is": request(method=b"DELETE", body=b"", framing=None),
        "a method of one's own": request(method=b"FROB"),
        "post in small letters": request(method=b"post"),
    }, closes=False)
    yield from refused("targets that are no path of this listener", 404, {
        "OPTIONS *": request(start=b"OPTIONS * HTTP/1.1", body=b"", framing=None),
        "a path beside /to/": request(target="/crm/v3/objects/contacts"),
        "no vendor": request(target="/to/"),
        "/to in other letters": request(target=CONTACTS.replace("/to/", "/TO/")),
        "an encoded /to": request(target=CONTACTS.replace("/to/", "/%74o/")),
    }, closes=False)
    yield from refused("a body on GET", 400, {
        "with Content-Length": read(length(b"{}")) + b"{}",
        "chunked": read(CHUNKED) + chunks(b"{}"),
    }, closes=False)


def expectations():
    yield from refused("an expectation other than 100-continue", 417, {
        "a word": request(b"Expect: the-unexpected"),
        "a list": request(b"Expect: 100-continue, x"),
        "twice": request(b"Expect: 100-continue", b"Expect: 100-continue"),
        "empty": request(b"Expect:"),
        "a parameter": request(b"Expect: 100-continue;q=1"),
    })
    yield from passes("Expect: 100-continue stays here", {
        "as it is": request(b"Expect: 100-continue"),
        "in capitals": request(b"Expect: 100-CONTINUE"),
    })


def media():
    def typed(value):
        return request(b"Content-Type:" + value, without=(b"Content-Type: application/json",))

    yield from refused("media types that are not the endpoint's", 415, {
        "text": typed(b" text/plain"),
        "none": request(without=(b"Content-Type: application/json",)),
        "empty": typed(b""),
        "a form": typed(b" application/x-www-form-urlencoded"),
        "a list": typed(b" application/json, text/plain"),
        "a longer name": typed(b" application/jsonx"),
        "another character set": typed(b" application/json; charset=utf-16"),
        "Latin-1": typed(b" application/json;charset=iso-8859-1"),
        "two character sets": typed(b" application/json; charset=utf-8; charset=utf-7"),
    }, closes=False)
    for value in (b"application/json; charset=utf-8", b"application/vnd.api+json"):
        yield Row("media types that are", value.decode(), typed(b" " + value), 201, False,
                  EXPECTED_PLAIN.replace(b"Type: application/json", b"Type: " + value))


def codings():
    def coded(coding, body):
        return request(b"Content-Encoding: " + coding, body=body)

    packed = squeeze(BODY)
    raw = zlib.compressobj(wbits=-15)
    yield from refused("content codings other than identity, gzip, deflate", 415, {
        "br": coded(b"br", BODY),
        "gzip twice": coded(b"gzip, gzip", squeeze(packed)),
        "identity, then gzip": coded(b"identity, gzip", packed),
        "gzip and an empty element": coded(b"gzip,", packed),
        "empty": coded(b"", BODY),
        "a word": coded(b"gzipped", packed),
    }, closes=False)
    yield from refused("damaged coded bodies", 422, {
        "not gzip": coded(b"gzip", BODY),
        "two members": coded(b"gzip", packed + packed),
        "an empty second member": coded(b"gzip", packed + squeeze(b"")),
        "bytes behind the end": coded(b"gzip", packed + b"x"),
        "truncated": coded(b"gzip", packed[:-9]),
        "without its trailer": coded(b"gzip", packed[:-8]),
        "a wrong checksum": coded(b"gzip", packed[:-8] + b"\0\0\0\0" + packed[-4:]),
        "a wrong length": coded(b"gzip", packed[:-4] + b"\xff\0\0\0"),
        "deflate without zlib's header": coded(b"deflate", raw.compress(BODY) + raw.flush()),
        "zlib called gzip": coded(b"gzip", zlib.compress(BODY)),
        "gzip called deflate": coded(b"deflate", packed),
        "empty": coded(b"gzip", b""),
    }, closes=False)
    yield from refused("decoded at most 32 MiB and 100:1", 413, {
        "40 MiB in 40 KiB": coded(b"gzip", squeeze(b'{"properties":{"email":"' + b"a" * (40 << 20) + b'"}}')),
        "a ratio above 100": coded(b"gzip", squeeze(b'{"properties":{"email":"' + b"a" * (8 << 20) + b'"}}')),
    }, closes=False)
    yield from passes("coded bodies are decoded and sent as identity", {
        "gzip": coded(b"gzip", packed),
        "x-gzip": coded(b"x-gzip", packed),
        "in capitals": coded(b"GZIP", packed),
        "deflate": coded(b"deflate", zlib.compress(BODY)),
        "identity": coded(b"identity", BODY),
        "gzip in chunks": request(b"Content-Encoding: gzip", framing=CHUNKED, body=chunks(packed[:10], packed[10:])),
        "gzip with a file name": coded(b"gzip", packed[:3] + b"\x08" + packed[4:10] + b"name\0" + packed[10:]),
    })


def text():
    plain = BODY.decode()
    yield from refused("UTF-16 and UTF-32", 415, {
        "UTF-16 with its mark": request(body=codecs.BOM_UTF16_LE + plain.encode("utf-16-le")),
        "UTF-16, big end first": request(body=codecs.BOM_UTF16_BE + plain.encode("utf-16-be")),
        "UTF-32 with its mark": request(body=codecs.BOM_UTF32_LE + plain.encode("utf-32-le")),
        "UTF-16 without a mark": request(body=plain.encode("utf-16-le")),
        "UTF-32 without a mark": request(body=plain.encode("utf-32-be")),
        "NUL in the first four bytes": request(body=b"{\0\"" + BODY[2:]),
    }, closes=False)
    yield from refused("invalid UTF-8", 422, {
        what: request(body=BODY.replace(b"anna", bad)) for what, bad in {
            "a lone continuation byte": b"an\x80na", "cut short": b"ann\xc3", "overlong": b"\xc1\xa1nna", "a surrogate": b"\xed\xa0\x80nna",
            "beyond Unicode": b"\xf4\x90\x80\x80nna", "Latin-1": b"ann\xe9a"}.items()}, closes=False)
    yield from refused("one mark at the start, and no more", 422, {
        "two UTF-8 marks": request(body=codecs.BOM_UTF8 * 2 + BODY),
        "a mark behind the start": request(body=BODY[:1] + codecs.BOM_UTF8 + BODY[1:]),
    }, closes=False)
    yield from passes("a UTF-8 mark is dropped", {"one": request(body=codecs.BOM_UTF8 + BODY)})


def json_rules():
    def person(more):
        return request(body=b'{"properties":{"email":"%s",%s}}' % (PERSON.encode(), more))

    deep = b'"firstname":' + b"[" * 70 + b"]" * 70
    yield from refused("JSON with two readings", 422, {
        "a name twice": person(b'"email":"x@example.com"'),
        "a name twice after unescaping": person(rb'"\u0065mail":"x@example.com"'),
        "a name that looks the same": person('"ｅmail":"x@example.com"'.encode()),
        "a name in other letters": person(b'"EMAIL":"x@example.com"'),
        "half a surrogate pair": person(rb'"firstname":"\ud800"'),
        "NUL in a name": person(rb'"first\u0000name":"x"'),
        "a comment": person(b'/* x */"firstname":"x"'),
        "a trailing comma": person(b'"firstname":"x",'),
        "a bare word": person(b'"firstname":undefined'),
        "a single quote": person(b"'firstname':\"x\""),
        "a control character": person(b'"firstname":"\x01"'),
        "text behind the end": request(body=BODY + b"{}"),
        "a comma behind the end": request(body=BODY + b","),
        "NaN": person(b'"firstname":NaN'),
        "a leading zero": person(b'"firstname":01'),
        "a number of 65 characters": person(b'"firstname":' + b"1" * 65),
        "70 levels": person(deep),
        "10,001 members": request(body=json.dumps({"properties": {"email": PERSON, **{f"m{n}": 1 for n in range(10_001)}}}).encode()),
        "empty": request(body=b""),
        "blanks only": request(body=b" \r\n "),
        "cut short": request(body=BODY[:-1]),
        "an array": request(body=b"[" + BODY + b"]"),
    }, closes=False)
    kept = b'{"properties":{"email":"%s", "firstname":"A\\u006ena" ,"lastname":1.10}}' % PERSON.encode()
    yield from passes("JSON that is kept byte for byte", {"blanks, escapes and numbers": request(body=kept)},
                      sent=EXPECTED_PLAIN.replace(length(BODY), length(kept)).replace(BODY, kept))


def limits():
    yield from refused("a body larger than the limit", 413, {
        "33 MiB announced": request(framing=b"Content-Length: %d" % (33 << 20), body=b""),
        "an exabyte announced": request(framing=b"Content-Length: %d" % 10 ** 17, body=b""),
    })


def signed():
    dropped = BODY[:-2] + b',"ssn":"536-90-4399"}}'
    yield from refused("a signed body that would be changed", 422, {
        "Content-MD5": request(b"Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==", body=dropped),
        "Digest": request(b"Digest: sha-256=x", body=dropped),
        "Content-Digest": request(b"Content-Digest: sha-256=:x:", body=dropped),
        "SigV4": request(b"Authorization: AWS4-HMAC-SHA256 Credential=x", body=dropped),
        "x-amz-content-sha256": request(b"X-Amz-Content-SHA256: x", body=dropped),
    }, closes=False)


def headers():
    kept = [b"Accept: application/json", b"Accept-Language: de", b"Authorization: Bearer vendor", b"User-Agent: crm/1", b"Idempotency-Key: 7",
            b'If-Match: "1"', b'If-None-Match: "2"', b"Prefer: return=minimal", b"X-HubSpot-Trace: t"]
    yield from passes("headers of the allow-list pass", {", ".join(line.split(b":")[0].decode() for line in kept): request(*kept)},
                      sent=with_lines(*kept))
    yield from passes("high bytes in the value of a header that passes stay", {"Latin-1": request(b"User-Agent: caf\xe9")},
                      sent=with_lines(b"User-Agent: caf\xe9"))
    yield from passes("every other header stays here", {
        line.split(b":")[0].decode(): request(line) for line in (
            b"Cookie: a=b", b"Referer: https://crm.example/people/anna", b"Forwarded: for=10.0.0.1", b"X-Forwarded-For: 10.0.0.1", b"Via: 1.1 x",
            PROXY_CREDENTIALS, b"TE: trailers", b"Upgrade: h2c", b"Keep-Alive: timeout=5", b"Trailer: X-A",
            b"Waybill-Purpose: newsletter", b"Accept-Encoding: br", b"X-Customer: " + PERSON.encode(), b"Origin: https://crm.example",
            b"X-HTTP-Method-Override: DELETE", b"HTTP2-Settings: AAMAAABk", b"Max-Forwards: 1")})
    yield from refused("two credentials, one of them wrong", 401, {"Proxy-Authorization": request(b"Proxy-Authorization: Basic eDp5")},
                       closes=False)
    yield from passes("Range is stripped", {
        "Range": read(b"Range: bytes=0-10"), "If-Range": read(b'If-Range: "1"', b"Range: bytes=0-10")}, sent=EXPECTED_READ)

