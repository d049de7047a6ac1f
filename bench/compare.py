"""Waybill beside nginx and nginx + Lua: interleaved rounds, one upstream, the CPU time of the proxy alone.

Every round sends the same load to each proxy in turn (the order rotates), so that a machine that slows down slows all of them. Load is
bounded: wrk, on loopback, for --seconds at each number of connections. CPU time is utime + stime of the proxy's processes, from /proc.
"""
import argparse
import http.client
import json
import os
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "scripts" / "lib"))
from gate import Gate, GateError, Installation, without_volume_limits  # noqa: E402
from ports import free_port, wait_for_port  # noqa: E402
from vendor import make_authority, make_leaf  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
TOKEN = "crm-sync-demo-token"
REQUESTS_MIN = 100


def family(pid):
    """The process and its children (nginx' workers)."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def cpu_seconds(pid):
    total = 0
    for each in family(pid):
        # Fields 14 and 15, counted after the command's name, which may itself hold spaces and brackets.
        words = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += int(words[11]) + int(words[12])
    return total / TICKS


def memory_mb(pid, key="VmRSS"):
    total = 0
    for each in family(pid):
        for line in Path(f"/proc/{each}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                total += int(line.split()[1])
    return total / 1024


class Identity:
    """For TLS on both sides: one certificate for `localhost`, under an authority of this run, for the upstream and the proxies alike."""

    def __init__(self, home):
        folder = home / "tls"
        folder.mkdir()
        key, self.authority = make_authority(folder)
        make_leaf(folder, "localhost", key, self.authority)
        self.certificate, self.key = folder / "localhost.pem", folder / "localhost.key"
        self.key.chmod(0o600)

    # One cipher for all that nginx does, the one that Waybill's TLS library prefers too, so that no side has the dearer one.
    CIPHER = "TLS_AES_128_GCM_SHA256"

    def nginx_server(self):
        return (f"ssl_certificate {self.certificate}; ssl_certificate_key {self.key}; ssl_protocols TLSv1.3; "
                f"ssl_conf_command Ciphersuites {self.CIPHER};")

    def nginx_client(self):
        return (f"proxy_ssl_verify on; proxy_ssl_trusted_certificate {self.authority}; proxy_ssl_name localhost; proxy_ssl_server_name on; "
                f"proxy_ssl_protocols TLSv1.3; proxy_ssl_conf_command Ciphersuites {self.CIPHER};")


class Nginx:
    def __init__(self, name, label, home, upstream, workers, identity=None):
        self.name, self.label, self.token, self.identity = name, label, "", identity
        self.port = upstream if name == "upstream" else free_port()
        text = (HERE / "nginx" / f"{name}.conf").read_text()
        tls = {"SSL": " ssl" if identity else "", "SERVER_TLS": identity.nginx_server() if identity else "",
               "CLIENT_TLS": identity.nginx_client() if identity else "", "SCHEME": "https" if identity else "http"}
        for key, value in {"HOME": home, "UPSTREAM": upstream, "PORT": self.port, "WORKERS": workers, **tls}.items():
            text = text.replace(f"@{key}@", str(value))
        conf = home / f"{name}.conf"
        conf.write_text(text)
        # Asked first whether its configuration holds: a message now beats a refused connection later.
        asked = subprocess.run(["nginx", "-t", "-p", str(home), "-c", str(conf)], capture_output=True, text=True)
        if asked.returncode:
            raise GateError(f"nginx refuses {name}.conf: {asked.stderr.strip()[-600:]}")
        self.process = subprocess.Popen(["nginx", "-p", str(home), "-c", str(conf)], stderr=subprocess.DEVNULL)
        wait_for_port(self.port)
        self.pid = self.process.pid
        self.idle_mb = memory_mb(self.pid)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class Waybill:
    """Everything on: token, consents of many subjects, reduction, the durable log."""

    name, label = "waybill", "Waybill, everything on"

    def __init__(self, binary, home, upstream, subjects, policies, identity=None):
        self.token, self.identity = TOKEN, identity
        scheme = "https" if identity else "http"

        def toward_upstream(folder):
            vendor = folder / "vendors" / "hubspot.yaml"
            text = vendor.read_text()
            if "https://api.hubapi.com" not in text:
                raise GateError("policies/vendors/hubspot.yaml no longer names https://api.hubapi.com; bench/compare.py must follow")
            without_volume_limits(folder)
            vendor.write_text(text.replace("https://api.hubapi.com", f"{scheme}://localhost:{upstream}"))

        # Loopback is a special-purpose address, which the gate dials only where the configuration says so by name.
        resolve = {f"localhost:{upstream}": f"127.0.0.1:{upstream}"}
        self.installation = Installation(home / "waybill", binary, policies, resolve=resolve, edit=toward_upstream,
                                         trust=[identity.authority] if identity else ())
        if identity:
            plain, listener = 'gate: "127.0.0.1:0"', f'{{address: "127.0.0.1:0", tls: {{certificate: "{identity.certificate}", key: "{identity.key}"}}}}'
            text = self.installation.config.read_text()
            if plain not in text:
                raise GateError("the installation's configuration no longer says where the gate listens; bench/compare.py must follow")
            self.installation.config.write_text(text.replace(plain, f"gate: {listener}"))
        self.gate = Gate(self.installation, TOKEN).start()
        self.pid, self.port = self.gate.process.pid, self.gate.address[1]
        self.started_in_ms = self.gate.started_in_ms
        time.sleep(1)
        self.idle_mb = memory_mb(self.pid)
        began = time.monotonic()
        self.installation.import_lines("consent", (
            {"subject": f"email:person{n:07d}@example.com", "purpose": "newsletter", "state": "given", "recipients": ["hubspot"],
             "event_time": "2026-05-01T00:00:00Z", "notice": "n-7", "proof": "web-form"} for n in range(subjects)))
        self.import_seconds = time.monotonic() - began
        self.loaded_mb = memory_mb(self.pid)

    def stop(self):
        self.gate.stop()


def check_one(proxy, contact):
    """The proxy answers 201 to one contact, or the comparison would measure refusals."""
    if proxy.identity:
        connection = http.client.HTTPSConnection("localhost", proxy.port, timeout=10,
                                                 context=ssl.create_default_context(cafile=proxy.identity.authority))
    else:
        connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)
    headers = {"Content-Type": "application/json", **({"Waybill-Token": proxy.token} if proxy.token else {})}
    body = contact.read_text(encoding="utf-8").replace("@SUBJECT@", "0000001").encode()
    connection.request("POST", "/to/hubspot/crm/v3/objects/contacts", body=body, headers=headers)
    answer = connection.getresponse()
    text = answer.read(2000).decode(errors="replace")
    connection.close()
    if answer.status != 201:
        raise GateError(f"{proxy.label} answered {answer.status} to a plain contact: {text[:400]}")


def load(proxy, connections, seconds, threads, subjects, pause_ms=0):
    """wrk for some seconds. `pause_ms`: the mean pause before each request of a connection; without it, as fast as answers come."""
    environment = dict(os.environ, WAYBILL_SUBJECTS=str(subjects), WAYBILL_TOKEN=proxy.token, WAYBILL_CONTACT=str(HERE / "contact.json"),
                       WAYBILL_PAUSE_MS=str(pause_ms))
    before = cpu_seconds(proxy.pid)
    done = subprocess.run(
        ["wrk", "-t", str(threads), "-c", str(connections), "-d", f"{seconds}s", "--timeout", "10s", "-s", str(HERE / "contact.lua"),
         f"{'https://localhost' if proxy.identity else 'http://127.0.0.1'}:{proxy.port}"],
        env=environment, capture_output=True, text=True, timeout=seconds + 60)
    after = cpu_seconds(proxy.pid)
    try:
        row = json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise GateError(f"wrk said nothing usable: {done.stdout[-300:]} {done.stderr[-300:]}") from None
    if row["requests"] < REQUESTS_MIN:
        raise GateError(f"{proxy.label}: only {row['requests']} requests in {seconds} s")
    row.update(rate=row["requests"] / row["seconds"], cpu_us=(after - before) * 1e6 / row["requests"], rss_mb=memory_mb(proxy.pid))
    return row


HEADINGS = f"{'':24} {'requests/s':>11} {'p50 ms':>8} {'p99 ms':>8} {'CPU µs/req':>11} {'RSS MB':>8}"


def line(label, row):
    text = (f"{label:24} {row['rate']:11,.0f} {row['p50_us'] / 1000:8.2f} {row['p99_us'] / 1000:8.2f} {row['cpu_us']:11.1f} "
            f"{row['rss_mb']:8.1f}")
    if row.get("bad_status") or row.get("broken"):
        text += f"   {row['bad_status']} refused, {row['broken']} broken"
    return text


def summarise(proxies, rows, connections):
    print(f"\nmedians, {connections} connections\n{HEADINGS} {'× nginx':>8} {'× Lua':>7}")
    medians = {}
    for proxy in proxies:
        mine = rows[proxy.name, connections]
        medians[proxy.name] = {key: statistics.median(row[key] for row in mine) for key in mine[0]}
        if any(row["broken"] or row["bad_status"] for row in mine):
            print(f"  {proxy.label}: had refusals or broken connections; its figures do not count")
    for proxy in proxies:
        mine = medians[proxy.name]
        ratios = [mine["cpu_us"] / medians[peer]["cpu_us"] for peer in ("plain", "lua")]
        print(line(proxy.label, mine) + f" {ratios[0]:8.2f} {ratios[1]:7.2f}")
    return medians


def main():
    import added  # It needs what stands above.

    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--waybill", help="the release binary")
    options.add_argument("--peers-only", action="store_true", help="without Waybill")
    options.add_argument("--tls", action="store_true", help="TLS on both sides of every proxy, the upstream's certificate verified")
    options.add_argument("--added", action="store_true",
                         help="instead: latency that each proxy adds at a low, steady rate, the store in memory (bench/added.py)")
    options.add_argument("--policies", default=ROOT / "policies", type=Path)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=8, help="of load, for each proxy, round and number of connections")
    options.add_argument("--connections", type=lambda text: [int(n) for n in text.split(",")], default=[32, 256])
    options.add_argument("--subjects", type=int, default=100_000, help="people with a consent, among whom each request looks one up")
    options.add_argument("--workers", type=int, default=os.cpu_count(), help="nginx worker processes")
    options.add_argument("--threads", type=int, default=2, help="of the load generator")
    options.add_argument("--json", type=Path, help="write every row to this file too")
    chosen = options.parse_args()
    if not chosen.waybill and not chosen.peers_only:
        options.error("--waybill PATH, or --peers-only")

    home = Path(tempfile.mkdtemp(prefix="waybill-bench-"))
    # Debian's nginx started by root gives its workers another user, who must reach the folder.
    home.chmod(0o755)
    started = []
    try:
        identity = Identity(home) if chosen.tls else None
        upstream = Nginx("upstream", "upstream", home, free_port(), 1, identity)
        started.append(upstream)
        for name, label in (("plain", "nginx proxy_pass"), ("lua", "nginx + Lua")):
            started.append(Nginx(name, label, home, upstream.port, chosen.workers, identity))
        if chosen.added:
            return added.run(chosen, home, started, identity)
        if not chosen.peers_only:
            waybill = Waybill(Path(chosen.waybill).resolve(), home, upstream.port, chosen.subjects, chosen.policies, identity)
            started.append(waybill)
            print(f"Waybill: ready in {waybill.started_in_ms:.0f} ms, idle {waybill.idle_mb:.1f} MB; {chosen.subjects:,} consents imported in "
                  f"{waybill.import_seconds:.1f} s, then {waybill.loaded_mb:.1f} MB")
        proxies = started[1:]
        rows = compare(proxies, chosen)
        results = {n: summarise(proxies, rows, n) for n in chosen.connections}
        if chosen.json:
            chosen.json.write_text(json.dumps({"medians": results, "rows": {f"{k[0]}-{k[1]}": v for k, v in rows.items()}}, indent=1))
        if not chosen.peers_only:
            report = waybill.installation.verify()
            print(f"\nafterwards: log of {report.get('entries', 0):,} entries, verification {'ok' if report['exit'] == 0 else 'FAILED'}")
            return report["exit"]
        return 0
    except GateError as problem:
        print(f"bench/compare: {problem}", file=sys.stderr)
        return 1
    finally:
        for each in reversed(started):
            each.stop()
        shutil.rmtree(home, ignore_errors=True)


def compare(proxies, chosen):
    body = HERE / "contact.json"
    print(f"POST of {len(body.read_bytes()) - 2} bytes of JSON{', TLS on both sides' if chosen.tls else ''}; {os.cpu_count()} cores shared with the load generator and the upstream; "
          f"{chosen.rounds} rounds of {chosen.seconds} s")
    rows = {}
    for proxy in proxies:
        check_one(proxy, body)
        load(proxy, chosen.connections[0], 1, chosen.threads, chosen.subjects)
    for number in range(chosen.rounds):
        for connections in chosen.connections:
            print(f"\nround {number + 1}, {connections} connections\n{HEADINGS}")
            for offset in range(len(proxies)):
                proxy = proxies[(offset + number) % len(proxies)]
                row = load(proxy, connections, chosen.seconds, chosen.threads, chosen.subjects)
                rows.setdefault((proxy.name, connections), []).append(row)
                print(line(proxy.label, row), flush=True)
    return rows


if __name__ == "__main__":
    sys.exit(main())
