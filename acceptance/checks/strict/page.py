"""The table as a page: docs/strictness.md."""
from dataclasses import dataclass

from .wire import difference, escaped

REQUESTS, ANSWERS, TIME = "requests", "answers", "time"


@dataclass
class Line:
    part: str
    rule: str
    what: str
    shown: list
    came: str
    sent: int
    held: bool


def publish(context, lines):
    pass
