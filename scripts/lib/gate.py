"""A temporary Waybill installation and the gate that runs in it, for the demo, the acceptance runs and the benchmarks.

Relies only on the documented command line: `waybill serve --config FILE`, its ready line, and the subcommands that take `--config`.
"""
import http.client
import json
import os
import select
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

READY_SECONDS_MAX = 60
STOP_SECONDS_MAX = 30
COMMAND_SECONDS_MAX = 600
ANSWER_SECONDS_MAX = 30


class GateError(Exception):
    """The gate or one of its commands did not do what the documentation says; the message is for the terminal."""


def without_volume_limits(policies):
    """For runs that send more in a minute than an agreement allows in a day."""
    for path in (policies / "agreements").glob("*.yaml"):
        path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if not line.startswith("limits:")))


def split(address):
    host, port = address.rsplit(":", 1)
    return host, int(port)


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes
    problem: dict = field(default_factory=dict)

    @property
    def decision(self):
        return self.headers.get("waybill-decision", "")

    @property
    def transfer(self):
        return self.headers.get("waybill-transfer", "")

    @property
    def code(self):
        return self.problem.get("code", "")

    @property
    def by_gate(self):
        """The gate's own answer, not the vendor's relayed one."""
        return bool(self.problem)


class Installation:
    """A folder with a configuration, the policies, and what the gate makes itself at first start: store, keys, CA, log.

    `more`: further lines of the configuration.
    """

    def __init__(self, home, binary, policies, resolve=None, trust=(), edit=None, more=()):
        self.home, self.binary = Path(home), str(binary)
        self.config = self.home / "waybill.yaml"
        self.home.mkdir(parents=True, exist_ok=True)
        shutil.copytree(policies, self.home / "policies", dirs_exist_ok=True)
        for path in (self.home / "policies").rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        if edit:
            edit(self.home / "policies")
        lines = [
            'listen: {gate: "127.0.0.1:0", proxy: "127.0.0.1:0"}',
            "store: sqlite:var/waybill.db",
            "policies: policies",
            "keys: var/keys",
        ]
        if resolve:
            lines.append("resolve:")
            lines += [f'  "{name}": "{address}"' for name, address in resolve.items()]
        if trust:
            lines.append("trust: [" + ", ".join(f'"{path}"' for path in trust) + "]")
        self.config.write_text("\n".join([*lines, *more]) + "\n")

    def command(self, *arguments, ok=(0,), stdin=None):
        """Runs a subcommand with `--config` and returns it finished; raises unless its exit code is one of `ok`."""
        line = [self.binary, *map(str, arguments)]
        done = subprocess.run(line, capture_output=True, timeout=COMMAND_SECONDS_MAX, input=stdin, cwd=self.home)
        if ok is not None and done.returncode not in ok:
            text = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise GateError(f"`waybill {' '.join(map(str, arguments))}` ended with {done.returncode}: {text[-2000:]}")
        return done

    def import_lines(self, kind, events):
        """Imports consents (`consent`) or facts (`subject`), while the gate runs or not."""
        path = self.home / f"{kind}-{time.monotonic_ns()}.ndjson"
        with open(path, "w") as out:
            for event in events:
                out.write(json.dumps(event) + "\n")
        try:
            return self.command(kind, "import", "--config", self.config, path)
        finally:
            path.unlink()

    def authority(self):
        """A file with what callers of the forward proxy must trust, as `waybill ca show` prints it now."""
        path = self.home / "interception-ca.pem"
        path.write_bytes(self.command("ca", "show", "--config", self.config).stdout)
        return path

    def log_entries(self):
        """Every entry of the log, as `waybill log export --format ndjson` writes it."""
        done = self.command("log", "export", "--config", self.config, "--format", "ndjson")
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]

    def journal_bytes(self):
        """Everything the gate has written to standard error."""
        path = self.home / "gate.log"
        return path.read_bytes() if path.exists() else b""

    def verify(self, ok=(0, 5)):
        """`waybill log verify --json`: its report, with the exit code as `exit`."""
        done = self.command("log", "verify", "--config", self.config, "--json", ok=ok)
        report = json.loads(done.stdout) if done.stdout.strip() else {}
        report["exit"] = done.returncode
        return report


class Gate:
    """One running `waybill serve`. Use as a context manager; `kill` is `kill -9`.

    `arguments`: further ones of `serve`. `environment`: further variables.
    """

    def __init__(self, installation, caller_token=None, arguments=(), environment=None):
        self.installation, self.token = installation, caller_token
        self.arguments, self.environment = arguments, {**os.environ, **(environment or {})}
        self.process = self.address = self.proxy = self.ready = None
        self.started_in_ms = 0.0

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.stop()

    @property
    def journal(self):
        return self.installation.home / "gate.log"

    def start(self):
        began = time.monotonic()
        with open(self.journal, "ab") as journal:
            self.process = subprocess.Popen(
                [self.installation.binary, "serve", "--config", str(self.installation.config), *self.arguments],
                env=self.environment, stdout=subprocess.PIPE, stderr=journal, stdin=subprocess.DEVNULL, cwd=self.installation.home)
        line = self._first_line(began + READY_SECONDS_MAX)
        self.started_in_ms = (time.monotonic() - began) * 1000
        try:
            self.ready = json.loads(line)
            self.address, self.proxy = (split(self.ready[name]) for name in ("gate", "proxy"))
            self.control = split(self.ready["control"]) if "control" in self.ready else None
        except (ValueError, KeyError):
            self.kill()
            raise GateError(f"the gate did not say that it is ready; its log ends:\n{self.tail()}") from None
        return self

    def _first_line(self, deadline):
        text, stdout = b"", self.process.stdout
        while b"\n" not in text:
            readable, _, _ = select.select([stdout], [], [], max(0.0, deadline - time.monotonic()))
            chunk = os.read(stdout.fileno(), 65536) if readable else b""
            if not chunk:
                break
            text += chunk
        return text.partition(b"\n")[0]

    def tail(self, lines=12):
        text = self.journal.read_text(errors="replace").splitlines() if self.journal.exists() else []
        return "\n".join(text[-lines:])

    @property
    def alive(self):
        return self.process.poll() is None

    def stop(self):
        """SIGTERM, and the exit code; a gate that does not stop in time is killed and reported."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise GateError(f"the gate did not stop within {STOP_SECONDS_MAX} s of SIGTERM; its log ends:\n{self.tail()}") from None
        self.process.stdout.close()
        return code

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def connect(self):
        return http.client.HTTPConnection(*self.address, timeout=ANSWER_SECONDS_MAX)

    def send(self, method, path, body=b"", headers=None, connection=None, token=...):
        """One request by base URL (`path` starts with /to/…); raises OSError or HTTPException when no whole answer came."""
        own = connection is None
        connection = connection or self.connect()
        fields = {"Content-Type": "application/json", "Accept": "application/json"}
        token = self.token if token is ... else token
        if token:
            fields["Waybill-Token"] = token
        fields.update(headers or {})
        try:
            connection.request(method, path, body=body, headers={k: v for k, v in fields.items() if v is not None})
            got = connection.getresponse()
            data = got.read()
        finally:
            if own:
                connection.close()
        answer = Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, data)
        if answer.headers.get("content-type", "").startswith("application/problem+json"):
            answer.problem = json.loads(data)
        return answer
