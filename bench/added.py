"""bench/compare --added: the latency that each proxy adds at a low, steady rate, without what a disk costs.

64 connections ask now and then, about a thousand requests a second together, so that nothing queues and no core is short. Waybill's store lies
in memory (/dev/shm): the commit is made and waited for, hop to the log's writer and back included, but no disk is synced. What a proxy adds is
its percentile minus that of the upstream asked directly in the same rounds. Beside it stand the gate's own histograms of the same requests,
read from /metrics: from a request's head to the first byte towards the vendor (`added`), and of that the decision and the commit.
"""
import os
import shutil
import statistics
import tempfile
import urllib.request
from pathlib import Path

from compare import HERE, GateError, Waybill, check_one, load

CONNECTIONS = 64
PAUSE_MS = 64
MEMORY = Path("/dev/shm")
HISTOGRAMS = ("added", "decide", "commit", "vendor")


class Direct:
    """The upstream without anything before it."""

    name, label, token = "direct", "the upstream, asked directly", ""

    def __init__(self, upstream):
        self.port, self.pid, self.identity = upstream.port, upstream.pid, upstream.identity


def run(chosen, home, started, identity):
    if chosen.peers_only or not MEMORY.is_dir():
        raise GateError("--added needs Waybill, and /dev/shm for its store")
    os.environ["WAYBILL_LISTEN_CONTROL"] = "127.0.0.1:0"
    memory = Path(tempfile.mkdtemp(prefix="waybill-bench-", dir=MEMORY))
    try:
        waybill = Waybill(Path(chosen.waybill).resolve(), memory, started[0].port, chosen.subjects, chosen.policies, identity)
        started.append(waybill)
        return measure(chosen, [Direct(started[0]), *started[1:]], waybill)
    finally:
        if started[-1].name == "waybill":
            started.pop().stop()
        shutil.rmtree(memory, ignore_errors=True)


def measure(chosen, proxies, waybill):
    print(f"added latency: {CONNECTIONS} connections, about {CONNECTIONS * 1000 // PAUSE_MS:,} requests/s together"
          f"{', TLS on both sides' if chosen.tls else ''}, store in memory; {chosen.rounds} rounds of {chosen.seconds} s")
    rows = {proxy.name: [] for proxy in proxies}
    for proxy in proxies:
        check_one(proxy, HERE / "contact.json")
        load(proxy, CONNECTIONS, 1, chosen.threads, chosen.subjects, PAUSE_MS)
    before = histograms(waybill)
    for number in range(chosen.rounds):
        for offset in range(len(proxies)):
            proxy = proxies[(offset + number) % len(proxies)]
            rows[proxy.name].append(load(proxy, CONNECTIONS, chosen.seconds, chosen.threads, chosen.subjects, PAUSE_MS))
    after = histograms(waybill)

    print(f"\n{'medians of the rounds':32} {'requests/s':>11} {'p50 ms':>8} {'p99 ms':>8} {'added p50':>10} {'added p99':>10}")
    base = None
    for proxy in proxies:
        mine = {key: statistics.median(row[key] for row in rows[proxy.name]) for key in ("rate", "p50_us", "p99_us", "bad_status", "broken")}
        base = base or mine
        text = f"{proxy.label:32} {mine['rate']:11,.0f} {mine['p50_us'] / 1000:8.2f} {mine['p99_us'] / 1000:8.2f}"
        if proxy.name != "direct":
            text += f" {(mine['p50_us'] - base['p50_us']) / 1000:10.2f} {(mine['p99_us'] - base['p99_us']) / 1000:10.2f}"
        print(text + ("   had refusals: does not count" if any(row["bad_status"] or row["broken"] for row in rows[proxy.name]) else ""))
    print("\ninside the gate, the same requests, upper ends of buckets")
    for name in HISTOGRAMS:
        counts = [(bound, after[name][bound] - before[name].get(bound, 0)) for bound in sorted(after[name])]
        print(f"  {name:8} p50 ≤ {quantile(counts, 0.5):7.2f} ms   p99 ≤ {quantile(counts, 0.99):7.2f} ms   ({counts[-1][1]:,.0f} requests)")
    return 0


def histograms(waybill):
    """Cumulative counts by upper end in seconds, of each histogram."""
    with urllib.request.urlopen(f"http://{waybill.gate.ready['control']}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    found = {}
    for name in HISTOGRAMS:
        start = f'waybill_{name}_seconds_bucket{{'
        mine = [line for line in lines if line.startswith(start)]
        if not mine:
            raise GateError(f"the gate's metrics have no histogram waybill_{name}_seconds")
        found[name] = {float(line.split('le="')[1].split('"')[0].replace("+Inf", "inf")): float(line.rpartition(" ")[2]) for line in mine}
    return found


def quantile(counts, share):
    total = counts[-1][1]
    return next((bound * 1000 for bound, count in counts if count >= share * total), float("nan"))
