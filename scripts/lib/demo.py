"""The demo behind scripts/demo: a temporary gate, stand-in vendors over TLS, made-up people. Exit code 0 only if all came as it should."""
import argparse
import gzip
import json
import shutil
import sys
import tempfile
import textwrap
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from demo_scenes import CONSENTS, FACTS, scenes  # noqa: E402
from gate import Gate, GateError, Installation  # noqa: E402
from people import CALLER_TOKEN, VENDOR_HOSTS, resolve_all  # noqa: E402
from term import Paint  # noqa: E402
from vendor import Vendors  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
# Of a refused request that many members are shown: enough to see what was kept back.
REFUSED_ROWS_MAX = 3


class Demo:
    def __init__(self, home, binary):
        self.home, self.binary, self.paint = home, binary, Paint(sys.stdout)
        self.faults, self.tally = [], []

    def say(self, text=""):
        print(text, flush=True)

    def expect(self, held, what):
        if not held:
            self.faults.append(what)
            self.say(f"   {self.paint.red('NOT AS EXPECTED')}  {what}")

    def run(self):
        paint = self.paint
        self.say(paint.bold("\nWaybill: the outbound gate for customer data"))
        with Vendors(self.home / "vendors-ca", VENDOR_HOSTS) as vendors:
            place = Installation(self.home / "installation", self.binary, ROOT / "policies", resolve_all(vendors.port), [vendors.authority])
            with Gate(place, CALLER_TOKEN) as gate:
                self.say(f"The gate is ready at http://{gate.ready['gate']} after {gate.started_in_ms:.0f} ms, with the policies of policies/.")
                self.say(f"Stand-ins for {len(VENDOR_HOSTS)} vendors answer over TLS; the gate verifies their certificates.")
                place.import_lines("subject", FACTS)
                place.import_lines("consent", CONSENTS)
                self.say(f"$ waybill consent import   {len(CONSENTS)} decisions of people, while the gate runs")
                for number, scene in enumerate(scenes(), 1):
                    self.play(number, scene, place, gate, vendors)
                self.summary()
                # Outcomes and refusals ride with a later commit, within 100 ms; an intent never does.
                time.sleep(0.5)
                self.show(place, "transfers", "list")
                self.expect(gate.stop() == 0, "the gate stops cleanly on SIGTERM")
            self.verify(place)

    def play(self, number, scene, place, gate, vendors):
        paint = self.paint
        if scene.events:
            place.import_lines("consent", scene.events)
            self.say(f"\n{paint.cyan('●')}  {scene.event_text}")
        body = scene.body if isinstance(scene.body, bytes) else json.dumps(scene.body, ensure_ascii=False).encode()
        headers = {"Content-Encoding": "gzip"} if scene.gzip else {}
        headers["Authorization"] = "Bearer vendor-secret-of-the-crm"
        began = time.monotonic()
        answer = gate.send(scene.method, scene.path, gzip.compress(body) if scene.gzip else body, headers, token=scene.token)
        took = (time.monotonic() - began) * 1000
        received = vendors.take()

        self.say(f"\n{paint.bold(f'{number:2} {scene.title}')}\n   {paint.dim(f'{scene.method} {scene.path}')}")
        self.table(scene, body, received)
        if answer.by_gate:
            self.say(f"   {paint.red('✗ refused')}  {answer.status} {paint.bold(answer.code)}  {answer.problem.get('title', '')}")
            for line in textwrap.wrap(answer.problem.get("detail", ""), paint.width - 14):
                self.say(" " * 14 + paint.dim(line))
        else:
            self.say(f"   {paint.green('✓ sent')}     {answer.status} {answer.decision}, {took:.1f} ms, waybill {answer.transfer}")
        self.tally.append((scene, answer, len(received)))
        self.judge(scene, answer, received)

    def judge(self, scene, answer, received):
        self.expect(answer.status == scene.status, f"status {scene.status}, got {answer.status}")
        if scene.status >= 400:
            self.expect(answer.by_gate and not received, "nothing may leave")
            self.expect(not scene.code or answer.code == scene.code, f"reason {scene.code}, got {answer.code}")
            return
        self.expect(len(received) == 1, f"one request at the vendor, got {len(received)}")
        arrived = b"".join(each.everything() for each in received)
        for value in scene.never:
            self.expect(value.encode() not in arrived, "a value that was not agreed arrived")
        for value in scene.always:
            self.expect(value.encode() in arrived, "a value that was agreed is missing")
        self.expect(bool(answer.transfer), "the answer names its transfer")

    def table(self, scene, body, received):
        """Every member the CRM sent, beside what the vendor got of it."""
        paint = self.paint
        try:
            rows = list(leaves(json.loads(body))) if isinstance(scene.body, dict) else [("(as it is)", body.decode())]
        except ValueError:
            rows = [("(as it is)", body.decode(errors="replace"))]
        got = dict(leaves(json.loads(received[0].decoded()))) if received else {}
        name_width = min(34, max(len(name) for name, _ in rows))
        left = max(24, min(38, (paint.width - name_width - 24) // 2))
        self.say("   " + paint.dim(f"{'':{name_width}}  {'the CRM sent':{left}}  {scene.vendor + ' received':{left}}"))
        hidden = 0 if received else max(0, len(rows) - REFUSED_ROWS_MAX)
        for name, value in rows[:len(rows) - hidden]:
            shown = f"   {paint.fit(name, name_width)}  {paint.fit(value, left)}  "
            if not received:
                self.say(shown + paint.red("nothing"))
            elif name not in got:
                self.say(shown + paint.red(paint.fit("—", left)) + paint.dim(" not agreed"))
            elif got[name] == value:
                self.say(shown + paint.green(paint.fit(value, left)))
            else:
                self.say(shown + paint.yellow(paint.fit(got[name], left)) + paint.dim(" reduced"))
        if hidden:
            self.say("   " + paint.dim(f"{'':{name_width}}  and {hidden} more members"))

    def summary(self):
        paint = self.paint
        sent = [row for row in self.tally if row[2]]
        self.say(f"\n{paint.bold('In short')}: {len(self.tally)} requests from the CRM, {len(sent)} reached a vendor, {len(self.tally) - len(sent)} refused")
        for number, (scene, answer, count) in enumerate(self.tally, 1):
            mark = paint.green("✓") if count else paint.red("✗")
            self.say(f"   {mark} {number:2}  {paint.fit(scene.title, 50)}  {answer.decision if count else answer.code}")

    def show(self, place, *words, ok=(0,)):
        done = place.command(*words, "--config", place.config, ok=ok)
        self.say(f"\n{self.paint.bold('$ waybill ' + ' '.join(words))}")
        for line in done.stdout.decode().rstrip().splitlines():
            self.say("   " + line)
        return done

    def verify(self, place):
        done = self.show(place, "log", "verify", ok=(0, 5))
        self.expect(done.returncode == 0, "the log verifies")
        copy = self.home / "tampered"
        shutil.copytree(place.home, copy)
        self.expect(change_one_letter(copy / "var"), "an entry to tamper with")
        done = place.command("log", "verify", "--config", copy / "waybill.yaml", ok=None)
        self.say(f"\n{self.paint.bold('One letter changed in a copy of the log, and again')} $ waybill log verify")
        for line in (done.stdout + done.stderr).decode(errors="replace").rstrip().splitlines()[:4]:
            self.say("   " + line)
        self.expect(done.returncode == 5, f"the change is noticed with exit code 5, got {done.returncode}")


def change_one_letter(folder):
    for path in sorted(folder.rglob("*-log*.db*")):
        data = path.read_bytes() if path.is_file() else b""
        at = data.find(b'"caller":"crm-sync"')
        if at >= 0:
            path.write_bytes(data[:at + 10] + b"k" + data[at + 11:])
            return True
    return False


def leaves(value, path=""):
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from leaves(each, f"{path}[{index}]")
    else:
        yield path, value if isinstance(value, str) else json.dumps(value)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--waybill", type=Path, required=True)
    options.add_argument("--keep", action="store_true", help="keep the temporary installation and say where")
    chosen = options.parse_args()
    home = Path(tempfile.mkdtemp(prefix="waybill-demo-"))
    demo = Demo(home, chosen.waybill.resolve())
    try:
        demo.run()
    except (GateError, OSError) as problem:
        demo.faults.append(str(problem))
        print(f"\ndemo: {problem}", file=sys.stderr)
    except KeyboardInterrupt:
        demo.faults.append("interrupted")
    finally:
        if chosen.keep:
            print(f"kept: {home}")
        else:
            shutil.rmtree(home, ignore_errors=True)
    if demo.faults:
        print(f"\nThe demo did not go as it should: {len(demo.faults)} surprises, first: {demo.faults[0]}")
        return 1
    print(f"\n{demo.paint.green('All as it should be.')} Next: README.md, policies/, docs/getting-started.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
