"""A small stand-in for vendors: HTTPS on loopback, one certificate a name under a throw-away authority, every body kept.

    with Vendors(folder, ["api.hubapi.com", …]) as vendors:
        vendors.port, vendors.authority (PEM file), vendors.received (list of Received)

Certificates are made by the `openssl` command; nothing beyond the standard library is needed. Answers are plausible, not real.
"""
import gzip
import http.server
import json
import ssl
import subprocess
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path

BODY_BYTES_MAX = 64 << 20


@dataclass
class Received:
    host: str
    method: str
    target: str
    headers: list
    body: bytes

    def decoded(self):
        """The body without its content coding; bytes that claim a coding and do not have it come back as they are."""
        coding = next((value.lower() for name, value in self.headers if name.lower() == "content-encoding"), "identity")
        try:
            if coding == "gzip":
                return gzip.decompress(self.body)
            if coding == "deflate":
                return zlib.decompress(self.body)
        except (OSError, EOFError, zlib.error):
            pass
        return self.body

    def everything(self):
        """All bytes in which a value could hide: target, headers, and the body both coded and decoded."""
        head = self.target + "\n" + "\n".join(f"{name}: {value}" for name, value in self.headers)
        return head.encode("utf-8", "surrogateescape") + b"\n" + self.body + b"\n" + self.decoded()


def openssl(*arguments, stdin=None):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, input=stdin)


def make_authority(folder):
    key, certificate = folder / "ca.key", folder / "ca.pem"
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-keyout", str(key),
            "-out", str(certificate), "-subj", "/CN=Stand-in vendors",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    return key, certificate


def make_leaf(folder, name, key, certificate, usage="serverAuth"):
    base = folder / name
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{base}.key",
            "-out", f"{base}.csr", "-subj", f"/CN={name}")
    (folder / f"{name}.ext").write_text(
        f"subjectAltName=DNS:{name}\nextendedKeyUsage={usage}\nkeyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:FALSE\n")
    openssl("x509", "-req", "-in", f"{base}.csr", "-CA", str(certificate), "-CAkey", str(key), "-CAcreateserial", "-days", "30",
            "-out", f"{base}.pem", "-extfile", f"{base}.ext")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(f"{base}.pem", f"{base}.key")
    context.set_alpn_protocols(["http/1.1"])
    return context


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One write an answer: head and body leave together, and no delayed acknowledgement is waited for.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def serve(self):
        length = int(self.headers.get("Content-Length", 0))
        if length > BODY_BYTES_MAX:
            self.send_error(413)
            return
        body = self.read_chunked() if "chunked" in self.headers.get("Transfer-Encoding", "").lower() else self.rfile.read(length)
        host = (self.headers.get("Host") or "").split(":")[0]
        self.server.keep(Received(host, self.command, self.path, list(self.headers.items()), body))
        status, text = self.server.answer(host, self.command, self.path)
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Request-Id", f"stand-in-{self.server.count}")
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def read_chunked(self):
        body = b""
        while size := int(self.rfile.readline(64).split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline(2)
        while self.rfile.readline(4096).strip():
            pass
        return body

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = serve

    def log_message(self, *_):
        pass


def plausible(host, method, target):
    if "hubapi" in host:
        return 201, json.dumps({"id": "512", "archived": False})
    if "sendgrid" in host:
        return 202, json.dumps({"job_id": "j-1"})
    if "mailchimp" in host:
        return 200, json.dumps({"id": "852a", "status": "subscribed"})
    return 200, json.dumps({"success": True})


class Vendors(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, folder, names, answer=plausible, on_received=None):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        key, self.authority = make_authority(folder)
        contexts = {name: make_leaf(folder, name, key, self.authority) for name in names}
        self.base = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.base.sni_callback = lambda sock, name, _: self.choose(sock, contexts.get(name))
        self.answer, self.on_received = answer, on_received
        self.received, self.lock, self.count = [], threading.Lock(), 0
        super().__init__(("127.0.0.1", 0), Handler)
        self.port = self.server_address[1]

    @staticmethod
    def choose(sock, context):
        if context is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        sock.context = context
        return None

    def finish_request(self, request, client_address):
        # The handshake happens on the connection's own thread, so a slow or broken client delays nobody.
        request.settimeout(60)
        try:
            with self.base.wrap_socket(request, server_side=True) as secure:
                super().finish_request(secure, client_address)
        except (OSError, ValueError):
            return

    def handle_error(self, request, client_address):
        """A peer that went away is ordinary here: acceptance runs kill it on purpose."""

    def keep(self, received):
        with self.lock:
            self.count += 1
            self.received.append(received)
        if self.on_received:
            self.on_received(received)

    def take(self):
        """What was received since the last call."""
        with self.lock:
            taken, self.received = self.received, []
        return taken

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
