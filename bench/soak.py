"""Hours in minutes: mixed traffic at about half the gate's maximum, and what becomes of its memory, files and log.

Sends on kept-alive connections (h2load), and beside them, a hundred a second: refusals, connections of one request, bodies in pieces,
callers that leave before the answer, and one that sends its head byte by byte. Every few seconds: resident memory, open files, size of the
log, requests by how they ended. Growth is the median of the last tenth over that of the first tenth after the warm-up.
"""
import argparse
import json
import random
import socket
import statistics
import sys
import threading
import time
from pathlib import Path

import chart
from compare import TOKEN
from openload import HERE, ROUTE, Site, main_guarded

SEGMENT_SECONDS = 30


class Oddities(threading.Thread):
    """The callers that are not like a benchmark's."""

    def __init__(self, site, per_second):
        super().__init__(daemon=True)
        self.site, self.per_second, self.ended = site, per_second, threading.Event()
        self.body = site.body.read_bytes()
        self.done = dict.fromkeys(("one request", "unknown token", "no consent", "not JSON", "unknown path", "in pieces", "left", "slow head"), 0)
        self.failed = 0

    def head(self, path=ROUTE, token=TOKEN, length=None, close=True):
        length = len(self.body) if length is None else length
        return (f"POST {path} HTTP/1.1\r\nHost: gate\r\nWaybill-Token: {token}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {length}\r\n{'Connection: close' if close else 'Accept: */*'}\r\n\r\n").encode()

    def talk(self, pieces, pause=0.0, reads=True):
        with socket.create_connection(("127.0.0.1", self.site.gate.port), timeout=30) as caller:
            for piece in pieces:
                caller.sendall(piece)
                if pause:
                    time.sleep(pause)
            if not reads:
                return b""
            got = b""
            while chunk := caller.recv(65536):
                got += chunk
            return got

    def one(self, kind):
        body = self.body
        expected = {"one request": 201, "unknown token": 401, "no consent": 403, "not JSON": 422, "unknown path": 403, "in pieces": 201}
        match kind:
            case "unknown token": answer = self.talk([self.head(token="nobody"), body])
            case "no consent":
                stranger = body.replace(b"person0000001@", b"nobody-knows@")
                answer = self.talk([self.head(length=len(stranger)), stranger])
            case "not JSON": answer = self.talk([self.head(length=9), b'{"a":1,,}'])
            case "unknown path": answer = self.talk([self.head(path="/to/hubspot/crm/v9/none"), body])
            case "in pieces": answer = self.talk([self.head(), *(body[i:i + 100] for i in range(0, len(body), 100))], pause=0.005)
            case "left": answer = self.talk([self.head(), body], reads=False)
            case "slow head": answer = self.talk([self.head()[i:i + 1] for i in range(40)], pause=0.02, reads=False)
            case _: answer = self.talk([self.head(), body])
        self.done[kind] += 1
        if kind in expected and not answer.startswith(f"HTTP/1.1 {expected[kind]}".encode()):
            self.failed += 1

    def run(self):
        chance = random.Random(1)
        kinds = list(self.done)
        while not self.ended.is_set():
            began = time.monotonic()
            kind = chance.choices(kinds, weights=[60, 8, 8, 8, 8, 2, 5, 1])[0]
            try:
                self.one(kind)
            except OSError:
                self.failed += 1
            time.sleep(max(0, 1 / self.per_second - (time.monotonic() - began)))


def sample(site, began):
    metrics = site.metrics()
    ended = {key.split('outcome="')[1].split('"')[0]: value for key, value in metrics.items()
             if key.startswith('waybill_requests_total{listener="gate"')}
    return {"seconds": time.monotonic() - began, "rss": metrics["process_resident_memory_bytes"], "fds": metrics["process_open_fds"],
            "cpu": metrics["process_cpu_seconds_total"], "log": site.log_bytes(), "entries": metrics["waybill_log_entries"],
            "in_flight": metrics["waybill_requests_in_flight"], "ended": ended}


def growth(samples, key, warm_up):
    kept = [s[key] for s in samples if s["seconds"] >= warm_up]
    tenth = max(1, len(kept) // 10)
    first, last = statistics.median(kept[:tenth]), statistics.median(kept[-tenth:])
    return first, last, (last / first - 1) * 100


def draw(path, samples, warm_up):
    def line(key, scale):
        return [(s["seconds"] / 60, s[key] / scale) for s in samples]
    chart.write(path, "Waybill's soak", [
        chart.Panel("resident memory", "minutes", "MB", [("resident", line("rss", 1e6))]),
        chart.Panel("open files", "minutes", "files", [("open", line("fds", 1))]),
        chart.Panel("transfer log", "minutes", "MB", [("on disk", line("log", 1e6))]),
    ])


def run():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--waybill", required=True, help="the release binary")
    options.add_argument("--policies", default=HERE.parent / "policies", type=Path)
    options.add_argument("--minutes", type=float, default=30)
    options.add_argument("--warm-up", type=float, default=None, help="minutes; a fifth of the run, at most five, unless said")
    options.add_argument("--share", type=float, default=0.5, help="of the maximum, for the kept-alive sends")
    options.add_argument("--connections", type=int, default=100)
    options.add_argument("--odd", type=float, default=100, help="other requests a second")
    options.add_argument("--every", type=float, default=5, help="seconds between samples")
    options.add_argument("--subjects", type=int, default=100_000)
    options.add_argument("--out", type=Path, default=HERE / "results" / "soak.svg")
    chosen = options.parse_args()
    warm_up = 60 * (min(5, chosen.minutes / 5) if chosen.warm_up is None else chosen.warm_up)
    with Site(chosen.waybill, chosen.policies, chosen.subjects) as site:
        site.load(64, 2)
        maximum = site.load(64, 5).rate(201)
        rate = maximum * chosen.share
        print(f"maximum {maximum:,.0f}/s; {chosen.minutes:g} minutes at {rate:,.0f}/s and {chosen.odd:g} odd ones a second", flush=True)
        odd, samples, began = Oddities(site, chosen.odd), [], time.monotonic()
        odd.start()
        end, stop = began + chosen.minutes * 60, threading.Event()

        def watch():
            while not stop.wait(chosen.every):
                samples.append(sample(site, began))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        others, told = {}, 0.0
        while (left := end - time.monotonic()) > 1:
            seen = site.load(chosen.connections, int(min(SEGMENT_SECONDS, max(1, left))), rate=rate)
            for status, count in seen.others(201).items():
                others[status] = others.get(status, 0) + count
            if time.monotonic() - told > 60 and samples:
                told = time.monotonic()
                now = samples[-1]
                print(f"{now['seconds'] / 60:6.1f} min  RSS {now['rss'] / 1e6:7.1f} MB  files {now['fds']:5.0f}  log {now['log'] / 1e6:8.1f} MB  "
                      f"entries {now['entries']:12,.0f}  p99 {seen.percentile_ms(0.99, 201):.1f} ms", flush=True)
        stop.set()
        odd.ended.set()
        watcher.join(30)
        odd.join(60)
        return report(site, chosen, samples, warm_up, others, odd)


def report(site, chosen, samples, warm_up, others, odd):
    last = samples[-1]
    print(f"\nended: {', '.join(f'{name} {count:,.0f}' for name, count in last['ended'].items())}; odd: {odd.done}, {odd.failed} not as expected; "
          f"h2load's other than 201: {others or 'none'}")
    for key, name, scale in (("rss", "resident memory, MB", 1e6), ("fds", "open files", 1)):
        first, now, percent = growth(samples, key, warm_up)
        print(f"{name}: {first / scale:.1f} after {warm_up / 60:.1f} minutes, {now / scale:.1f} at the end: {percent:+.1f} %")
    _, _, percent = growth(samples, "rss", warm_up)
    chosen.out.parent.mkdir(exist_ok=True)
    draw(chosen.out, samples, warm_up)
    chosen.out.with_suffix(".json").write_text(json.dumps(samples) + "\n")
    print(f"curve: {chosen.out}")
    verified = site.gate.installation.verify()
    print(f"afterwards: log of {verified.get('entries', 0):,} entries, verification {'ok' if verified['exit'] == 0 else 'FAILED'}")
    print(f"memory growth after warm-up: {percent:+.1f} % (aim: under 5 %)")
    return verified["exit"] or (0 if percent < 5 else 1)


if __name__ == "__main__":
    sys.exit(main_guarded(run, "bench/soak"))
