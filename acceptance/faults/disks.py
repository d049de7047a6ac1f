"""Real file systems under a real gate: one that fills up, and one that turns read-only after an error.

Needs root and a kernel that lets it mount (the mounts are the run's own and go with it); without, it says so. No shim is involved.
"""
import ctypes
import os
import shutil
import subprocess
import time
from pathlib import Path

from .load import Load, readiness
from .rounds import codes

CLONE_NEWNS = 0x20000
MEBIBYTE = 1 << 20


def kinds(context):
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4") or not private_mounts():
        context.skip("real file systems that fill up and turn read-only", "needs root, mkfs.ext4 (e2fsprogs), and leave to mount")
        return []
    found = [("a real disk that fills up (ext4)", FullDisk()), ("a real disk that turns read-only (ext4)", BrokenDisk())]
    if not found[0][1].can_mount(context.home):
        context.skip("real file systems that fill up and turn read-only", "no loop device may be mounted here")
        return []
    return found


def private_mounts():
    """Mounts of this process and its children from here on are seen by nobody else."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        return False
    return subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True).returncode == 0


class Disk:
    """The store's folder on a file system of its own, in a file."""
    size = 24 * MEBIBYTE

    def can_mount(self, home):
        place = Path(home) / "try-mount"
        place.mkdir()
        try:
            self.make(place / "image")
            self.mount(place / "image", place)
            subprocess.run(["umount", str(place)], check=True)
            return True
        except subprocess.CalledProcessError:
            return False
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def make(self, image):
        with open(image, "wb") as file:
            file.truncate(self.size)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, capture_output=True)

    def mount(self, image, place):
        subprocess.run(["mount", "-o", "loop,errors=remount-ro", str(image), str(place)], check=True, capture_output=True)

    def begin(self, bench):
        image = bench.place.home / "disk.image"
        if image.exists():
            return
        plain = bench.place.home / "var-before"
        self.make(image)
        bench.var.rename(plain)
        bench.var.mkdir(mode=0o700)
        self.mount(image, bench.var)
        for path in plain.iterdir():
            subprocess.run(["cp", "-a", str(path), str(bench.var)], check=True)
        bench.var.chmod(0o700)
        os.sync()

    def end(self, bench):
        subprocess.run(["umount", str(bench.var)], capture_output=True)

    def device(self, bench):
        listed = subprocess.run(["losetup", "-j", str(bench.place.home / "disk.image")], capture_output=True, text=True, check=True).stdout
        return listed.split(":")[0].removeprefix("/dev/")


class FullDisk(Disk):
    def __call__(self, bench):
        self.begin(bench)
        gate = bench.gate().start()
        load = Load(gate, bench.chance).start()
        time.sleep(bench.chance.uniform(0.1, 0.4))
        filler = bench.var / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(MEBIBYTE // 16))
            except OSError:
                pass
            refused = bench.until(lambda: readiness(gate)[0] == 503, 10)
            bench.expect(refused, "/readyz stays green on a full disk")
            moment = time.monotonic()
            time.sleep(bench.chance.uniform(0.3, 1.2))
            # The journal's own room serves on now and then: what is recorded may go.
            seen = load.since(moment)
            bench.expect(any(a.status == 503 for a in seen), f"no refusal on a full disk: {codes(seen)}")
            bench.expect(all(a.status in (201, 503) for a in seen), f"neither sent nor refused on a full disk: {codes(seen)}")
        filler.unlink()
        moment = time.monotonic()
        bench.expect(bench.until(lambda: any(a.status == 201 for a in load.since(moment)), 6), "the gate does not go on when there is room")
        load.stop()
        gate.kill() if bench.chance.random() < 0.5 else gate.stop()
        bench.answered += load.transfers


class BrokenDisk(Disk):
    """What is judged afterwards is the store as the machine still shows it, not what `fsck` makes of the device: in the moment in which ext4
    turns read-only it can answer a sync with success and yet not keep what was synced (seen on Linux 6.18 with a program of twenty lines that
    only writes and syncs: 3 times in 12). No program can know that."""
    size = 64 * MEBIBYTE

    def __call__(self, bench):
        self.begin(bench)
        gate = bench.gate().start()
        load = Load(gate, bench.chance).start()
        time.sleep(bench.chance.uniform(0.1, 0.5))
        Path(f"/sys/fs/ext4/{self.device(bench)}/trigger_fs_error").write_text("1")
        bench.expect(bench.until(lambda: readiness(gate)[0] == 503, 3), "/readyz stays green on a file system that is read-only now")
        moment = time.monotonic()
        time.sleep(0.4)
        bench.expect(all(a.status == 503 for a in load.since(moment)), f"not only refusals: {codes(load.since(moment))}")
        late = [at for at, _, _ in bench.recorder.got if at > moment + 0.1]
        bench.expect(not late, f"{len(late)} bodies left meanwhile")
        gate.kill()
        load.stop()
        bench.answered += load.transfers
        # As an operator would: copied to another disk. The next round gets a new one.
        rescued = bench.place.home / "rescued"
        subprocess.run(["cp", "-a", str(bench.var), str(rescued)], check=True)
        subprocess.run(["umount", str(bench.var)], check=True)
        (bench.place.home / "disk.image").unlink()
        bench.var.rmdir()
        rescued.rename(bench.var)
        shutil.rmtree(bench.place.home / "var-before")
