#!/usr/bin/env python3
"""Acceptance runs: a real gate, a real vendor over TLS, real requests; what went over the wire is what counts.

    acceptance/run.py --waybill PATH [--shared DIR] [--only NAME,…] [--rounds N] [--keep] [--write-pages]

Checks that need the shared corpus are skipped, aloud, where it is not. Ends with `N passed, N failed`; exit code 1 if any failed.
"""
import argparse
import importlib
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "scripts" / "lib"), str(ROOT / "acceptance")]
from gate import Installation  # noqa: E402
from people import CALLER_TOKEN  # noqa: E402
from term import Paint  # noqa: E402

CHECKS = [
    "quick",
    "authority",
    "strict",
    "access",
    "permissions",
    "oidc",
    "audits",
    "agreements",
    "subjects",
    "api",
    "console",
    "hostile",
    "newcomer",
    "package",
    "captured",
    "sdks",
    "clients",
    "json_suite",
    "crash",
    "faults",
    "storage",
    "public_formats",
    "exports",
    "sinks",
    "traces",
    "erasure",
]


class Context:
    """What a check gets: places, the binary, and where to report to."""

    def __init__(self, options, home):
        self.binary, self.home, self.rounds = options.waybill.resolve(), home, options.rounds
        self.shared = options.shared.resolve() if options.shared and options.shared.is_dir() else None
        self.root, self.write_pages = ROOT, options.write_pages
        self.fault_rounds, self.fault, self.seed, self.keep = options.fault_rounds, options.fault, options.seed, options.keep
        self.pictures = options.pictures
        self.token, self.paint = CALLER_TOKEN, Paint(sys.stdout)
        self.passed = self.failed = self.skipped = 0
        self.failures = []

    def check(self, what, held, detail=""):
        """One expectation, one row."""
        if held:
            self.passed += 1
        else:
            self.failed += 1
            self.failures.append(f"{what}: {detail}")
        self.row(self.paint.green("ok") if held else self.paint.red("FAILED"), what, detail)
        return bool(held)

    def skip(self, what, why):
        self.skipped += 1
        self.row(self.paint.yellow("skipped"), what, why)

    def row(self, mark, what, detail=""):
        pad = " " * max(0, 8 - len(self.paint.plain(mark)))
        print(f"  {mark}{pad} {what:<72} {detail}".rstrip(), flush=True)

    def note(self, text):
        print(f"           {self.paint.dim(text)}", flush=True)

    def installation(self, name, **more):
        return Installation(self.home / name, self.binary, more.pop("policies", ROOT / "policies"), **more)


def run_one(context, name):
    module = importlib.import_module(f"checks.{name}")
    print(f"\n{context.paint.bold(name.replace('_', ' '))}: {module.__doc__.strip().splitlines()[0]}", flush=True)
    if module.NEEDS_SHARED and context.shared is None:
        context.skip(name, "needs the shared corpus, which is not beside this repository")
        return
    began, failed = time.monotonic(), context.failed
    try:
        module.run(context)
    except Exception as problem:  # A check that breaks has failed; the others still run.
        traceback.print_exc()
        context.check(f"{name} ran to its end", False, f"{type(problem).__name__}: {problem}")
    if context.failed > failed:
        for journal in sorted(context.home.glob("*/gate.log")):
            tail = journal.read_text(errors="replace").splitlines()[-6:]
            if tail:
                print(f"    {journal.parent.name}/gate.log ends:", *tail, sep="\n      ")
    context.note(f"{time.monotonic() - began:.1f} s")


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--waybill", type=Path, required=True, help="the binary")
    options.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="where the shared corpus and tools are")
    options.add_argument("--only", default=",".join(CHECKS), help=f"some of {','.join(CHECKS)}")
    options.add_argument("--rounds", type=int, default=10, help="of kill -9 under load")
    options.add_argument("--fault-rounds", type=int, default=2, help="of each fault of `faults`; a long run takes 30 or more")
    options.add_argument("--fault", default="", help="only faults with this in their name")
    options.add_argument("--seed", type=int, help="of `faults`, to have the same again")
    options.add_argument("--write-pages", action="store_true", help="write the pages of docs/ that a check generates, instead of comparing them")
    options.add_argument("--pictures", type=Path, help="a folder for pictures of every page that `console` opens")
    options.add_argument("--keep", action="store_true", help="keep the temporary installations and say where")
    chosen = options.parse_args()
    names = chosen.only.split(",")
    if unknown := set(names) - set(CHECKS):
        options.error(f"no such check: {', '.join(sorted(unknown))}")

    home = Path(tempfile.mkdtemp(prefix="waybill-acceptance-"))
    context = Context(chosen, home)
    try:
        for name in names:
            run_one(context, name)
    finally:
        if chosen.keep:
            print(f"kept: {home}")
        else:
            shutil.rmtree(home, ignore_errors=True)
    if context.failures:
        print("\nfailed:", *context.failures, sep="\n  ")
    print(f"\n{context.passed} passed, {context.failed} failed" + (f", {context.skipped} skipped" if context.skipped else ""), flush=True)
    return 1 if context.failed else 0


if __name__ == "__main__":
    sys.exit(main())
