"""A caller that writes exactly the bytes it is told to, and reads answers by their framing."""
import re
import socket
import time
from dataclasses import dataclass

ANSWER_SECONDS_MAX = 15
# After an answer that ends the connection the gate closes its side at once; this is for a busy machine.
CLOSE_SECONDS_MAX = 5
PIECE_BYTES = 65_536


class NoAnswer(Exception):
    """The connection ended, or time ran out, before a whole answer had come."""


@dataclass
class RawAnswer:
    status: int
    lines: list
    body: bytes
    interim: list

    def values(self, name):
        return [value for key, value in self.lines if key.lower() == name.lower()]

    def value(self, name):
        return next(iter(self.values(name)), "")

    @property
    def code(self):
        found = re.search(rb'"code":"([^"]*)"', self.body) if "problem+json" in self.value("content-type") else None
        return found[1].decode() if found else ""


class RawCaller:
    def __init__(self, address, wrap=None, receive_buffer=None):
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(ANSWER_SECONDS_MAX)
        self.sock.connect(tuple(address))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if wrap:
            self.sock = wrap(self.sock)
        self.buffer, self.at_end = b"", False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        """False: the gate took no more."""
        try:
            self.sock.sendall(data)
            return True
        except OSError:
            return False

    def finish_sending(self):
        self.sock.shutdown(socket.SHUT_WR)

    def receive(self, deadline):
        if self.at_end:
            return False
        self.sock.settimeout(max(0.01, deadline - time.monotonic()))
        try:
            data = self.sock.recv(PIECE_BYTES)
        except TimeoutError:
            raise NoAnswer("nothing came in time") from None
        except OSError:
            data = b""
        self.buffer += data
        self.at_end = not data
        return bool(data)

    def take(self, length, deadline):
        while len(self.buffer) < length:
            if not self.receive(deadline):
                raise NoAnswer(f"the connection ended with {len(self.buffer)} of {length} bytes")
        data, self.buffer = self.buffer[:length], self.buffer[length:]
        return data

    def line(self, deadline):
        while b"\r\n" not in self.buffer:
            if not self.receive(deadline):
                raise NoAnswer("the connection ended" + (" inside an answer" if self.buffer else ""))
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line.decode("latin-1")

    def head(self, deadline):
        first = re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", self.line(deadline))
        if not first:
            raise NoAnswer("what came is no answer")
        lines = []
        while text := self.line(deadline):
            name, _, value = text.partition(":")
            lines.append((name, value.strip()))
        return int(first[1]), lines

    def answer_to_connect(self, seconds_max=ANSWER_SECONDS_MAX):
        """The status of the answer to CONNECT; after 200 nothing of HTTP follows."""
        return self.head(time.monotonic() + seconds_max)[0]

    def answer(self, method="POST", seconds_max=ANSWER_SECONDS_MAX):
        """The next final answer with its body; raises NoAnswer when none comes or its body breaks off."""
        deadline, interim = time.monotonic() + seconds_max, []
        status, lines = self.head(deadline)
        while status < 200:
            interim.append(status)
            status, lines = self.head(deadline)
        found = RawAnswer(status, lines, b"", interim)
        if method == "HEAD" or status in (204, 304):
            return found
        if found.value("transfer-encoding") == "chunked":
            while size := int(self.line(deadline), 16):
                found.body += self.take(size, deadline)
                self.take(2, deadline)
            self.take(2, deadline)
        elif found.value("content-length"):
            found.body = self.take(int(found.value("content-length")), deadline)
        else:
            while self.receive(deadline):
                pass
            found.body, self.buffer = self.buffer, b""
        return found

    def is_closed(self, seconds_max=CLOSE_SECONDS_MAX):
        """Whether the gate has ended its side, with nothing more said."""
        deadline = time.monotonic() + seconds_max
        try:
            while self.receive(deadline):
                pass
        except NoAnswer:
            return False
        return True
