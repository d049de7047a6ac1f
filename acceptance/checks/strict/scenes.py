"""What the scenes over time share: how they expect, and how they write slowly."""
import time

UNKNOWN = "/to/hubspot/crm/v3/objects/deals"
MIB = 1 << 20
FILLER = b"a" * 65_536
# The shortest limit is a second; what takes less than this came in time even on a busy machine.
SECONDS_MAX = 8


class Unexpected(Exception):
    """What came instead."""


def expect(held, came):
    if not held:
        raise Unexpected(came)


def refusal(caller, status, closes=True, seconds_max=SECONDS_MAX):
    """The next answer is this refusal of the gate, and the connection ends or not."""
    answer = caller.answer(seconds_max=seconds_max)
    expect(answer.status == status and answer.code, f"{answer.status} {answer.code}")
    if closes:
        expect(caller.is_closed(SECONDS_MAX) and not caller.buffer, f"{answer.status}, not closed")
    return f"{answer.status} {answer.code}, " + ("closed" if closes else "kept")


def trickle(caller, data, pause):
    for index in range(len(data)):
        if not caller.send(data[index:index + 1]):
            return
        time.sleep(pause)


def ends_silently(caller):
    expect(caller.is_closed(SECONDS_MAX) and not caller.buffer, f"{len(caller.buffer)} bytes came")
    return "closed without a word"
