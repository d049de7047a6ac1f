"""Scenes after which the vendor must have seen nothing: slow and vanishing callers, refused bodies, drain and close."""
import socket
import struct
import time

from rawcaller import NoAnswer, RawCaller

from .scenes import FILLER, MIB, SECONDS_MAX, UNKNOWN, Unexpected, ends_silently, expect, refusal, trickle
from .wire import BODY, CHUNKED, PLAIN, PROBE, chunks, length, request


def head_trickles(gate, _):
    """a head that comes a byte at a time, for longer than it may take"""
    with RawCaller(gate.address) as caller:
        trickle(caller, PLAIN[:24], 0.05)
        return refusal(caller, 408)


def head_stops(gate, _):
    """half a head, then nothing"""
    with RawCaller(gate.address) as caller:
        caller.send(PLAIN[:60])
        return refusal(caller, 408)


def says_nothing(gate, _):
    """a connection on which nothing comes"""
    with RawCaller(gate.address) as caller:
        return ends_silently(caller)


def falls_silent(gate, _):
    """a request, its answer, then nothing"""
    with RawCaller(gate.address) as caller:
        caller.send(PROBE)
        expect(caller.answer("GET").status == 404, "no 404")
        return ends_silently(caller)


def body_stops(gate, _):
    """a head with Content-Length, half the body, then nothing"""
    with RawCaller(gate.address) as caller:
        caller.send(PLAIN[:-20])
        return refusal(caller, 408)


def chunks_stop(gate, _):
    """one chunk, then nothing"""
    with RawCaller(gate.address) as caller:
        caller.send(request(framing=CHUNKED, body=chunks(BODY)[:-5]))
        return refusal(caller, 408)


def body_half_closed(gate, _):
    """half the body, then the caller ends its side"""
    with RawCaller(gate.address) as caller:
        caller.send(PLAIN[:-20])
        caller.finish_sending()
        return ended_without_consent(caller)


def chunks_half_closed(gate, _):
    """every chunk but the last, then the caller ends its side"""
    with RawCaller(gate.address) as caller:
        caller.send(request(framing=CHUNKED, body=chunks(BODY)[:-5]))
        caller.finish_sending()
        return ended_without_consent(caller)


def head_half_closed(gate, _):
    """a head without its empty line, then the caller ends its side"""
    with RawCaller(gate.address) as caller:
        caller.send(PLAIN[:PLAIN.index(b"\r\n\r\n") + 2])
        caller.finish_sending()
        return ended_without_consent(caller)


def ended_without_consent(caller):
    """The connection ends, by a refusal or silently; never by a success."""
    try:
        answer = caller.answer(seconds_max=SECONDS_MAX)
    except NoAnswer:
        expect(caller.at_end, "not closed")
        return "closed without a word"
    expect(answer.status >= 400 and caller.is_closed(SECONDS_MAX), f"{answer.status}")
    return f"{answer.status} {answer.code}, closed"


def reset_in_body(gate, _):
    """half the body, then the connection is reset"""
    caller = RawCaller(gate.address)
    caller.send(PLAIN[:-20])
    time.sleep(0.2)
    caller.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    caller.sock.close()
    return "gone"


def short_body_refused(gate, _):
    """a refused body of 1 MiB: read, answered, and the connection serves the next request"""
    with RawCaller(gate.address) as caller:
        caller.send(request(target=UNKNOWN, body=FILLER * 16) + PROBE)
        came = refusal(caller, 403, closes=False)
        expect(caller.answer("GET").status == 404, "the next request was not served")
        return came


def short_chunks_refused(gate, _):
    """the same in chunks"""
    with RawCaller(gate.address) as caller:
        caller.send(request(target=UNKNOWN, framing=CHUNKED, body=chunks(*[FILLER] * 15)) + PROBE)
        came = refusal(caller, 403, closes=False)
        expect(caller.answer("GET").status == 404, "the next request was not served")
        return came


def long_body_refused(gate, _):
    """a refused body of 3 MiB, sent whole: the caller sees the answer, then the connection ends"""
    with RawCaller(gate.address) as caller:
        caller.send(request(target=UNKNOWN, body=FILLER * 48))
        return refusal(caller, 403)


def long_chunks_refused(gate, _):
    """3 MiB in chunks, whose length nobody announced"""
    with RawCaller(gate.address) as caller:
        caller.send(request(target=UNKNOWN, framing=CHUNKED, body=chunks(*[FILLER] * 48)))
        return refusal(caller, 403)


def long_body_refused_early(gate, _):
    """3 MiB announced, nothing of it sent: the answer does not wait for it"""
    with RawCaller(gate.address) as caller:
        caller.send(request(target=UNKNOWN, framing=b"Content-Length: %d" % (3 * MIB), body=b""))
        return refusal(caller, 403, seconds_max=2)


def refused_body_never_comes(gate, _):
    """a refused body of 100 bytes that never comes: answered when the time for it is over"""
    with RawCaller(gate.address) as caller:
        caller.send(request(target=UNKNOWN, framing=b"Content-Length: 100", body=b"{"))
        return refusal(caller, 403)


def refused_body_trickles(gate, _):
    """a refused body that comes a byte at a time, without an end"""
    with RawCaller(gate.address) as caller:
        caller.send(request(target=UNKNOWN, framing=b"Content-Length: 1000", body=b"{"))
        began = time.monotonic()
        trickle(caller, b"a" * 24, 0.1)
        came = refusal(caller, 403)
        expect(time.monotonic() - began < SECONDS_MAX, "too late")
        return came


def sends_on_after_refusal(gate, _):
    """a refused body without an end: the gate stops reading and closes"""
    with RawCaller(gate.address) as caller:
        caller.send(request(target=UNKNOWN, framing=b"Content-Length: %d" % (1 << 40), body=b""))
        deadline = time.monotonic() + SECONDS_MAX
        while caller.send(FILLER):
            expect(time.monotonic() < deadline, "still reading")
            time.sleep(0.005)
        return "403, closed while the caller was sending"


def expectation_refused(gate, _):
    """Expect: 100-continue to an unknown endpoint: the refusal instead of 100, and no waiting for the body"""
    with RawCaller(gate.address) as caller:
        caller.send(request(b"Expect: 100-continue", target=UNKNOWN, framing=length(BODY), body=b""))
        answer = caller.answer(seconds_max=2)
        expect(answer.status == 403 and not answer.interim and caller.is_closed(), f"{answer.interim} {answer.status}")
        return f"{answer.status} {answer.code}, closed"


def refusals_pipelined(gate, _):
    """four requests in one packet, each refused by another rule, the third by closing: three answers in their order"""
    with RawCaller(gate.address) as caller:
        caller.send(PROBE + request(target=UNKNOWN) + request(b"X_A: b") + PLAIN)
        came = [caller.answer("GET").status, caller.answer().status, caller.answer().status]
        expect(came == [404, 403, 400] and caller.is_closed() and not caller.buffer, f"{came}")
        return "404, 403, 400, closed"


def asks_and_never_reads(gate, _):
    """requests without an end, refused one by one, by a caller that takes no answer"""
    with socket.socket() as caller:
        # Little room on this side, so that the answers soon wait on the gate's.
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        caller.settimeout(SECONDS_MAX * 2)
        caller.connect(gate.address)
        sent = 0
        try:
            while sent < 64 * MIB:
                sent += caller.send(PROBE * 100)
        except TimeoutError as problem:
            raise Unexpected("neither read nor closed") from problem
        except ConnectionError:
            return "read no further, then closed"
        raise Unexpected("64 MiB of requests were taken")


UNSEEN = {
    "slow senders are cut off": {
        "a head a byte at a time": head_trickles, "half a head": head_stops, "no head": says_nothing, "silence between requests": falls_silent,
        "half a body": body_stops, "chunks without an end": chunks_stop},
    "a caller that ends its side, or goes, in the middle": {
        "in the body": body_half_closed, "in the chunks": chunks_half_closed, "in the head": head_half_closed, "reset in the body": reset_in_body},
    "refused bodies are read up to 1 MiB, and the connection lives": {
        "1 MiB": short_body_refused, "nearly 1 MiB in chunks": short_chunks_refused},
    "beyond that: answer, drain, close": {
        "3 MiB": long_body_refused, "3 MiB in chunks": long_chunks_refused, "3 MiB announced": long_body_refused_early,
        "a body that never comes": refused_body_never_comes, "a body a byte at a time": refused_body_trickles,
        "a body without an end": sends_on_after_refusal, "100-continue refused": expectation_refused},
    "refusals in a pipeline come in order": {"four requests": refusals_pipelined},
    "a caller that takes no answers is not read either": {"requests without an end": asks_and_never_reads},
}
