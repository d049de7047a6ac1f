"""Evidence packages as an auditor meets them: written beside a running gate, checked with sha256sum, openssl, verify.py and waybill, then damaged."""
import hashlib
import http.server
import importlib.util
import io
import json
import os
import random
import re
import shutil
import stat
import subprocess
import threading
import time
import zipfile
from pathlib import Path

from checks.api import CONTROL, Api
from gate import Gate
from people import CONTACTS, VENDOR_HOSTS, consent, contact, facts, resolve_all
from vendor import Vendors

NEEDS_SHARED = False
ANNA, BRUNO = "anna.package@example.com", "bruno.package@example.com"
# Of both packages, for verify.py; WAYBILL_MUTATIONS sets another number.
MUTATIONS = int(os.environ.get("WAYBILL_MUTATIONS", "200"))


def run(context):
    with Vendors(context.home / "package-ca", VENDOR_HOSTS) as vendors, Authority(context.home / "tsa") as tsa:
        place = context.installation("package", resolve=resolve_all(vendors.port), trust=[vendors.authority])
        with Gate(place, context.token) as gate:
            place.import_lines("subject", [facts(ANNA), facts(BRUNO)])
            place.import_lines("consent", [consent(ANNA, "hubspot")])
            for i in range(12):
                gate.send("POST", CONTACTS, contact(ANNA, firstname="Anna"))
                if i % 3 == 0:
                    gate.send("POST", CONTACTS, contact(BRUNO, firstname="Bruno"))
            until_signed(place)
            beside = package(context, place, "beside", "--vendor", "hubspot")
            context.check("a package is written beside a running gate", beside["transfers"] == 12 and beside["denied"] == 4, short(beside))
            gate.stop()
        vendor = package(context, place, "vendor", "--vendor", "hubspot", "--timestamp", tsa.url)
        context.check("after a clean stop it is complete, and time-stamped", vendor["complete"] and vendor["timestamp"], short(vendor))
        person = package(context, place, "person", "--subject", f"email:{ANNA}")
        context.check("a person's package holds that person's transfers", person["transfers"] == 12, short(person))
        folder = Path(vendor["folder"])
        contents(context, folder, Path(person["folder"]))
        commands(context, folder, tsa)
        key = cli(place, "log", "checkpoint", "--key", "--config", place.config).stdout.split()[0]
        for name, made in (("vendor", vendor), ("person", person)):
            verifiers(context, name, made, key)
        refusals(context, place, folder, tsa)
        damage(context, [folder, Path(person["folder"])])
        by_api(context, place, key)


def by_api(context, place, key):
    """Packages as a job of a running gate: asked for, followed, downloaded, verified; who may not; what a restart and an erasure leave."""
    engagement = place.command("audit", "open", "--config", place.config, "--vendor", "hubspot", "--scope", "transfers", "--from", "2026-01-01",
                               "--to", "2100-01-01", "--hook", "GDPR Art. 28(3)(h)").stdout.decode().strip()
    roles = {"auditor": [], "privacy_officer": [], "vendor_manager": [],
             "vendor_auditor": ["--vendor", "hubspot", "--engagement", engagement, "--until", "2100-01-01"]}
    with Gate(place, context.token, arguments=CONTROL) as gate:
        tokens = {role: place.command("token", "create", f"p-{role.replace('_', '-')}", "--role", role, *bound,
                                      "--config", place.config).stdout.decode().strip() for role, bound in roles.items()}
        api = Api(gate.control, tokens)
        until_signed(place)
        subject = api.ask("POST", "/v1/subjects/lookup", "privacy_officer", {"identifier": f"email:{ANNA}"})[1]["subject"]
        bodies = {"vendor": ({"kind": "vendor", "vendor": "hubspot"}, "auditor"),
                  "engagement": ({"kind": "engagement", "engagement": engagement}, "vendor_auditor"),
                  "subject": ({"kind": "subject", "subject": subject}, "privacy_officer")}
        made = {kind: made_by_api(context, place, api, kind, body, role, key) for kind, (body, role) in bodies.items()}
        allowed(context, api, bodies, made)
        entries = [entry for entry in place.log_entries() if entry["kind"] == "config" and entry["act"].startswith("package.")]
        acts = [entry["act"] for entry in entries]
        context.check("every request, result and download is an entry, in this order", acts == ["package.request", "package.made", "package.download"] * 3,
                      " ".join(acts))
        named = [entry for entry in entries if "subject" in entry["d"]]
        context.check("the entry of a person's package names them by a mark alone", len(named) == 1 and len(named[0]["d"]["subject"]) == 64
                      and ANNA not in json.dumps(entries))
        var = place.home / "var" / "packages"
        names = [str(path.relative_to(var)) for path in var.rglob("*")]
        modes = {stat.S_IMODE(path.stat().st_mode) for path in var.rglob("*")}
        context.check("the folder of packages is private, and names nobody", modes == {0o600, 0o700} and not re.search("anna|hubspot", " ".join(names)),
                      f"{modes} {len(names)}")
        erased(context, place, api, var)
        answer = api.ask("DELETE", f"/v1/packages/{made['vendor']['id']}", "auditor")
        gone = api.ask("GET", f"/v1/packages/{made['vendor']['id']}", "auditor")
        context.check("a package is removed when it is not wanted any more", (answer[0], gone[0]) == (204, 404) and len(list(var.rglob("*.zip"))) == 1)
        started = api.ask("POST", "/v1/packages", "auditor", bodies["vendor"][0])
        gate.kill()
    with Gate(place, context.token, arguments=CONTROL) as gate:
        api = Api(gate.control, tokens)
        status, after, _ = api.ask("GET", f"/v1/packages/{started[1]['id']}", "auditor")
        kept = api.ask("GET", f"/v1/packages/{made['engagement']['id']}", "vendor_auditor")[1]
        context.check("after kill -9 what was not done is shown as ended, what was done is there",
                      status == 200 and after["state"] in ("ended", "done") and kept["state"] == "done", f"{after.get('state')} {kept.get('state')}")
        left = [path for path in (var / "vendors" / started[1]["id"]).iterdir() if path.name != "job.json"] if after["state"] == "ended" else []
        context.check("and nothing half is left of it", not left, str(left))
    context.check("the log verifies", place.verify()["exit"] == 0)


def made_by_api(context, place, api, kind, body, role, key):
    status, job, headers = api.ask("POST", "/v1/packages", role, body, Idempotency_Key=f"package-{kind}")
    context.check(f"{kind}: a package is taken on", status == 202 and headers.get("location") == f"/v1/packages/{job.get('id')}", f"{status} {job.get('detail', '')}")
    again = api.ask("POST", "/v1/packages", role, body, Idempotency_Key=f"package-{kind}")
    end = time.monotonic() + 60
    while job["state"] in ("waiting", "running") and time.monotonic() < end:
        time.sleep(0.1)
        job = api.ask("GET", headers["location"], role)[1]
    context.check(f"{kind}: it is made, once", job["state"] == "done" and again[1]["id"] == job["id"] and job["transfers"] == 12,
                  f"{job['state']} {job['failure']} {job['transfers']} transfers")
    status, content, headers = api.ask("GET", f"{headers['location']}/content", role)
    strict = (headers.get("content-type"), headers.get("x-content-type-options"), headers.get("cache-control"), headers.get("content-length"))
    context.check(f"{kind}: it is downloaded whole, under strict headers", status == 200
                  and strict == ("application/zip", "nosniff", "no-store", str(job["bytes"]))
                  and re.fullmatch(r'attachment; filename="waybill-evidence-[a-z0-9.-]+\.zip"', headers.get("content-disposition", "")), headers.get("content-disposition", ""))
    entry = next(entry["d"] for entry in place.log_entries() if entry.get("act") == "package.made" and entry["d"]["job"] == job["id"])
    folder = context.home / f"by-api-{kind}"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)
    root = next(folder.iterdir())
    sums = hashlib.sha256(content).hexdigest(), hashlib.sha256((root / "MANIFEST.note").read_bytes()).hexdigest()
    context.check(f"{kind}: the digests in the log are the archive's and its manifest's",
                  sums == (entry["sha256"], entry["manifest_sha256"]) == (job["sha256"], job["manifest_sha256"]))
    zipped = context.home / f"by-api-{kind}.zip"
    zipped.write_bytes(content)
    verifiers(context, f"{kind} by API", {"folder": str(root), "zip": str(zipped), "entries": job["entries"]}, key)
    return job


def allowed(context, api, bodies, made):
    """(who, method, path or body, expected)"""
    rows = [("vendor_manager", "POST", bodies["vendor"][0], 403), ("auditor", "POST", bodies["subject"][0], 403),
            ("vendor_auditor", "POST", bodies["subject"][0], 403), ("vendor_auditor", "POST", bodies["vendor"][0], 403),
            ("auditor", "POST", {"kind": "vendor"}, 422), ("auditor", "POST", {"kind": "vendor", "vendor": "hubspot", "engagement": "2026-1"}, 422),
            ("auditor", "POST", {"kind": "everything"}, 400), ("auditor", "POST", {"kind": "engagement", "engagement": "2020-1"}, 422),
            ("privacy_officer", "POST", {"kind": "subject", "subject": "nobody"}, 422)]
    for path in ("", "/content"):
        rows += [("auditor", "GET", f"/v1/packages/{made['subject']['id']}{path}", 404), ("vendor_auditor", "GET", f"/v1/packages/{made['vendor']['id']}{path}", 404),
                 ("vendor_manager", "GET", f"/v1/packages/{made['vendor']['id']}{path}", 403), (None, "GET", f"/v1/packages/{made['vendor']['id']}{path}", 401)]
    rows.append(("vendor_auditor", "DELETE", f"/v1/packages/{made['vendor']['id']}", 404))
    wrong = []
    for role, method, what, expected in rows:
        status = api.ask(method, what if isinstance(what, str) else "/v1/packages", role, None if isinstance(what, str) else what)[0]
        if status != expected:
            wrong.append(f"{role} {method} {what}: {status}, not {expected}")
    context.check(f"who may not gets nothing ({len(rows)} rows)", not wrong, "; ".join(wrong[:3]))
    seen = {role: sorted(item["kind"] for item in api.ask("GET", "/v1/packages", role)[1]["items"]) for role in ("auditor", "privacy_officer", "vendor_auditor")}
    context.check("lists hold what each may see", seen == {"auditor": ["engagement", "vendor"], "privacy_officer": ["engagement", "subject", "vendor"],
                                                           "vendor_auditor": ["engagement"]}, str(seen))


def erased(context, place, api, var):
    before = len(list((var / "subjects").rglob("*.zip")))
    place.command("subject", "erase", f"email:{BRUNO}", "--confirm", "--config", place.config)
    left = [path for path in var.rglob("*") if path.is_file() and ANNA.encode() in path.read_bytes()]
    context.check("an erasure of anybody removes every person's package", before == 1 and not (var / "subjects").exists() and not left, f"{before} {left}")
    there = [item for item in api.ask("GET", "/v1/packages", "privacy_officer")[1]["items"] if item["kind"] == "subject"]
    status = api.ask("GET", f"/v1/packages/{there[0]['id']}/content", "privacy_officer")[0] if there else 404
    context.check("and who asks for it is told that it is gone", status == 404, str(status))


def until_signed(place):
    """A package is of what the last checkpoint covers, which a running gate signs each second."""
    wanted, end = len(place.log_entries()), time.monotonic() + 10
    while time.monotonic() < end and int(cli(place, "log", "checkpoint", "--config", place.config).stdout.split("\n")[1]) < wanted:
        time.sleep(0.1)


def short(made):
    return " ".join(f"{name}={made[name]}" for name in ("transfers", "denied", "entries", "complete", "timestamp"))


def cli(place, *arguments):
    done = place.command(*arguments, ok=None)
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    return done


def package(context, place, name, *arguments):
    done = cli(place, "log", "package", "--config", place.config, "--out", context.home / f"evidence-{name}", "--json", *arguments)
    context.check(f"waybill log package ({name}) ends with 0, quiet in a pipe", done.returncode == 0 and not done.stderr, done.stderr.strip()[:200])
    return json.loads(done.stdout or "{}")


def contents(context, folder, person):
    wanted = {"MANIFEST.note", "MANIFEST.note.p7s", "MANIFEST.note.tsr", "SIGNATURES.note", "policy.txt", "log.pem", "evidence.pem",
              "checkpoint", "scope.json", "entries.ndjson", "index.csv", "gaps.json", "report.html", "report.pdf", "verify.py", "README.md"}
    there = {path.name for path in folder.iterdir() if path.is_file()}
    context.check("it holds what the design lists", wanted <= there and all((folder / name).is_dir() for name in ("tile", "proofs", "agreements")),
                  " ".join(sorted(wanted - there)))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}
    context.check("files are 0600, folders 0700", modes == {0o600} and stat.S_IMODE(folder.stat().st_mode) == 0o700, str(modes))
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    context.check("a vendor's package names nobody", ANNA.encode() not in everything and b"bruno" not in everything.lower())
    openings = [json.loads(line) for line in (person / "openings.ndjson").read_text().splitlines()]
    context.check("a person's package has an opening for each transfer", len(openings) == 12
                  and all(o["subjects"][0]["named"][0]["id"] == f"email:{ANNA}" for o in openings), str(len(openings)))
    rest = b"".join(path.read_bytes() for path in person.rglob("*") if path.is_file() and path.name != "openings.ndjson")
    context.check("and the person is named in it nowhere else", ANNA.encode() not in rest)
    with zipfile.ZipFile(f"{folder}.zip") as archive:
        same = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    context.check("the zip holds the same files", same == {str(path.relative_to(folder)): path.read_bytes()
                                                           for path in folder.rglob("*") if path.is_file()})


def commands(context, folder, tsa):
    """The commands of README.md, as they stand there."""
    text = (folder / "README.md").read_text()
    block = text.split("```sh\n")[1].split("```")[0]
    lines = [line.split("   #")[0].rstrip() for line in block.splitlines() if line and "LOG+KEY" not in line]
    scratch = folder.parent / "commands"
    scratch.mkdir()
    for line in lines:
        line = line.replace("/tmp/", f"{scratch}/").replace("THE-AUTHORITYS-CA.pem", str(tsa.root))
        done = subprocess.run(["bash", "-c", f"set -o pipefail; {line}"], cwd=folder, capture_output=True, text=True)
        what = done.stdout.strip().splitlines()[-1:] + done.stderr.strip().splitlines()[-1:]
        context.check(f"README: {line.replace(str(scratch), '/tmp')[:60]}", done.returncode == 0, " ".join(what)[:100])
    with open(folder / "MANIFEST.note", "r+b") as note:
        whole = note.read()
        note.seek(3)
        note.write(b"0" if whole[3:4] != b"0" else b"1")
    for line in [line for line in lines if "openssl" in line or "sha256sum --quiet" in line or "sed" in line]:
        line = line.replace("/tmp/", f"{scratch}/").replace("THE-AUTHORITYS-CA.pem", str(tsa.root))
        done = subprocess.run(["bash", "-c", f"set -o pipefail; {line}"], cwd=folder, capture_output=True, text=True)
        if "openssl" in line or "sha256sum" in line:
            context.check(f"and refuses another manifest: {line.split()[0]} {line.split()[1][:10]}", done.returncode != 0)
    (folder / "MANIFEST.note").write_bytes(whole)


def verifiers(context, name, made, key):
    folder, binary = made["folder"], context.binary
    for target in (folder, made["zip"]):
        kind = "zip" if target.endswith(".zip") else "folder"
        done = subprocess.run([binary, "log", "verify", "--package", target, "--key", key, "--json"], capture_output=True, text=True)
        report = json.loads(done.stdout)
        context.check(f"waybill log verify --package: {name}, {kind}", done.returncode == 0 and report["ok"] and report["trusted_key"]
                      and report["entries"] == made["entries"], done.stdout[:200] if done.returncode else "")
        done = subprocess.run(["python3", f"{folder}/verify.py", target, "--key", key], capture_output=True, text=True)
        context.check(f"verify.py: {name}, {kind}", done.returncode == 0 and "The package is whole." in done.stdout, done.stdout[-200:] if done.returncode else "")
    untrusted = subprocess.run([binary, "log", "verify", "--package", folder], capture_output=True, text=True)
    context.check("without a key it says what authenticity rests on", "rests on the key inside" in untrusted.stdout)
    other = re.sub(r"\+[0-9a-f]{8}\+.*", "+be8a9fd6+AQ" + "A" * 42 + "=", key)
    wrong = subprocess.run([binary, "log", "verify", "--package", folder, "--key", other], capture_output=True, text=True)
    context.check("a key that is none is a wrong usage", wrong.returncode == 2 and "--key" in wrong.stderr, wrong.stderr[:100])


def refusals(context, place, folder, tsa):
    """(what, arguments, exit code, a word of the sentence)"""
    home = context.home
    table = [
        ("an existing folder", ["--vendor", "hubspot", "--out", folder], 1, "exists already"),
        ("an unknown vendor", ["--vendor", "nobody", "--out", home / "none"], 1, "no transfers to nobody"),
        ("a period without entries", ["--vendor", "hubspot", "--to", "2020-01-01", "--out", home / "none"], 1, "choose another"),
        ("an unknown person", ["--subject", "email:nobody.at.all@example.com", "--out", home / "none"], 1, "nobody is known"),
        ("a malformed identifier", ["--subject", "nobody", "--out", home / "none"], 1, "scheme:value"),
        ("a missing parent folder", ["--vendor", "hubspot", "--out", home / "no" / "where"], 1, "there is no folder"),
        ("neither vendor nor subject", ["--out", home / "none"], 2, "--vendor or --subject"),
        ("a period that ends before it begins", ["--vendor", "hubspot", "--from", "2026-02-01", "--to", "2026-01-01", "--out", home / "none"], 2, "before"),
    ]
    for what, arguments, code, words in table:
        done = cli(place, "log", "package", "--config", place.config, *arguments)
        left = [path.name for path in home.glob(".*partial*")] + (["none"] if (home / "none").exists() else [])
        context.check(f"refused: {what}", done.returncode == code and words in done.stderr and not left, done.stderr.strip()[:120])
    for what, url in (("away", "http://127.0.0.1:9/tsa"), ("talking nonsense", tsa.url + "nonsense"), ("refusing", tsa.url + "refuse"),
                      ("replaying an old answer", tsa.url + "replay")):
        out = home / f"stamp-{what.split()[0]}"
        done = cli(place, "log", "package", "--config", place.config, "--vendor", "hubspot", "--timestamp", url, "--out", out)
        context.check(f"an authority that is {what} keeps nobody from having a package", done.returncode == 0 and "no time-stamp" in done.stderr
                      and not (out / "MANIFEST.note.tsr").exists(), done.stderr.strip()[:150])
    if shutil.which("mount") and os.geteuid() == 0:
        full = home / "full"
        full.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", full], capture_output=True).returncode == 0:
            done = cli(place, "log", "package", "--config", place.config, "--vendor", "hubspot", "--out", full / "p")
            context.check("refused: a full disk", done.returncode == 1 and "free some disk space" in done.stderr and not list(full.iterdir()),
                          done.stderr.strip()[:150])
            subprocess.run(["umount", full], check=True)


def damage(context, folders):
    """verify.py in this process, over packages in memory. The Swift verifier's turn is PackageMutationTests."""
    # Before the import, which leaves its compiled form beside the source.
    bases = [{str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()} for folder in folders]
    spec = importlib.util.spec_from_file_location("verify", folders[0] / "verify.py")
    verify = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(verify)

    class Memory:
        def __init__(self, files):
            self.files = files

        def names(self):
            return list(self.files)

        def open(self, name):
            if name not in self.files:
                raise verify.Fault(name, "is missing")
            return io.BytesIO(self.files[name])

    context.check("the packages are whole", all(not verify.Verification(Memory(base)).run().faults for base in bases))
    began, missed, seed = time.monotonic(), [], random.Random(7)
    for round_ in range(MUTATIONS):
        base, foreign = bases[round_ % 2], bases[1 - round_ % 2]
        files, what = dict(base), ""
        while files == base:
            files = dict(base)
            what = mutate(files, foreign, seed)
        if not verify.Verification(Memory(files)).run().faults:
            missed.append(what)
    context.check(f"verify.py notices {MUTATIONS} of {MUTATIONS} random mutations", not missed,
                  f"{MUTATIONS - len(missed)} noticed, {time.monotonic() - began:.0f} s {' '.join(missed[:3])}")


def mutate(files, foreign, seed):
    """Changes the set of files, or bytes in one. What a zip says beside its files (times, order, compression) is no mutation."""
    name, other = seed.choice(sorted(files)), seed.choice(sorted(files))
    content, kind = bytearray(files[name]), seed.choice(["flip", "delete", "insert", "cut", "line-", "line+", "lines", "file-", "file+", "files", "foreign"])
    at = seed.randrange(len(content)) if content else 0
    lines = bytes(content).split(b"\n")
    i, k = seed.randrange(len(lines)), seed.randrange(len(lines))
    if kind == "flip" and content:
        content[at] ^= 1 << seed.randrange(8)
    elif kind == "delete":
        del content[at:at + seed.randint(1, 4)]
    elif kind == "insert":
        content[at:at] = bytes(content[:seed.randint(1, 4)])
    elif kind == "cut":
        del content[at:]
    elif kind in ("line-", "line+", "lines"):
        if kind == "line-":
            del lines[i]
        elif kind == "line+":
            lines.insert(i, lines[i])
        else:
            lines[i], lines[k] = lines[k], lines[i]
        content = b"\n".join(lines)
    elif kind == "foreign":
        content = foreign.get(name, content)
    if kind == "file-":
        del files[name]
    elif kind == "files":
        files[name], files[other] = files[other], files[name]
    else:
        files[name + ".x" if kind == "file+" else name] = bytes(content)
    return f"{kind} {name}:{at}"


class Authority:
    """A time-stamping authority: `openssl ts -reply` behind a small HTTP server."""

    def __init__(self, folder):
        self.folder, self.root, self.last = folder, folder / "ca.pem", b""
        folder.mkdir()
        (folder / "serial").write_text("01\n")
        (folder / "tsa.cnf").write_text(f"""
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
certs = {folder}/ca.pem
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
[stamping]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
""")
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
                     "-subj", "/CN=Test time root", "-days", "2")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr",
                     "-subj", "/CN=Test time-stamps")
        self.openssl("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "tsa.pem", "-days", "2",
                     "-extfile", "tsa.cnf", "-extensions", "stamping")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *map(str, arguments)], cwd=self.folder, check=True, capture_output=True)

    def answer(self, path, body):
        if path.endswith("nonsense"):
            return b"not a time-stamp"
        if path.endswith("replay"):
            return self.last
        (self.folder / "request.tsq").write_bytes(b"junk" if path.endswith("refuse") else body)
        subprocess.run(["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "request.tsq", "-out", "reply.tsr"], cwd=self.folder,
                       capture_output=True, check=True)
        reply = (self.folder / "reply.tsr").read_bytes()
        if not path.endswith("refuse"):
            self.last = reply
        return reply

    def __enter__(self):
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                reply = authority.answer(self.path, self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
