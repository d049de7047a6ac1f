"""The shim under a gate (shim.c): built here, told what to do through a mapped file, and its record read back."""
import mmap
import os
import shutil
import struct
import subprocess
from dataclasses import dataclass

# Sorts of files: the log's write-ahead journal, the checkpoint copy, others, the log's database itself (written when the journal is full).
LOG_JOURNAL, CHECKPOINT, OTHER, LOG_DATABASE = 1, 2, 4, 8
LOG = LOG_JOURNAL | LOG_DATABASE
ALL = LOG | CHECKPOINT | OTHER
FIELDS = ["files", "write_at", "write_every", "write_error", "write_short", "write_kill", "sync_at", "sync_every", "sync_error", "sync_kill",
          "every_error", "clock_seconds", "writes", "syncs", "fired", "fired_at", "fired_file"]
OPENED, WRITE, TRUNCATE, SYNC, RENAME, UNLINK, CREATED, FOLDER_SYNC, MAKE_FOLDER, LINK = range(1, 11)
HEAD = struct.Struct("<10q")


def build(folder):
    """Compiles the shim; raises with what to install when there is no compiler."""
    source, target = os.path.join(os.path.dirname(__file__), "shim.c"), os.path.join(folder, "faults-shim.so")
    compiler = next((name for name in ("cc", "clang", "gcc") if shutil.which(name)), None)
    if compiler is None:
        raise RuntimeError("no C compiler: apt-get install gcc libc6-dev")
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-Werror", "-o", target, source, "-ldl", "-lpthread"], check=True)
    return target


class Control:
    """What one process under the shim is told. Set its fields at any time."""

    def __init__(self, shim, folder, control, record=""):
        with open(control, "wb") as file:
            file.write(bytes(8 * len(FIELDS)))
        with open(control, "r+b") as file:
            object.__setattr__(self, "memory", mmap.mmap(file.fileno(), 0))
        object.__setattr__(self, "environment", {
            "LD_PRELOAD": str(shim), "FAULTS_FOLDER": str(folder), "FAULTS_CONTROL": str(control), "FAULTS_RECORD": str(record)})
        os.makedirs(folder, exist_ok=True)

    def __getattr__(self, name):
        return struct.unpack_from("<q", self.memory, 8 * FIELDS.index(name))[0]

    def __setattr__(self, name, value):
        struct.pack_into("<q", self.memory, 8 * FIELDS.index(name), value)

    def clear(self):
        """Nothing fails any more; what was counted stays."""
        for name in FIELDS[:FIELDS.index("writes")]:
            setattr(self, name, 0)


@dataclass
class Change:
    kind: int
    began: float
    ended: float
    file: int
    offset: int
    path: str
    data: bytes


def changes(record):
    """The record, whole changes only (a kill can cut off the last)."""
    text, at, found = open(record, "rb").read() if os.path.exists(record) else b"", 0, []
    while at + HEAD.size <= len(text):
        kind, began, ended, file, _, offset, _, _, path_length, data_length = HEAD.unpack_from(text, at)
        at += HEAD.size
        if at + path_length + data_length > len(text):
            break
        path, data = text[at:at + path_length].decode(), text[at + path_length:at + path_length + data_length]
        at += path_length + data_length
        found.append(Change(kind, began / 1e9, ended / 1e9, file, offset, path, data))
    return found
