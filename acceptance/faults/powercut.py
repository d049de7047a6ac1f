"""What a disk may hold after the power went: all that was synced, and of the rest whatever chance left.

A file's content is kept by sectors. Of each sector written since the file's last sync, the disk holds the synced version or any of the later
ones, whichever chance picks, independently of its neighbours: so writes are lost, torn and reordered. The file's length is one it had since the
last sync. Names (created, renamed, removed) are held if their folder was synced afterwards, else a random prefix of the later ones is.
"""
import os
from dataclasses import dataclass, field

from .control import CREATED, FOLDER_SYNC, LINK, MAKE_FOLDER, OPENED, RENAME, SYNC, TRUNCATE, UNLINK, WRITE

MODES = ["nothing unsynced", "sectors of 512", "pages of 4096", "first writes, the last torn", "everything written"]


@dataclass
class File:
    content: bytearray = field(default_factory=bytearray)  # as the process sees it
    synced: bytes = b""
    since: list = field(default_factory=list)  # (offset, bytes) or length, since the last sync

    def write(self, offset, data):
        apply(self.content, (offset, data))
        self.since.append((offset, data))

    def truncate(self, length):
        apply(self.content, length)
        self.since.append(length)

    def sync(self):
        self.synced, self.since = bytes(self.content), []


def apply(content, change):
    if isinstance(change, int):
        if change < len(content):
            del content[change:]
        content.extend(bytes(change - len(content)))
        return
    offset, data = change
    if offset > len(content):
        content.extend(bytes(offset - len(content)))
    content[offset:offset + len(data)] = data


class Disk:
    """The folder as a process changes it, from `base`, which is all synced."""

    def __init__(self, base):
        self.files, self.names, self.synced_names, self.name_changes = {}, {}, {}, []
        self.folders = {}
        for folder, _, names in os.walk(base):
            below = os.path.relpath(folder, base)
            self.folders[below] = os.stat(folder).st_mode & 0o777
            for name in names:
                if name.endswith("-shm") or not os.path.isfile(os.path.join(folder, name)):
                    continue
                with open(os.path.join(folder, name), "rb") as file:
                    text = file.read()
                key = "base:" + os.path.normpath(os.path.join(below, name))
                self.files[key] = File(bytearray(text), text)
                self.names[key[5:]] = key
        self.synced_names = dict(self.names)

    def take(self, change):
        if change.kind == CREATED:
            self.files[change.file] = File()
            self.rename_to(change.path, change.file)
        elif change.kind == OPENED:
            known = self.names.get(change.path)
            if known != change.file and known is not None:
                # From now on known by its number.
                self.files[change.file] = self.files.pop(known) if str(known).startswith("base:") else self.files[known]
                for names in (self.names, self.synced_names):
                    for name, key in names.items():
                        if key == known:
                            names[name] = change.file
                self.name_changes = [(folder, name, change.file if key == known else key) for folder, name, key in self.name_changes]
        elif change.kind == WRITE:
            self.files[change.file].write(change.offset, change.data)
        elif change.kind == TRUNCATE:
            self.files[change.file].truncate(change.offset)
        elif change.kind == SYNC:
            self.files[change.file].sync()
        elif change.kind == RENAME:
            self.rename(change.path, change.data.decode())
        elif change.kind == LINK:
            self.rename_to(change.data.decode(), self.names.get(change.path))
        elif change.kind == UNLINK:
            self.rename_to(change.path, None)
        elif change.kind == FOLDER_SYNC:
            # Names of other folders stay unsynced.
            rest = []
            for folder, name, key in self.name_changes:
                if folder == ("" if change.path == "." else change.path):
                    settle(self.synced_names, name, key)
                else:
                    rest.append((folder, name, key))
            self.name_changes = rest
        elif change.kind == MAKE_FOLDER:
            self.folders[change.path] = 0o700

    def rename(self, path, target):
        """A folder takes what is in it along; how it came into the folder counts as settled with the folder's own new name."""
        inside = {name: key for name, key in self.names.items() if name == path or name.startswith(path + "/")}
        for name, key in inside.items():
            self.rename_to(name, None, os.path.dirname(path))
            self.rename_to(target + name[len(path):], key, os.path.dirname(target))
        for folder in [each for each in self.folders if each == path or each.startswith(path + "/")]:
            self.folders[target + folder[len(path):]] = self.folders.pop(folder)

    def rename_to(self, name, key, folder=None):
        settle(self.names, name, key)
        self.name_changes.append((os.path.dirname(name) if folder is None else folder, name, key))

    def cut(self, mode, chance):
        """What is there afterwards: name → content."""
        names = dict(self.synced_names)
        kept = {"nothing unsynced": 0, "everything written": len(self.name_changes)}.get(mode)
        for _, name, key in self.name_changes[:chance.randint(0, len(self.name_changes)) if kept is None else kept]:
            settle(names, name, key)
        return {name: survivor(self.files[key], mode, chance) for name, key in names.items() if key in self.files}


def settle(names, name, key):
    if key is None:
        names.pop(name, None)
    else:
        names[name] = key


def survivor(file, mode, chance):
    if not file.since or mode == "nothing unsynced":
        return file.synced
    if mode == "everything written":
        return bytes(file.content)
    if mode.startswith("first"):
        content, kept = bytearray(file.synced), chance.randint(0, len(file.since))
        for change in file.since[:kept]:
            apply(content, change)
        if kept < len(file.since) and not isinstance(file.since[kept], int):
            offset, data = file.since[kept]
            apply(content, (offset, data[:chance.randint(0, len(data)) // 512 * 512]))
        return bytes(content)
    return scattered(file, 512 if "512" in mode else 4096, chance)


def scattered(file, size, chance):
    """Of each sector any of its versions; of the lengths any."""
    versions, lengths, content = {}, [len(file.synced)], bytearray(file.synced)
    for change in file.since:
        before = len(content)
        apply(content, change)
        lengths.append(len(content))
        if isinstance(change, int):
            touched = range(min(change, before) // size, max(change, before) // size + 1)
        else:
            touched = range(min(change[0], before) // size, (change[0] + len(change[1]) - 1) // size + 1) if change[1] else ()
        for sector in touched:
            versions.setdefault(sector, []).append(bytes(content[sector * size:(sector + 1) * size]).ljust(size, b"\0"))
    length = chance.choice(lengths)
    result = bytearray(file.synced.ljust(max(lengths), b"\0"))
    result.extend(bytes(size))
    for sector, later in versions.items():
        old = bytes(file.synced[sector * size:(sector + 1) * size]).ljust(size, b"\0")
        result[sector * size:(sector + 1) * size] = chance.choice([old, *later])
    return bytes(result[:length])


def write_out(names, folders, target):
    """Makes the folder that a machine finds when it comes up again."""
    for folder, mode in sorted(folders.items()):
        os.makedirs(os.path.join(target, folder), exist_ok=True)
        os.chmod(os.path.join(target, folder), mode)
    for name, content in names.items():
        path = os.path.join(target, name)
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
