"""Scenes in which the vendor is asked: pipelining, keep-alive, early answers, half-closed connections, stalled and slow peers.

Each request names itself by X-HubSpot-Trace, by which the vendor finds what to do with it.
"""
import time

from people import contact
from rawcaller import NoAnswer, RawCaller

from .scenes import FILLER, MIB, SECONDS_MAX, UNKNOWN, Unexpected, expect, refusal, trickle
from .wire import BODY, CHUNKED, PERSON, PROBE, chunks, read, request

TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 5\r\n\r\nlarge"


def traced(name, *more, body=BODY, method=b"POST", **options):
    line = b"X-HubSpot-Trace: " + name.encode()
    return read(line, *more, method=method) if method != b"POST" else request(line, *more, body=body, **options)


def says(text, pause=0):
    """A vendor that reads, waits and answers with a text of its own."""
    def script(peer):
        peer.read_body()
        time.sleep(pause)
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))
    return script


def five_pipelined(gate, vendor):
    """five requests in one packet, two of them refused: five answers in their order, though the vendor takes its time over the first"""
    for name, pause in (("first", 0.4), ("third", 0), ("fifth", 0)):
        vendor.scripts[name] = says(name.encode(), pause)
    with RawCaller(gate.address) as caller:
        caller.send(traced("first") + request(target=UNKNOWN) + traced("third", framing=CHUNKED, body=chunks(BODY)) + PROBE + traced("fifth", method=b"GET"))
        answers = [caller.answer() for _ in range(5)]
        came = [answer.body.decode() if answer.status == 200 else answer.status for answer in answers]
        expect(came == ["first", 403, "third", 404, "fifth"], f"{came}")
        return "first, 403, third, 404, fifth"


def pipelined_behind_bad(gate, vendor):
    """good, bad, good in one packet: the first is served, the second refused, the third never read"""
    heard = []
    vendor.scripts["behind-bad"] = lambda peer: (heard.append(1), says(b"one")(peer))
    with RawCaller(gate.address) as caller:
        caller.send(traced("behind-bad") + request(b"Transfer-Encoding: chunked") + traced("behind-bad"))
        came = [caller.answer().status, caller.answer().status]
        expect(came == [200, 400] and caller.is_closed() and not caller.buffer and len(heard) == 1, f"{came}, {len(heard)} at the vendor")
        return "200, 400, closed; one request at the vendor"


def in_pieces(gate, vendor):
    """a request of which each byte is a packet of its own"""
    vendor.scripts["pieces"] = says(b"whole")
    with RawCaller(gate.address) as caller:
        trickle(caller, traced("pieces"), 0.001)
        answer = caller.answer()
        expect(answer.body == b"whole", f"{answer.status} {answer.code}")
        return "200"


def slow_body(gate, vendor):
    """a body in ten pieces over two seconds: slow, and never silent for too long"""
    vendor.scripts["slow-body"] = says(b"whole")
    whole = traced("slow-body")
    with RawCaller(gate.address) as caller:
        caller.send(whole[:-len(BODY)])
        for start in range(0, len(BODY), 5):
            caller.send(BODY[start:start + 5])
            time.sleep(0.2)
        expect(caller.answer().body == b"whole", "no answer")
        return "200"


def served_after_refusal(gate, vendor):
    """a request behind a refused one on the same connection, not in the same packet"""
    vendor.scripts["after-refusal"] = says(b"served")
    with RawCaller(gate.address) as caller:
        caller.send(request(target=UNKNOWN, body=FILLER * 8))
        refusal(caller, 403, closes=False)
        caller.send(traced("after-refusal"))
        expect(caller.answer().body == b"served", "not served")
        return "403, then 200"


def hundred_requests(gate, vendor):
    """a hundred requests on one connection"""
    vendor.scripts["hundred"] = says(b"again")
    with RawCaller(gate.address) as caller:
        for _ in range(100):
            caller.send(traced("hundred"))
            answer = caller.answer()
            expect(answer.body == b"again", f"{answer.status} {answer.code}")
        return "100 × 200"


def continue_given(gate, vendor):
    """Expect: 100-continue to a good endpoint: 100, then the body, then the answer"""
    vendor.scripts["continue"] = says(b"continued")
    with RawCaller(gate.address) as caller:
        caller.send(traced("continue", b"Expect: 100-continue")[:-len(BODY)])
        deadline = time.monotonic() + SECONDS_MAX
        expect(caller.head(deadline)[0] == 100, "no 100")
        caller.send(BODY)
        expect(caller.answer().body == b"continued", "no answer")
        return "100, 200"


def half_closed_after_request(gate, vendor):
    """the caller ends its side behind the request: it gets its answer"""
    vendor.scripts["half"] = says(b"answered", 0.4)
    with RawCaller(gate.address) as caller:
        caller.send(traced("half"))
        caller.finish_sending()
        expect(caller.answer().body == b"answered" and caller.is_closed(), "no answer")
        return "200, closed"


def half_closed_after_two(gate, vendor):
    """two requests in one packet, then the caller ends its side: both are answered"""
    vendor.scripts["half-1"], vendor.scripts["half-2"] = says(b"one", 0.3), says(b"two")
    with RawCaller(gate.address) as caller:
        caller.send(traced("half-1") + traced("half-2"))
        caller.finish_sending()
        came = [caller.answer().body, caller.answer().body]
        expect(came == [b"one", b"two"] and caller.is_closed(), f"{came}")
        return "200, 200, closed"


def half_closed_after_refusal(gate, vendor):
    """a refused request with its whole body, then the caller ends its side: it gets the refusal"""
    with RawCaller(gate.address) as caller:
        caller.send(request(target=UNKNOWN, body=FILLER * 8))
        caller.finish_sending()
        return refusal(caller, 403)


def large(name, bytes_about):
    """A request with a body of about this many bytes, all of which may leave."""
    return traced(name, body=contact(PERSON, firstname="n" * bytes_about))


def early_answer(gate, vendor):
    """the vendor answers behind the head of a body of 3 MiB, then reads the rest: the caller gets the answer"""
    vendor.scripts["early"] = lambda peer: (peer.send(TOO_LARGE), time.sleep(0.2), peer.read_body())
    return answered_early(gate, vendor, "early")


def early_answer_and_stop(gate, vendor):
    """the vendor answers behind the head of a body of 6 MiB, reads nothing of it and closes a little later: the caller gets the answer"""
    vendor.scripts["early-stop"] = lambda peer: (peer.send(TOO_LARGE), time.sleep(0.5), peer.close(says_so=False))
    return answered_early(gate, vendor, "early-stop", pause=1)


def answered_early(gate, vendor, name, pause=0):
    with RawCaller(gate.address) as caller:
        caller.send(large(name, (6 if pause else 3) * MIB))
        answer = caller.answer()
        expect(answer.status == 413 and answer.body == b"large" and answer.value("waybill-vendor-status") == "413", f"{answer.status} {answer.code}")
        time.sleep(pause)
        next_served(caller, vendor, f"after-{name}")
        return "413 of the vendor; the next request is served"


def early_answer_and_close(gate, vendor):
    """the vendor answers behind the head and closes"""
    def script(peer):
        peer.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
        peer.close()
    vendor.scripts["early-close"] = script
    with RawCaller(gate.address) as caller:
        caller.send(traced("early-close"))
        answer = caller.answer()
        expect(answer.status == 401 and answer.body == b"no", f"{answer.status} {answer.code}")
        next_served(caller, vendor, "after-early-close")
        return "401 of the vendor; the next request is served"


def next_served(caller, vendor, name):
    vendor.scripts[name] = says(b"next")
    caller.send(traced(name))
    answer = caller.answer()
    expect(answer.body == b"next", f"the next request was not served: {answer.status} {answer.code}")


def vendor_never_answers(gate, vendor):
    """the vendor reads the request and says nothing"""
    gone = []
    vendor.scripts["mute"] = lambda peer: (peer.read_body(), gone.append(peer.wait_until_gone(SECONDS_MAX)))
    return given_up(gate, vendor, traced("mute"), "vendor_answer_timeout", gone)


def vendor_stalls_in_head(gate, vendor):
    """the vendor says half a head, then nothing"""
    gone = []
    vendor.scripts["half-head"] = lambda peer: (
        peer.read_body(), peer.send(b"HTTP/1.1 200 OK\r\nContent-"), gone.append(peer.wait_until_gone(SECONDS_MAX)))
    return given_up(gate, vendor, traced("half-head"), "vendor_answer_timeout", gone)


def vendor_reads_nothing(gate, vendor):
    """the vendor reads the head of a body of 4 MiB and nothing more"""
    def script(peer):
        time.sleep(4)
        peer.is_open = False
    vendor.scripts["deaf"] = script
    with RawCaller(gate.address) as caller:
        caller.send(large("deaf", 4 * MIB))
        answer = caller.answer()
        expect(answer.status == 502 and answer.code == "vendor_answer_timeout", f"{answer.status} {answer.code}")
        return f"{answer.status} {answer.code}"


def given_up(gate, vendor, raw, code, gone):
    with RawCaller(gate.address) as caller:
        caller.send(raw)
        answer = caller.answer()
        expect(answer.status == 502 and answer.code == code, f"{answer.status} {answer.code}")
        next_served(caller, vendor, f"after-{code}-{id(gone)}")
    deadline = time.monotonic() + SECONDS_MAX
    while not gone and time.monotonic() < deadline:
        time.sleep(0.05)
    expect(gone == [True], "the vendor's connection stayed open")
    return f"{answer.status} {answer.code}; the vendor's connection is closed, the next request is served"


def vendor_stalls_in_body(gate, vendor):
    """the vendor says half a body, then nothing: the answer breaks off, so that nobody takes half for all"""
    gone = []
    vendor.scripts["half-body"] = lambda peer: (
        peer.read_body(), peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"), gone.append(peer.wait_until_gone(SECONDS_MAX)))
    with RawCaller(gate.address) as caller:
        caller.send(traced("half-body"))
        try:
            answer = caller.answer(seconds_max=SECONDS_MAX)
            raise Unexpected(f"a whole answer {answer.status}")
        except NoAnswer:
            expect(caller.at_end, "still open")
        return "200, broken off"


def vendor_trickles(gate, vendor):
    """the vendor's body comes in ten pieces over two seconds: slow, and never silent for too long"""
    def script(peer):
        peer.read_body()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
        for _ in range(10):
            time.sleep(0.2)
            peer.send(b"x")
    vendor.scripts["trickle"] = script
    with RawCaller(gate.address) as caller:
        caller.send(traced("trickle"))
        expect(caller.answer().body == b"x" * 10, "not whole")
        return "200"


def flood(pushed, bytes_all):
    """A vendor that answers with a long body and notes how much of it the gate took."""
    def script(peer):
        peer.read_body()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % bytes_all)
        while pushed[0] < bytes_all and peer.is_open:
            peer.send(FILLER)
            pushed[0] += len(FILLER) if peer.is_open else 0
    return script


def caller_never_reads(gate, vendor):
    """the caller reads nothing of an answer of 64 MiB: the gate takes no more from the vendor than it can hold, then ends both connections"""
    pushed = [0]
    vendor.scripts["unread"] = flood(pushed, 64 * MIB)
    with RawCaller(gate.address, receive_buffer=4_096) as caller:
        caller.send(traced("unread"))
        time.sleep(3.5)
        expect(pushed[0] < 24 * MIB, f"{pushed[0] / MIB:.0f} MiB taken")
        try:
            caller.answer(seconds_max=SECONDS_MAX)
            raise Unexpected("a whole answer")
        except NoAnswer:
            expect(caller.at_end, "still open")
        return "broken off; less than 24 MiB taken from the vendor"


def caller_reads_slowly(gate, vendor):
    """the caller takes two seconds over an answer of 4 MiB: it comes whole"""
    pushed = [0]
    vendor.scripts["slow-reader"] = flood(pushed, 4 * MIB)
    with RawCaller(gate.address, receive_buffer=16_384) as caller:
        caller.send(traced("slow-reader"))
        slow_until = time.monotonic() + 2
        while time.monotonic() < slow_until:
            caller.receive(time.monotonic() + SECONDS_MAX)
            time.sleep(0.01)
        expect(len(caller.answer().body) == 4 * MIB, "not whole")
        return "200, 4 MiB"


def caller_leaves(gate, vendor):
    """the caller is gone before the vendor answers: the log still learns how it ended"""
    heard = []
    vendor.scripts["left"] = lambda peer: (says(b"late", 0.5)(peer), heard.append(peer.body))
    with RawCaller(gate.address) as caller:
        caller.send(traced("left"))
        time.sleep(0.2)
    deadline = time.monotonic() + SECONDS_MAX
    while not heard and time.monotonic() < deadline:
        time.sleep(0.05)
    expect(heard == [BODY], "the vendor was cut off")
    return "the vendor had the whole request and answered nobody"


def vendor_hangs_up_between(gate, vendor):
    """the vendor closes the kept connection between two requests: the second goes over a new one"""
    vendor.scripts["hang-up"] = lambda peer: (says(b"first")(peer), peer.close())
    with RawCaller(gate.address) as caller:
        caller.send(traced("hang-up"))
        expect(caller.answer().body == b"first", "no answer")
        time.sleep(0.3)
        next_served(caller, vendor, "after-hang-up")
        return "200, 200"


SEEN = {
    "pipelining: answers in order, each its own": {
        "five requests": five_pipelined, "behind a malformed one": pipelined_behind_bad},
    "keep-alive": {"after a refusal": served_after_refusal, "a hundred requests": hundred_requests},
    "slow, but not too slow": {
        "each byte a packet": in_pieces, "a slow body": slow_body, "100-continue": continue_given, "a slow vendor": vendor_trickles,
        "a slow reader": caller_reads_slowly},
    "half-closed connections": {
        "behind a request": half_closed_after_request, "behind two requests": half_closed_after_two, "behind a refused one": half_closed_after_refusal},
    "early answers": {"and closing": early_answer_and_close},
    "stalled peers are given up": {
        "a vendor that never answers": vendor_never_answers, "a vendor that stops in its head": vendor_stalls_in_head,
        "a vendor that stops in its body": vendor_stalls_in_body,
        "a caller that never reads": caller_never_reads, "a caller that leaves": caller_leaves},
}
# One after the other: a vendor that hangs up could do so on whoever holds the connection by then (the gate does not retry), and a debug
# build takes its time over a body of megabytes, in which nobody else is served.
ALONE = [
    ("the vendor hangs up in between", "keep-alive", vendor_hangs_up_between),
    ("and reading on", "early answers", early_answer),
    ("and no reading", "early answers", early_answer_and_stop),
    ("a vendor that reads nothing", "stalled peers are given up", vendor_reads_nothing),
]
