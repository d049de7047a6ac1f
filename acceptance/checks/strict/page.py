"""The table as a page, docs/strictness.md: written on demand, and otherwise compared with what the run shows."""
import collections
from dataclasses import dataclass
from pathlib import Path

from .wire import PLAIN, escaped

REQUESTS, PROXY, ANSWERS, TIME = "requests", "proxy", "answers", "time"
PAGE = Path(__file__).resolve().parents[3] / "docs" / "strictness.md"
WRITE = "acceptance/run.py --waybill PATH --only strict --write-pages"


@dataclass
class Line:
    part: str
    rule: str
    what: str
    shown: list
    came: str
    # Bytes the vendor saw; None where the rule is not about that.
    sent: int
    held: bool


PARTS = {
    REQUESTS: ("From callers", "what differs from the plain request", """\
Each request goes over a socket as raw bytes, **with a second request behind it in the same packet**: a good one that would reach the vendor where
the connection must end (it must never be served), a harmless one where it must live (it must be answered). *Refused* rows must bring the vendor
neither a byte nor a connection. *Passing* rows must bring it exactly the bytes of one request, framed anew; they are here so that no rule holds
merely because everything is refused. The plain request:"""),
    PROXY: ("Through the forward proxy", "what the caller sends", """\
`CONNECT` and absolute form as raw bytes to the proxy's listener, and raw requests inside its tunnels, behind TLS with the gate's own certificate."""),
    ANSWERS: ("From vendors", "what the vendor says", """\
The vendor answers the plain request (or HEAD, GET) with raw bytes. Afterwards the same caller and another one send the plain request and must get
their own answers; `reused` says whether the vendor's connection carried them. *Broken off* means that the caller cannot take what came for whole."""),
    TIME: ("Over time", "what happens", """\
With time limits shortened through `limits:` (1 s for heads, bodies and silences), many at once."""),
}


def render(lines):
    out = ["# Strict HTTP: the table", "", f"<!-- Written by: {WRITE} -->", "",
           f"{len(lines)} rows, each shown against a running gate with a vendor that counts every byte over TLS. `scripts/test` shows them again",
           "and fails if one does not hold, or if this page says anything else. `\\r`, `\\n`, `\\0`, `\\xNN` stand for those bytes."]
    for part, (title, column, text) in PARTS.items():
        mine = [line for line in lines if line.part == part]
        out += ["", f"## {title} ({len(mine)})", "", text]
        if part == REQUESTS:
            head, _, body = PLAIN.partition(b"\r\n\r\n")
            kept = [escaped(line) for line in head.split(b"\r\n")]
            out += ["", "```http", *(line if not line.startswith("Waybill-Token") else "Waybill-Token: …" for line in kept), "", body.decode(), "```"]
        groups = collections.OrderedDict()
        for line in mine:
            groups.setdefault(line.rule, []).append(line)
        for rule, rows in groups.items():
            counts = any(row.sent is not None for row in rows)
            out += ["", f"### {rule[0].upper() + rule[1:]}", "",
                    f"| case | {column} | answer |" + (" bytes the vendor saw |" if counts else ""), "|---|---|---|" + ("---|" if counts else "")]
            for row in rows:
                shown = " ".join(code(text) for text in row.shown) if part != TIME else row.shown[0]
                out.append(f"| {cell(row.what)} | {shown} | {cell(row.came)} |" + (f" {row.sent:,} |" if counts else ""))
    return "\n".join(out) + "\n"


def cell(text):
    return text.replace("|", "\\|")


def code(text):
    """Bytes in a cell; what is said about the request, in brackets, stays words."""
    if text.startswith("(") and text.endswith(")"):
        return text
    fence = "``" if "`" in text else "`"
    return f"{fence}{text.replace('|', chr(92) + '|')}{fence}"


def publish(context, lines):
    page = render(lines)
    if context.write_pages:
        PAGE.write_text(page)
        context.note(f"written: {PAGE.name}, {len(lines)} rows")
        return
    known = PAGE.read_text() if PAGE.exists() else ""
    context.check("docs/strictness.md says what this run shows", page == known, f"{len(lines)} rows" if page == known else f"write it anew: {WRITE}")
