"""The shared stand-in for vendors (../shared/tools/fakevendors.py) as a process of its own, with its byte-exact record."""
import subprocess
import sys

from bytesearch import VENDORS, received_in
from ports import free_port, wait_for_port


class FakeVendors:
    def __init__(self, context, name):
        self.port, self.record = free_port(), context.home / f"{name}-received.ndjson"
        authority = context.home / f"{name}-ca"
        self.authority, self.resolve = authority / "ca.pem", {f"{host}:443": f"127.0.0.1:{self.port}" for host in VENDORS}
        self.process = subprocess.Popen(
            [sys.executable, str(context.shared / "tools" / "fakevendors.py"), "--ca-dir", str(authority), "--port", str(self.port),
             "--record", str(self.record)], stdout=subprocess.DEVNULL)
        self.seen = 0

    def __enter__(self):
        wait_for_port(self.port)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)

    def take(self):
        """What was received since the last call."""
        taken = received_in(self.record, self.seen)
        self.seen += len(taken)
        return taken
