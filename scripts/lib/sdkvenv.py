"""A virtual environment with pinned packages, made once for each list of pins and each Python, and kept between runs."""
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

INSTALL_SECONDS_MAX = 600


def python_with(requirements, interpreter=sys.executable):
    """The Python of an environment that holds just what the file lists; raises CalledProcessError with pip's words if it cannot be made."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waybill"
    version = subprocess.run([interpreter, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    digest = hashlib.sha256(requirements.read_bytes() + f"{interpreter} {version}".encode()).hexdigest()[:16]
    home = cache / f"sdks-{digest}"
    python = home / "bin" / "python"
    if (home / "complete").exists():
        return python
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    for line in ([interpreter, "-m", "venv", home], [python, "-m", "pip", "install", "--quiet", "--requirement", requirements]):
        done = subprocess.run([str(word) for word in line], capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX)
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, done.args, done.stdout, (done.stderr or done.stdout)[-2000:])
    (home / "complete").touch()
    return python
