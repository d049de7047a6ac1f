"""How fast people and machines are served beside the gate: console pages over much data, and API reads while the gate forwards.

Pages: an installation with many agreements, people and transfers, made here (`--data` keeps it); server time is from the last byte of the
request to the first of the answer, on loopback. Reads: 200 requests/s of the API while the gate forwards at half its maximum, and the
gate's p99 with and without them, in interleaved rounds. Load, gate and vendor share the machine's cores.
"""
import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from compare import ROOT, GateError
from openload import HERE, Seen, Site, main_guarded
from console import Person

PAGE_MILLISECONDS_AIM, READ_MILLISECONDS_AIM, RISE_AIM = 100, 10, 1.1
READS_PER_SECOND = 200
PURPOSES_A_VENDOR = 10
PASSWORD = "four plain words suffice"
# Every page that shows what is much; {…} is filled in from what the API lists first.
PAGES = [
    "/console", "/console/vendors", "/console/vendors/{vendor}", "/console/agreements", "/console/agreements/{agreement}", "/console/due",
    "/console/stops", "/console/transfers", "/console/transfers?vendor=hubspot&decision=allow_redacted", "/console/transfers/{transfer}",
    "/console/subjects", "/console/consents", "/console/engagements", "/console/log", "/console/sinks", "/console/accounts",
    "/console/tokens", "/console/account", "/console/sessions", "/console/packages", "/console/callers", "/console/callers/crm", "/console/erasure-requests",
    "/console/agreements/new", "/console/agreements/{agreement}/history", "/console/agreements/{agreement}/diff", "/console/agreements/{agreement}/yaml",
    "/console/stops/new?kind=agreement", "/console/stops/new?kind=vendor", "/console/transfers/statistics", "/console/accounts/new",
]
ADMINISTRATOR = {"/console/accounts", "/console/accounts/new", "/console/tokens", "/console/sessions"}
READS = ["/v1/vendors?limit=50", "/v1/agreements?limit=50", "/v1/transfers?limit=20", "/v1/purposes", "/v1/callers"]


class Data:
    """An installation as large as the aims say, made once."""

    def __init__(self, folder, binary, generator, chosen):
        self.home, self.binary = Path(folder), str(binary)
        self.config = self.home / "waybill.yaml"
        if self.config.exists():
            return
        began = time.monotonic()
        subprocess.run([str(generator), "--transfers", str(chosen.transfers), "--subjects", str(chosen.people), str(self.home)], check=True,
                       env=os.environ | {"WAYBILL": self.binary}, stderr=subprocess.DEVNULL)
        print(f"log of {chosen.transfers:,} transfers made in {time.monotonic() - began:.0f} s", flush=True)
        self.agreements(chosen.agreements)
        self.people(chosen.people)
        self.command("log", "reindex")

    def agreements(self, count):
        policies = self.home / "policies"
        vendor = (policies / "vendors" / "mailer.yaml").read_text()
        agreement = (policies / "agreements" / "mailer-newsletter.yaml").read_text()
        purposes = [f"p{number}" for number in range(PURPOSES_A_VENDOR)]
        with (policies / "catalog" / "purposes.yaml").open("a") as file:
            file.writelines(f"  {each}: {{narrows: [direct_marketing], dpv: DirectMarketing, personalization: 1}}\n" for each in purposes)
        uses = []
        for number in range(count // PURPOSES_A_VENDOR):
            name = f"vendor-{number}"
            (policies / "vendors" / f"{name}.yaml").write_text(
                vendor.replace("vendor: mailer", f"vendor: {name}").replace("api.mailer.example", f"api.{name}.example"))
            for each in purposes:
                (policies / "agreements" / f"{name}-{each}.yaml").write_text(
                    agreement.replace("agreement: mailer-newsletter", f"agreement: {name}-{each}").replace("vendor: mailer", f"vendor: {name}")
                    .replace("org: mailer", f"org: {name}").replace("id: newsletter", f"id: {each}"))
                uses.append(f"  - {{agreement: {name}-{each}, purposes: [{each}]}}")
        caller = policies / "callers" / "crm.yaml"
        caller.write_text(caller.read_text().replace(
            "may_use: [{agreement: mailer-newsletter, purposes: [newsletter]}]",
            "\n".join(["may_use:", "  - {agreement: mailer-newsletter, purposes: [newsletter]}", *uses])))

    def people(self, count):
        for kind, line in (("subject", '{"ids":["email:person%d@example.com"],"countries":["DE"],"country_source":"billing"}'),
                           ("consent", '{"subject":"email:person%d@example.com","purpose":"newsletter","state":"given","recipients":["mailer"],'
                                       '"event_time":"2026-10-30T00:00:00Z","notice":"n-1","proof":"web-form"}')):
            began = time.monotonic()
            with tempfile.NamedTemporaryFile("w", suffix=".ndjson") as file:
                file.writelines(line % number + "\n" for number in range(count))
                file.flush()
                self.command(kind, "import", file.name)
            print(f"{count:,} {kind}s imported in {time.monotonic() - began:.0f} s", flush=True)

    def command(self, *arguments):
        done = subprocess.run([self.binary, *arguments, "--config", str(self.config)], capture_output=True, text=True)
        if done.returncode:
            raise GateError(f"waybill {' '.join(arguments)}: {done.stderr[-300:]}")
        return done.stdout


class Served:
    """A gate over the data; its control listener on a free port."""

    def __init__(self, data):
        self.data = data

    def __enter__(self):
        line = [self.data.binary, "serve", "--config", str(self.data.config)]
        for name in ("gate", "proxy", "control"):
            line += ["--set", f"listen.{name}=127.0.0.1:0"]
        began = time.monotonic()
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.ready = json.loads(self.process.stdout.readline())
        print(f"gate ready after {time.monotonic() - began:.1f} s, resident {self.resident_mb():,.0f} MB", flush=True)
        return self

    def resident_mb(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(60)


def token(command, *roles):
    return next(word for word in command("token", "create", f"bench-{time.time_ns()}", *(part for role in roles for part in ("--role", role))).split()
                if word.startswith("wbt_"))


class Reader:
    """The API, by a token."""

    def __init__(self, address, secret):
        host, _, port = address.rpartition(":")
        self.connection = http.client.HTTPConnection(host, int(port), timeout=30)
        self.headers = {"Authorization": f"Bearer {secret}"}

    def read(self, path):
        began = time.perf_counter()
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise GateError(f"GET {path}: {answer.status} {body[:200]}")
        return json.loads(body), time.perf_counter() - began


def first_ids(reader):
    """One of each to look at; empty where the list is."""
    names = {"vendor": ("/v1/vendors", "vendor"), "agreement": ("/v1/agreements", "agreement"), "transfer": ("/v1/transfers", "xid")}
    found = {}
    for name, (path, key) in names.items():
        items = reader.read(f"{path}?limit=1")[0]["items"]
        found[name] = str(items[0].get(key) or items[0].get("id")) if items else ""
    return found


def pages(chosen, folder):
    data = Data(folder, chosen.waybill, chosen.generator, chosen)
    with Served(data) as served:
        ids = first_ids(Reader(served.ready["control"], token(data.command, "vendor_manager", "auditor")))
        code = next(word for word in data.command("account", "invite").split() if word.startswith("wbs_"))
        boss = Person(served.ready["control"]).set_up(code, f"boss{time.time_ns() % 1_000_000}", "Boss", PASSWORD)
        roles = [part for role in ("vendor_manager", "approver", "privacy_officer", "auditor") for part in ("--role", role)]
        made = data.command("account", "create", f"all{time.time_ns() % 1_000_000}", "--name", "All", *roles)
        person = Person(served.ready["control"]).set_up(next(word for word in made.split() if word.startswith("wbs_")), "", "", PASSWORD)
        print(f"\n{'page':72} {'median ms':>10} {'slowest ms':>11} {'bytes':>9}")
        worst = 0
        for page in PAGES:
            path = page.format(**ids)
            reader = boss if page in ADMINISTRATOR else person
            seen = [reader.page(path) for _ in range(chosen.times)]
            if seen[0][0] != 200:
                print(f"{path:72} {seen[0][0]}")
                worst = float("inf")
                continue
            times = sorted(1000 * took for _, _, took in seen)
            worst = max(worst, times[-1])
            print(f"{path:72} {statistics.median(times):10.1f} {times[-1]:11.1f} {len(seen[0][1]):9,}", flush=True)
        print(f"\nslowest page {worst:.1f} ms (aim {PAGE_MILLISECONDS_AIM}): {'met' if worst <= PAGE_MILLISECONDS_AIM else 'MISSED'}")
        return worst <= PAGE_MILLISECONDS_AIM


class Reading(threading.Thread):
    """API reads at a steady rate, beside the load: over so many connections that a slow answer holds no other back, begun one after another."""

    CONNECTIONS = 20

    def __init__(self, site, secret, seconds):
        super().__init__()
        self.site, self.secret, self.seconds, self.seen, self.failure = site, secret, seconds, None, None

    def run(self):
        paths, journal = self.site.home / "reads.txt", self.site.home / "reads.tsv"
        paths.write_text("".join(f"{self.site.control}{path}\n" for path in READS))
        journal.unlink(missing_ok=True)
        apart_ms = 1000 // READS_PER_SECOND
        done = subprocess.run(
            ["h2load", "--h1", "-t", "1", "-c", str(self.CONNECTIONS), "-n", str(READS_PER_SECOND * self.seconds),
             f"--rps={READS_PER_SECOND / self.CONNECTIONS}", "-r", "1", f"--rate-period={apart_ms}ms", f"--log-file={journal}",
             "-i", str(paths), "-H", f"Authorization: Bearer {self.secret}"], capture_output=True, text=True, timeout=self.seconds + 120)
        if done.returncode or not journal.exists():
            self.failure = f"h2load ended with {done.returncode}: {done.stderr[-400:]}"
        else:
            self.seen = Seen(journal, skip=1)

    def answers(self):
        """What was answered; only answers of 200 count, and all must be."""
        self.join()
        if self.failure or self.seen.others(200):
            raise GateError(self.failure or f"API reads were answered {self.seen.others(200)}")
        return self.seen


def reads(chosen):
    with Site(chosen.waybill, chosen.policies, chosen.subjects) as site:
        secret = token(lambda *words: site.gate.installation.command(*words, "--config", site.gate.installation.config).stdout.decode(),
                       "vendor_manager", "auditor")
        site.load(64, 2)
        maximum = sorted(site.load(64, chosen.seconds).rate(201) for _ in range(3))[1]
        print(f"\nmaximum in a closed loop {maximum:,.0f}/s; half of it offered over {chosen.connections} connections, {chosen.seconds} s a round")
        print(f"{'round':>5} {'':10} {'served/s':>10} {'gate p50':>9} {'gate p99':>9} {'API p50':>9} {'API p99':>9}  ms")
        alone, beside, answers = [], [], []
        for number in range(chosen.rounds):
            for has_reads in (False, True):
                reading = Reading(site, secret, chosen.seconds) if has_reads else None
                if reading:
                    reading.start()
                seen = site.load(chosen.connections, chosen.seconds + 1, rate=maximum / 2, skip=1)
                api = ""
                if reading:
                    read = reading.answers()
                    answers.append(read.percentile_ms(0.99, 200))
                    api = f"{read.percentile_ms(0.5, 200):9.2f} {answers[-1]:9.2f}"
                (beside if reading else alone).append(seen.percentile_ms(0.99, 201))
                print(f"{number + 1:5} {'with reads' if reading else 'alone':10} {seen.rate(201):10,.0f} {seen.percentile_ms(0.5, 201):9.2f} "
                      f"{seen.percentile_ms(0.99, 201):9.2f} {api}", flush=True)
        p99, rise = statistics.median(answers), statistics.median(beside) / statistics.median(alone)
        met = p99 <= READ_MILLISECONDS_AIM and rise <= RISE_AIM
        print(f"API reads: p99 {p99:.2f} ms (aim {READ_MILLISECONDS_AIM}); the gate's p99 × {rise:.2f} (aim {RISE_AIM}): {'met' if met else 'MISSED'}")
        return met


def run():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--waybill", required=True, help="the release binary")
    options.add_argument("--generator", help="the release build of Benchmarks' generate-log; without it no pages")
    options.add_argument("--policies", default=ROOT / "policies", type=Path)
    options.add_argument("--data", help="a folder for the large installation, kept; default: one that is removed")
    options.add_argument("--transfers", type=int, default=10_000_000)
    options.add_argument("--people", type=int, default=1_000_000)
    options.add_argument("--agreements", type=int, default=10_000)
    options.add_argument("--times", type=int, default=20, help="each page is asked for")
    options.add_argument("--seconds", type=int, default=10, help="of a round of reads")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--connections", type=int, default=256)
    options.add_argument("--subjects", type=int, default=10_000)
    options.add_argument("--only", choices=["pages", "reads"])
    chosen = options.parse_args()
    met = True
    if chosen.only != "pages":
        met = reads(chosen)
    if chosen.only != "reads" and chosen.generator:
        if chosen.data:
            met = pages(chosen, chosen.data) and met
        else:
            with tempfile.TemporaryDirectory(prefix="waybill-control-") as folder:
                met = pages(chosen, Path(folder) / "data") and met
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main_guarded(run, "bench/control"))
