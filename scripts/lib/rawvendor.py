"""A vendor that counts: TLS on loopback, every decrypted byte kept, and answers that are whatever bytes a script writes.

    with RawVendor(folder, ["api.hubapi.com"]) as vendor:
        vendor.script = lambda peer: (peer.read_body(), peer.send(b"HTTP/1.1 …"))
        vendor.take()        # what came since the last call: connections accepted, and every byte

A request that carries `X-HubSpot-Trace: name` is answered by `vendor.scripts[name]`, if there is one, so that several can run at once.
"""
import re
import socket
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path

from vendor import make_authority, make_leaf

PIECE_BYTES = 65_536
CREATED = b'{"id":"512","archived":false}'
PLAIN_ANSWER = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(CREATED), CREATED)


@dataclass
class Seen:
    connections: int = 0
    data: bytearray = field(default_factory=bytearray)


class Peer:
    """One connection from the gate, at one request: `head` is read, the body when the script asks for it."""

    def __init__(self, vendor, sock):
        self.vendor, self.sock, self.buffer = vendor, sock, b""
        self.head = self.body = b""
        self.is_open = True

    def receive(self):
        """More bytes into the buffer; False at the end."""
        try:
            data = self.sock.recv(PIECE_BYTES)
        except (OSError, ValueError):
            data = b""
        self.vendor.keep(data)
        self.buffer += data
        self.is_open = self.is_open and bool(data)
        return bool(data)

    def read_head(self):
        while b"\r\n\r\n" not in self.buffer:
            if not self.receive():
                return False
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        self.head, self.body = head + b"\r\n\r\n", b""
        return True

    def read_body(self, at_most=None):
        """The body, which the gate always frames by Content-Length; less if the connection ends."""
        found = re.search(rb"\r\nContent-Length: (\d+)\r\n", self.head)
        wanted = int(found[1]) if found else 0
        wanted = min(wanted, at_most) if at_most is not None else wanted
        while len(self.buffer) < wanted and self.receive():
            pass
        self.body, self.buffer = self.buffer[:wanted], self.buffer[wanted:]
        return self.body

    def send(self, *pieces):
        """Writes bytes; a caller of the gate who left is nobody's fault here."""
        try:
            for piece in pieces:
                self.sock.sendall(piece)
        except OSError:
            self.is_open = False

    def close(self, says_so=True):
        """Ends the connection: with TLS's own farewell, or (`says_so` false) as somebody on the wire could do it."""
        self.is_open = False
        if says_so:
            self.sock.settimeout(2)
            try:
                self.sock.unwrap()
            except (OSError, ValueError):
                pass

    def wait_until_gone(self, seconds_max=20):
        """Reads until the gate closes the connection; True if it did so in time."""
        self.sock.settimeout(seconds_max)
        try:
            while data := self.sock.recv(PIECE_BYTES):
                self.vendor.keep(data)
            return True
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            self.is_open = False


def plain(peer):
    """Reads the whole request, then says 201."""
    peer.read_body()
    peer.send(PLAIN_ANSWER)


class RawVendor:
    def __init__(self, folder, names):
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        key, self.authority = make_authority(folder)
        contexts = {name: make_leaf(folder, name, key, self.authority) for name in names}
        self.base = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.base.sni_callback = lambda sock, name, _: self.choose(sock, contexts.get(name))
        self.script, self.scripts = plain, {}
        self.lock, self.seen, self.requests = threading.Lock(), Seen(), 0
        self.listener = socket.socket()
        # Small, so that a vendor that does not read is soon full.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PIECE_BYTES)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(256)
        self.port = self.listener.getsockname()[1]

    @staticmethod
    def choose(sock, context):
        if context is None:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        sock.context = context
        return None

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        # `shutdown` wakes the accepting thread, which `close` alone does not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                raw, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.seen.connections += 1
            threading.Thread(target=self.serve, args=(raw,), daemon=True).start()

    def serve(self, raw):
        raw.settimeout(60)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with self.base.wrap_socket(raw, server_side=True) as secure:
                peer = Peer(self, secure)
                while peer.is_open and peer.read_head():
                    with self.lock:
                        self.requests += 1
                    self.script_for(peer.head)(peer)
        except (OSError, ValueError):
            raw.close()

    def script_for(self, head):
        trace = re.search(rb"\r\nX-HubSpot-Trace: ([^\r]+)\r\n", head)
        return self.scripts.get(trace[1].decode(), self.script) if trace else self.script

    def keep(self, data):
        with self.lock:
            self.seen.data += data

    def take(self):
        with self.lock:
            taken, self.seen = self.seen, Seen()
        return taken
