"""The console with what nobody types: every page, link and search of every role, with numbers, dates and signs at the ends of what there is."""
import html
import http.client
import re
from urllib.parse import quote, urlsplit

from checks.access import Person
from checks.console import PEOPLE, traffic
from gate import Gate
from people import VENDOR_HOSTS, resolve_all
from vendor import Vendors

NEEDS_SHARED = False
# Of one kind, like one vendor's pages.
PAGES_MAX = 4
VALUES = [
    "-9223372036854775808", "9223372036854775807", "18446744073709551615", "99999999999999999999999", "-1", "0", "1e9", "0001-01-01", "9999-12-31",
    "1677-01-01", "2262-12-31", "18446744073709551615@acme.example/waybill", "9223372036854775808@x", "\u0600<wb-hostile>", "\"\u0301 wb-hostile=",
    "<wb-hostile>", "../../etc/passwd", "\u202e", "x" * 6000, "\U0001f9fe" * 300, " ", ".",
]
RAW = ["%00", "%ff", "%", "%c0%af", "+", "%0d%0aSet-Cookie:%20wb=hostile"]
UNDERSTOOD = {200, 303, 400, 403, 404, 409, 413, 414, 422, 429, 431}


def run(context):
    with Vendors(context.home / "hostile-ca", VENDOR_HOSTS) as vendors:
        place = context.installation("hostile", resolve=resolve_all(vendors.port), trust=[vendors.authority])
        place.config.write_text(place.config.read_text().replace("listen: {", 'listen: {control: "127.0.0.1:0", ', 1))
        with Gate(place, context.token) as gate:
            traffic(place, gate)
            for name, roles in PEOPLE.items():
                grant = [word for role in roles for word in ("--role", role)]
                code = place.command("account", "create", name, "--config", place.config, "--name", "\u0600<wb-hostile>", *grant)
                person = Person(gate.control)
                person.set_up(code.stdout.decode().strip(), {})
                if name == "auditor":
                    engagement(person)
                walk(context, name, person, gate)
        context.check("the gate's own log tells of no failure of a page", "console page failed" not in (place.home / "gate.log").read_text())


def engagement(person):
    """With a sample and a finding, so that their pages are there."""
    person.ask("GET", "/console/engagements/new")
    fields = {"vendor": "hubspot", "subject": "s", "hook": "h", "from": "2026-01-01", "until": "2030-01-01"}
    person.send("/console/engagements/new", fields)
    one = person.location
    for act, fields in [
        ("sample", {"seed": "s", "count": "3"}), ("finding", {"title": "t", "severity": "low", "owner": "o", "due": "2030-01-01", "effect": "none"}),
        ("settle", {"finding": VALUES[0], "how": "resolved", "answer": "a"}),
    ]:
        person.ask("GET", f"{one}/{act}")
        person.send(f"{one}/{act}", fields)


def walk(context, name, person, gate):
    seen, waiting, kinds = set(), ["/console"], {}
    faults, count, alive = [], 0, True

    def ask(path):
        nonlocal count, alive
        count += 1
        try:
            status = person.ask("GET", path)
        except (http.client.HTTPException, OSError) as problem:
            faults.append(f"{path[:100]}: {type(problem).__name__}")
            alive = gate.process.poll() is None
            return None
        if status not in UNDERSTOOD or "<wb-hostile" in person.page or '" wb-hostile' in person.page.replace("\u0301", ""):
            faults.append(f"{path[:100]}: {status}")
        return status

    while waiting and alive:
        path = waiting.pop(0)
        parts = urlsplit(path).path.split("/")
        kind = "/".join(parts[:3] + ["*"] + parts[4:]) if len(parts) > 3 else path.split("=")[0]
        if path in seen or "/export" in path or kinds.get(kind, 0) == PAGES_MAX:
            continue
        seen.add(path)
        kinds[kind] = kinds.get(kind, 0) + 1
        if ask(path) == 303 and person.location.startswith("/"):
            waiting.append(person.location.split("#")[0])
            continue
        page = person.page
        waiting += [html.unescape(link).split("#")[0] for link in re.findall(r'href="(/console[^"]*)"', page)]
        bare = urlsplit(path).path
        names = set(re.findall(r' name="([a-z_]+)"', page)) - {"csrf"} | {"cursor", "q"}
        for value in [quote(value, safe="") for value in VALUES] + RAW:
            if not alive:
                break
            if bare.count("/") > 2:
                ask(f"{bare.rsplit('/', 1)[0]}/{value}")
            if "?" in path or "cursor" in page or 'method="get"' in page:
                ask(f"{bare}?" + "&".join(f"{name}={value}" for name in sorted(names)))
                for one in sorted(names)[:12]:
                    ask(f"{bare}?{one}={value}")
    context.check(f"every page stands what the {name} may bring: {len(seen)} pages", alive and not faults and count > 200,
                  f"{count} requests; {faults[:5]}")
