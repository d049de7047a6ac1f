"""Real receivers for sinks, each a thing that can be stopped and started again on the same port, keeping what it has."""
import base64
import gzip
import http.server
import json
import shutil
import socket
import ssl
import subprocess
import threading
from pathlib import Path

from ports import free_port, wait_for_port
from vendor import make_leaf

STOP_SECONDS_MAX = 20
ANSWER_SECONDS_MAX = 60


class Endpoint:
    """An HTTPS endpoint. `answers`: called with each request's number and body for (status, headers, body) instead of 200."""

    def __init__(self, folder, authority, name, token, answers=None):
        self.context = make_leaf(folder, name, *authority)
        self.port, self.token, self.answers = free_port(), token, answers
        self.taken, self.count, self.wrong, self.keys, self.server = [], 0, [], [], None

    def start(self):
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body of an answer in one packet: two would wait 40 ms for each other.
            wbufsize = -1

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if len(body) != int(self.headers["Content-Length"]):
                    # It was stopped in the middle of a request.
                    self.close_connection = True
                    return
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                status, fields, answer = owner.take(self.path, self.headers, body)
                self.send_response(status)
                for field, value in {**fields, "Content-Length": str(len(answer))}.items():
                    self.send_header(field, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                """Nothing on the terminal."""

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            connections = []

            def finish_request(self, request, address):
                try:
                    with owner.context.wrap_socket(request, server_side=True) as secure:
                        self.connections.append(secure)
                        super().finish_request(secure, address)
                except (OSError, ValueError):
                    return

        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        for each in self.server.connections:
            try:
                # Not the TLS socket's own: whoever reads at this moment would go on and take ciphertext for its body.
                socket.socket.shutdown(each, socket.SHUT_RDWR)
            except OSError:
                continue

    def take(self, path, headers, body):
        self.count += 1
        if headers.get("Authorization") != f"Bearer {self.token}":
            self.wrong.append("credential")
            return 401, {}, b""
        status, fields, answer = self.answers(self.count, body) if self.answers else (200, {}, b"{}")
        if 200 <= status < 300:
            self.taken.append(body)
            self.keys.append(headers.get("Idempotency-Key"))
        return status, fields, answer


class Rsyslog:
    """A real rsyslogd with TLS, under its own configuration; asks for a client certificate."""

    def __init__(self, folder, authority, name):
        self.folder, self.port, self.process = Path(folder), free_port(), None
        make_leaf(folder, name, *authority)
        self.record = self.folder / "received"
        self.config = self.folder / "rsyslog.conf"
        self.config.write_text(f"""
global(workDirectory="{self.folder}" maxMessageSize="64k" defaultNetstreamDriverCAFile="{authority[1]}"
       defaultNetstreamDriverCertFile="{self.folder}/{name}.pem" defaultNetstreamDriverKeyFile="{self.folder}/{name}.key")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="x509/certvalid")
template(name="whole" type="string" string="%structured-data% %msg%\\n")
ruleset(name="waybill") {{ action(type="omfile" file="{self.record}" template="whole") }}
input(type="imtcp" port="{self.port}" address="127.0.0.1" ruleset="waybill")
""")

    def start(self):
        self.process = subprocess.Popen([shutil.which("rsyslogd", path="/usr/sbin:/usr/bin"), "-n", "-f", str(self.config), "-i", "NONE"],
                                        stdout=subprocess.DEVNULL, stderr=open(self.folder / "rsyslog.log", "ab"))
        wait_for_port(self.port)

    def stop(self):
        self.process.terminate()
        self.process.wait(STOP_SECONDS_MAX)

    def lines(self):
        return self.record.read_text().splitlines() if self.record.exists() else []


class ObjectStore:
    """moto's S3, which checks each request's signature; its objects outlive a stop."""

    def __init__(self, python, bucket):
        self.port, self.bucket = free_port(), bucket
        self.process = subprocess.Popen([str(python), str(Path(__file__).with_name("sink_receivers.py")), "s3", str(self.port), bucket],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.keys = json.loads(self.process.stdout.readline())

    def ask(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def start(self):
        self.ask("start")

    def stop(self):
        self.ask("stop")

    def close(self):
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait(STOP_SECONDS_MAX)


class Folder:
    """Where a file sink writes; while it is away under another name the sink cannot."""

    def __init__(self, home):
        self.home, self.away = Path(home), Path(f"{home}-away")
        self.home.mkdir(parents=True)

    def start(self):
        self.away.rename(self.home)

    def stop(self):
        self.home.rename(self.away)

    def lines(self):
        return [line for path in sorted(self.home.iterdir()) for line in path.read_text().splitlines()]


def decode_otlp(python, bodies, kind="otlp"):
    """[index, body] of each log record, or facts of each span (`traces`), as OpenTelemetry's own protocol buffers read them."""
    script = Path(__file__).with_name("sink_receivers.py")
    done = subprocess.run([str(python), str(script), kind], capture_output=True, text=True, timeout=ANSWER_SECONDS_MAX,
                          input="".join(base64.b64encode(body).decode() + "\n" for body in bodies))
    if done.returncode:
        raise ValueError(f"what the collector took cannot be read: {done.stderr[-500:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]
