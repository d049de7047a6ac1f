"""What bench/overload and bench/soak share: a gate between a load of h2load's and nginx as the vendor, and what the load saw."""
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from compare import HERE, TOKEN, GateError, Nginx, Waybill, check_one, free_port

CONTACT = HERE / "contact.json"
ROUTE = "/to/hubspot/crm/v3/objects/contacts"


class Site:
    """The vendor and the gate in a folder of their own; a context manager."""

    def __init__(self, binary, policies, subjects):
        self.binary, self.policies, self.subjects = Path(binary).resolve(), policies, subjects
        self.home = Path(tempfile.mkdtemp(prefix="waybill-load-"))
        self.started = []

    def __enter__(self):
        # Hundreds of connections on both sides of the gate: the usual 1,024 files would be the limit that is measured.
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        # Debian's nginx started by root gives its workers another user, who must reach the folder.
        self.home.chmod(0o755)
        os.environ["WAYBILL_LISTEN_CONTROL"] = "127.0.0.1:0"
        try:
            self.upstream = Nginx("upstream", "upstream", self.home, free_port(), 1)
            self.started.append(self.upstream)
            self.gate = Waybill(self.binary, self.home, self.upstream.port, self.subjects, self.policies)
            self.started.append(self.gate)
            self.body = self.home / "contact.json"
            self.body.write_text(CONTACT.read_text(encoding="utf-8").replace("@SUBJECT@", "0000001"), encoding="utf-8")
            check_one(self.gate, CONTACT)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for each in reversed(self.started):
            each.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    @property
    def control(self):
        return "http://" + self.gate.gate.ready["control"]

    def metrics(self):
        """Every sample of /metrics, by name and labels as written."""
        with urllib.request.urlopen(self.control + "/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))}

    def log_bytes(self):
        return sum(path.stat().st_size for path in (self.gate.installation.home / "var").glob("*-log.db*"))

    def load(self, connections, seconds, rate=None, token=TOKEN, skip=0.0):
        """h2load for some seconds: a closed loop, or `rate` requests a second over all connections. Returns what it saw after `skip`.

        The connections of an open loop begin one after another within the time between two requests of one: begun together they would send
        together for ever, in bursts as large as they are many.
        """
        journal = self.home / "h2load.tsv"
        journal.unlink(missing_ok=True)
        if rate:
            pace = ["-n", str(int(rate * seconds)), f"--rps={rate / connections:.6f}", "-r", str(max(1, round(rate / 100))), "--rate-period=10ms"]
        else:
            pace = ["-D", f"{seconds}s"]
        line = ["h2load", "--h1", "-t", "1", "-c", str(connections), *pace, f"--log-file={journal}",
                "-d", str(self.body), "-H", "Content-Type: application/json", "-H", "Accept: application/json",
                "-H", "Authorization: Bearer pat-na1-bench", "-H", f"Waybill-Token: {token}"]
        line.append(f"http://127.0.0.1:{self.gate.port}{ROUTE}")
        done = subprocess.run(line, capture_output=True, text=True, timeout=seconds + 120)
        if done.returncode or not journal.exists():
            raise GateError(f"h2load ended with {done.returncode}: {done.stdout[-400:]} {done.stderr[-400:]}")
        return Seen(journal, skip)


class Seen:
    """One run of h2load, request by request."""

    def __init__(self, journal, skip):
        with open(journal) as rows:
            seen = [tuple(map(int, row.split("\t")[:3])) for row in rows]
        first = min((began for began, _, _ in seen), default=0) + skip * 1e6
        seen = [one for one in seen if one[0] >= first]
        if not seen:
            raise GateError("h2load saw no request")
        self.by_status = {}
        for _, status, took in seen:
            self.by_status.setdefault(status, []).append(took)
        for times in self.by_status.values():
            times.sort()
        # Over the time in which requests began: the last answers may take long to come.
        self.seconds = max((max(began for began, _, _ in seen) - first) / 1e6, 0.001)

    def count(self, *statuses):
        return sum(len(self.by_status.get(status, [])) for status in statuses)

    @property
    def total(self):
        return sum(map(len, self.by_status.values()))

    def rate(self, *statuses):
        return self.count(*statuses) / self.seconds

    def percentile_ms(self, share, status):
        times = self.by_status.get(status, [])
        return times[min(len(times) - 1, int(share * len(times)))] / 1000 if times else float("nan")

    def others(self, *statuses):
        return {status: len(times) for status, times in self.by_status.items() if status not in statuses}


def main_guarded(run, name):
    try:
        return run()
    except GateError as problem:
        print(f"{name}: {problem}", file=sys.stderr)
        return 1
