"""Exports in every format, read by software that is not ours; cursors; a job that goes on where it stopped."""
import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from gate import Gate
from people import CONTACTS, VENDOR_HOSTS, consent, contact, facts, resolve_all
from sdkvenv import python_with
from vendor import Vendors

NEEDS_SHARED = False
FORMATS = ["ndjson", "csv", "ocsf", "cef", "ecs", "cloudevents", "otlp"]
ANNA, BRUNO = "anna.exports@example.com", "bruno.exports@example.com"
READER_SECONDS_MAX = 120
PAGES_MAX = 200
ANSWER_SECONDS_MAX = 10


def run(context):
    folder = context.home / "exports-files"
    folder.mkdir()
    with Vendors(context.home / "exports-ca", VENDOR_HOSTS) as vendors:
        place = context.installation("exports", resolve=resolve_all(vendors.port), trust=[vendors.authority])
        place.config.write_text(place.config.read_text().replace('listen: {', 'listen: {control: "127.0.0.1:0", ', 1))
        with Gate(place, context.token) as gate:
            place.import_lines("subject", [facts(ANNA), facts(BRUNO)])
            place.import_lines("consent", [consent(ANNA, "hubspot")])
            for _ in range(5):
                gate.send("POST", CONTACTS, contact(ANNA, firstname="Anna"))
                gate.send("POST", CONTACTS, contact(BRUNO))
            parts = [job(place, folder, "first")]
            for _ in range(20):
                gate.send("POST", CONTACTS, contact(ANNA, firstname="Anna"))
            parts.append(job(place, folder, "second"))
            gate.kill()
        with Gate(place, context.token) as gate:
            gate.send("POST", CONTACTS, contact(ANNA))
            pulls(context, place, gate)
            gate.stop()
        parts.append(job(place, folder, "third"))
    for name in FORMATS:
        place.command("log", "export", "--config", place.config, "--format", name, "--output", folder / f"export.{name}")
    whole = (folder / "export.ndjson").read_bytes()
    context.check("a job with a cursor file gave out every entry, each once, beside a running gate and after a crash",
                  b"".join(parts) == whole and all(parts), f"{[part.count(10) for part in parts]} of {whole.count(10)}")
    everything = b"".join((folder / f"export.{name}").read_bytes() for name in FORMATS)
    context.check("no person stands in any of them", not any(who.encode() in everything for who in (ANNA, BRUNO, "Anna")))
    kinds = {json.loads(line)["kind"] for line in whole.splitlines()}
    context.check("the exports hold intents, outcomes, denials, seals and acts", kinds >= {"intent", "outcome", "denied", "seal", "config"})
    readers(context, folder)
    filters(context, place, whole)
    refusals(context, place, folder)


def job(place, folder, name):
    """What a job that runs again and again writes: a new file each time, from where the one before stopped."""
    path = folder / f"job-{name}.ndjson"
    place.command("log", "export", "--config", place.config, "--cursor-file", folder / "job.cursor", "--output", path)
    return path.read_bytes()


def pulls(context, place, gate):
    """Page by page over HTTP, from a gate that runs."""
    def get(**query):
        url = f"http://{gate.ready['control']}/log/export?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=ANSWER_SECONDS_MAX) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.headers, refusal.read()

    whole = place.command("log", "export", "--config", place.config).stdout
    pages, query = [], {"limit": 7}
    for _ in range(PAGES_MAX):
        status, headers, body = get(**query)
        pages.append(body)
        if status != 200 or headers["Waybill-At-End"] == "true":
            break
        query["cursor"] = headers["Waybill-Next-Cursor"]
    # The gate may have sealed in between: what was there before must be there, and in order.
    context.check("pages pulled over HTTP are together the export", len(pages) > 2 and b"".join(pages).startswith(whole), f"{len(pages)} pages")
    status, headers, body = get(format="csv", limit=3)
    context.check("a page of CSV has its header and type", status == 200 and body.startswith(b"idx,") and body.count(b"\n") == 4
                  and headers["Content-Type"].startswith("text/csv"))
    status, _, body = get(cursor="3@somebody.example/else")
    context.check("a cursor of another log is a problem document", status == 409 and json.loads(body)["code"] == "cursor_foreign", str(status))


def readers(context, folder):
    python = python_with(context.root / "acceptance" / "exports.txt")
    line = [str(python), str(context.root / "acceptance" / "export_reader.py"), str(folder)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=READER_SECONDS_MAX)
    if done.returncode:
        context.check("the readers ran to their end", False, done.stderr[-2000:])
        return
    for what, held, detail in json.loads(done.stdout):
        context.check(what, held, detail)


def filters(context, place, whole):
    def export(*arguments):
        done = place.command("log", "export", "--config", place.config, *arguments)
        return done.stdout, done.stderr.decode().rsplit("next cursor: ", 1)[-1].strip()

    lines = whole.splitlines(keepends=True)
    middle, cursor = export("--cursor", f"7@{json.loads(lines[0])['log']}")
    context.check("a cursor goes on at its entry", middle == b"".join(lines[7:]) and cursor.startswith(f"{len(lines)}@"), cursor)
    of_vendor, _ = export("--vendor", "hubspot")
    expected = b"".join(line for line in lines if json.loads(line)["kind"] in ("intent", "outcome", "denied"))
    context.check("a vendor's export has its transfers with their outcomes", of_vendor == expected)
    nothing, _ = export("--vendor", "mailchimp")
    context.check("another vendor's has none", nothing == b"")
    late, _ = export("--since", "2126-01-01")
    context.check("a range of times is kept to", late == b"")


def refusals(context, place, folder):
    (folder / "bad.cursor").write_text("nonsense\n")
    origin = "somebody.example/else"
    table = [
        ("a cursor of another log", ["--cursor", f"3@{origin}"], 1, "from-index"),
        ("a cursor beyond the end", ["--cursor-file", str(folder / "far.cursor")], 1, "verify"),
        ("a file that holds no cursor", ["--cursor-file", str(folder / "bad.cursor")], 1, "remove it"),
        ("an output that is there already", ["--output", str(folder / "export.csv")], 1, "name a file"),
        ("an unknown format", ["--format", "xml"], 2, "cloudevents"),
        ("a malformed cursor", ["--cursor", "x"], 2, "4711@"),
        ("a cursor and a cursor file", ["--cursor", "3@a", "--cursor-file", "b"], 2, "not both"),
    ]
    own = (folder / "job.cursor").read_text().split("@", 1)[1]
    (folder / "far.cursor").write_text(f"999999@{own}")
    before = (folder / "export.csv").read_bytes()
    for what, arguments, code, word in table:
        done = place.command("log", "export", "--config", place.config, *arguments, ok=None)
        text = done.stderr.decode()
        context.check(f"{what} is refused in a sentence", done.returncode == code and word in text and done.stdout == b"",
                      f"{done.returncode}: {text.strip().splitlines()[0][:110] if text.strip() else ''}")
    context.check("and nothing was overwritten", (folder / "export.csv").read_bytes() == before)
