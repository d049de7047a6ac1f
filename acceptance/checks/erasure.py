"""A person is erased: nothing of them is left in any file, the log stays true, and no restored copy and no kill -9 brings them back.

What is looked for in every file under var/ is read from the databases before: salts, fingerprints, sealed identifiers, birth dates and proofs,
and the identifiers themselves. What this cannot show: blocks that a file system or a disk keeps after a file was truncated or overwritten.
"""
import json
import random
import shutil
import sqlite3
import threading
import time

from gate import Gate, GateError, without_volume_limits
from people import CONTACTS, VENDOR_HOSTS, consent, contact, facts, resolve_all
from vendor import Vendors

NEEDS_SHARED = False
ANNA, BRUNO, GUEST = "anna.erased@example.com", "bruno.stays@example.com", "guest.seen@example.com"
CRM = "crm:erased-4711"
MAIL = "/to/sendgrid/v3/mail/send"
ROUNDS_QUICK = 6


def run(context):
    with Vendors(context.home / "erasure-ca", VENDOR_HOSTS) as vendors:
        place = context.installation("erasure", resolve=resolve_all(vendors.port), trust=[vendors.authority], edit=without_volume_limits)
        with Gate(place, context.token) as gate:
            crowd(place)
            send_all(gate)
            before = secrets_of(place, ANNA)
            guest = secrets_of(place, GUEST)
            old = keep_copy(place, "erasure-old")
            checkpoint = place.command("log", "checkpoint", "--config", place.config).stdout
            unknown(context, place)
            asked(context, place, gate, vendors, before)
            confirmed(context, place, gate, vendors, before)
            seen_only(context, place, gate, vendors, guest)
            imports(context, place, gate, vendors)
        context.check("the log verifies when the gate has stopped", place.verify()["exit"] == 0)
        left(context, place, before + guest, "after the stop")
        extends(context, place, checkpoint)
        restored(context, place, vendors, old, before)
        without_gate(context, place, vendors)
        killed(context, place, vendors)


def crowd(place, count=400):
    """Enough people around, so that rows move between pages."""
    others = [f"person{number}.crowd@example.com" for number in range(count)]
    place.import_lines("subject", [facts(ANNA, CRM) | {"born": "1984-03-07"}, facts(BRUNO), *(facts(each) for each in others)])
    place.import_lines("consent", [consent(each, "hubspot") for each in (ANNA, BRUNO, *others)])


def batch(*people):
    return b'{"inputs":[' + b",".join(contact(each, firstname="N") for each in people) + b"]}"


def mail(*people):
    return json.dumps({"from": {"email": "shop@acme.example"}, "template_id": "d-1",
                       "personalizations": [{"to": [{"email": each} for each in people]}]}).encode()


def send_all(gate):
    for path, body in ((CONTACTS, contact(ANNA, firstname="Anna")), (CONTACTS + "/batch/create", batch(ANNA, BRUNO)), (MAIL, mail(ANNA, GUEST))):
        answer = gate.send("POST", path, body)
        if answer.status >= 300:
            raise GateError(f"{path}: {answer.status} {answer.code}")


def rows(path, sql, *values):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


def secrets_of(place, email):
    """Bytes that lead to one person, as they stand in the databases: (what, bytes)."""
    var, found = place.home / "var", [("identifier", email.encode())]
    if email == ANNA:
        found += [("identifier", CRM.partition(":")[2].encode())]
    store, log = var / "waybill.db", var / "waybill-log.db"
    numbers = set()
    if email == ANNA:
        numbers = {number for number, in rows(store, "SELECT i.subject FROM identifier i JOIN consent_event e ON e.subject = i.subject "
                                              "WHERE i.scheme = 'crm'")}
    for number in numbers:
        found += [("salt", salt) for salt, in rows(store, "SELECT salt FROM subject WHERE number = ?", number)]
        found += [("birth date", born) for born, in rows(store, "SELECT born FROM subject WHERE number = ?", number)]
        for fingerprint, sealed in rows(store, "SELECT fingerprint, sealed FROM identifier WHERE subject = ?", number):
            found += [("fingerprint", fingerprint), ("sealed identifier", sealed)]
        # An event's own fingerprint is that of everybody's equal event, so it leads to nobody.
        found += [("proof", proof) for proof, in rows(store, "SELECT proof FROM consent_event WHERE subject = ?", number)]
    if email == GUEST:
        for salt, prints, sealed in rows(log, "SELECT salt, fingerprints, sealed FROM sightings"):
            found += [("salt", salt), ("sealed identifier", sealed)] + [("fingerprint", prints[at:at + 16]) for at in range(0, len(prints), 16)]
    found = [(what, value) for what, value in found if value]
    if len(found) < 4:
        raise GateError(f"the stores hold only {[what for what, _ in found]} of a person")
    return found


def left(context, place, secrets, when, kinds=None):
    files = [path for path in (place.home / "var").rglob("*") if path.is_file()] + [place.home / "gate.log"]
    texts = {path.name: path.read_bytes() for path in files}
    hits = [f"{name}: {what}" for name, text in texts.items() for what, value in secrets
            if (kinds is None or what in kinds) and (value in text or value.hex().encode() in text)]
    context.check(f"nothing of the person in {len(texts)} files, {when}", not hits and len(texts) >= 5,
                  "; ".join(sorted(set(hits))[:6]) or f"{len(secrets)} values sought")


def keep_copy(place, name):
    """A consistent copy of the databases, as a backup makes it; what stands outside them is not in it."""
    folder = place.home.parent / name
    folder.mkdir(exist_ok=True)
    for path in (place.home / "var").glob("*.db"):
        source, target = sqlite3.connect(f"file:{path}?mode=ro", uri=True), sqlite3.connect(folder / path.name)
        source.backup(target)
        target.close()
        source.close()
    return folder


def put_back(place, folder, names=None):
    for path in folder.glob("*.db"):
        if names and path.name not in names:
            continue
        for stale in (place.home / "var").glob(path.name + "*"):
            if not stale.name.endswith(".lock"):
                stale.unlink()
        shutil.copy(path, place.home / "var" / path.name)


def erase(place, person, *more, ok=(0,)):
    done = place.command("subject", "erase", f"email:{person}", "--config", place.config, "--output", "json", *more, ok=ok)
    return json.loads(done.stdout) if done.returncode == 0 else done


def refused(gate, vendors, path, body):
    vendors.take()
    answer = gate.send("POST", path, body)
    return answer.status == 403 and answer.code == "subject_erased" and not vendors.take(), f"{answer.status} {answer.code}"


def unknown(context, place):
    done = erase(place, "nobody@example.com", ok=None)
    message = done.stderr.decode()
    context.check("nobody by that name: one sentence", done.returncode == 1 and len(message.splitlines()) == 1 and "nobody@" not in message, message.strip())


def asked(context, place, gate, vendors, secrets):
    report = erase(place, ANNA)
    named = {(r["vendor"], r["agreement"]): r["transfers"] for r in report["recipients"]}
    context.check("without --confirm every recipient is listed", named == {("hubspot", "hubspot-newsletter"): 2, ("sendgrid", "sendgrid-service-mail"): 1}
                  and report["transfers"] == 3 and report["state"] == "erasing", str(named))
    context.check("with fields, times and the last outcome", all(r["fields"] and r["first"] <= r["last"] and r["last_outcome"] == "ok" for r in report["recipients"]))
    for path, body, what in ((CONTACTS, contact(ANNA), "by consent"), (MAIL, mail(ANNA), "by contract"), (CONTACTS + "/batch/create", batch(BRUNO, ANNA), "with somebody else")):
        held, detail = refused(gate, vendors, path, body)
        context.check(f"from then on nothing about them leaves: {what}", held, detail)
    left(context, place, [each for each in secrets if each[0] == "salt"], "while the erasure waits (salts in the clear)")
    context.check("the log verifies while the erasure waits", place.verify()["exit"] == 0)
    gone = gate.send("POST", CONTACTS, contact(BRUNO))
    context.check("others go on as before", gone.status == 201, f"{gone.status} {gone.code}")
    done = place.command("consent", "import", "--config", place.config, "-", stdin=(json.dumps(consent(ANNA, "hubspot", at="2026-07-01T00:00:00Z")) + "\n").encode(), ok=None)
    context.check("no import changes their mind meanwhile", done.returncode == 1, done.stderr.decode().strip()[:100])


def confirmed(context, place, gate, vendors, secrets):
    entries = len(place.log_entries())
    report = erase(place, ANNA, "--confirm")
    new = [entry for entry in place.log_entries()[entries:] if entry["kind"] == "erasure"]
    context.check("--confirm erases and enters it in the log", report["state"] == "erased" and len(new) == 1 and new[0]["n"] == 3 and report["entry"] >= entries,
                  f"entry {report.get('entry')}")
    left(context, place, secrets, "right after --confirm, the gate running")
    context.check("the log verifies after it", place.verify()["exit"] == 0)
    held, detail = refused(gate, vendors, CONTACTS, contact(ANNA))
    context.check("the person stays stopped", held, detail)
    held, detail = refused(gate, vendors, MAIL, mail(ANNA))
    context.check("for a contract too", held, detail)
    for command in (("subject", "show"), ("consent", "history"), ("subject", "erase")):
        done = place.command(*command, f"email:{ANNA}", "--config", place.config, ok=None)
        context.check(f"{' '.join(command)}: unknown", done.returncode == 1, done.stderr.decode().strip()[:90])
    left(context, place, secrets, "after they were asked for and refused")
    answer = gate.send("POST", CONTACTS, contact(BRUNO))
    context.check("somebody else of the same batch is still there", answer.status == 201, f"{answer.status} {answer.code}")


def seen_only(context, place, gate, vendors, secrets):
    report = erase(place, GUEST, "--confirm")
    context.check("a person whom only the log knew is erased", report["state"] == "erased" and report["transfers"] == 1, str(report["identifiers"]))
    left(context, place, secrets, "of one whom only the log knew")
    held, detail = refused(gate, vendors, MAIL, mail(GUEST))
    context.check("and is not seen anew", held, detail)
    context.check("the log verifies after that too", place.verify()["exit"] == 0)


def imports(context, place, gate, vendors):
    """An old export must not bring the person back; their own new consent may, for its purpose."""
    def take(kind, line):
        return place.command(kind, "import", "--config", place.config, "-", stdin=(json.dumps(line) + "\n").encode(), ok=None).returncode
    context.check("an old consent does not bring a person back", take("consent", consent(ANNA, "hubspot")) == 1)
    context.check("facts alone do not either", take("subject", facts(ANNA, CRM)) == 1)
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
    time.sleep(2)
    context.check("a newer consent does", take("consent", consent(ANNA, "hubspot", at=soon)) == 0 and take("subject", facts(ANNA)) == 0)
    vendors.take()
    answer = gate.send("POST", CONTACTS, contact(ANNA))
    context.check("for its purpose", answer.status == 201 and len(vendors.take()) == 1, f"{answer.status} {answer.code}")
    held, detail = refused(gate, vendors, MAIL, mail(ANNA))
    context.check("and for no other", held, detail)
    report = erase(place, ANNA, "--confirm")
    context.check("and they can be erased again", report["transfers"] == 1 and [r["vendor"] for r in report["recipients"]] == ["hubspot"])


def extends(context, place, note):
    """The old checkpoint is a prefix: its root is that of the first entries of today's log."""
    old = note.decode().splitlines()
    report = place.verify()
    copy = place.home.parent / "erasure-checkpoint"
    context.check("a checkpoint from before is of the same log, which verifies with all its kept checkpoints",
                  report["exit"] == 0 and int(old[1]) < report["entries"], f"{old[1]} of {report['entries']} entries {copy.name and ''}")


def restored(context, place, vendors, old, secrets):
    put_back(place, old, {"waybill.db"})
    done = place.command("subject", "show", f"email:{ANNA}", "--config", place.config, ok=None)
    context.check("an old store of subjects put back: the person is not there", done.returncode == 1, done.stderr.decode().strip()[:80])
    with Gate(place, context.token) as gate:
        left(context, place, secrets, "after the gate started on the old store")
        held, detail = refused(gate, vendors, CONTACTS, contact(ANNA))
        context.check("nor for the gate", held, detail)
        answer = gate.send("POST", CONTACTS, contact(BRUNO))
        context.check("others are", answer.status == 201, f"{answer.status} {answer.code}")
    context.check("and the log verifies", place.verify()["exit"] == 0)
    put_back(place, old)
    with Gate(place, context.token) as gate:
        answer = gate.send("POST", CONTACTS, contact(BRUNO))
        context.check("an old log put back too: nothing leaves until somebody acknowledges it", answer.status == 503, f"{answer.status} {answer.code}")
    place.command("log", "acknowledge", "--config", place.config)
    with Gate(place, context.token) as gate:
        left(context, place, secrets, "after everything old was put back and acknowledged")
        held, detail = refused(gate, vendors, CONTACTS, contact(ANNA))
        context.check("the person stays erased", held, detail)
        held, detail = refused(gate, vendors, MAIL, mail(GUEST))
        context.check("so does the one whom only the log knew", held, detail)
        answer = gate.send("POST", CONTACTS, contact(BRUNO))
        context.check("others go on", answer.status == 201, f"{answer.status} {answer.code}")
    report = place.verify()
    context.check("the log verifies, and tells of the erasures again", report["exit"] == 0
                  and sum(e["kind"] == "erasure" for e in place.log_entries()) >= 2, str(report.get("faults", [])[:1]))


def without_gate(context, place, vendors):
    person = "offline.erased@example.com"
    with Gate(place, context.token) as gate:
        place.import_lines("subject", [facts(person)])
        place.import_lines("consent", [consent(person, "hubspot")])
        gate.send("POST", CONTACTS, contact(person))
    place.command("subject", "link", f"email:{person}", "--config", place.config)
    control = place.home / "var" / "waybill-control.db"
    links = rows(control, "SELECT count(*) FROM person_link")[0][0]
    listed = erase(place, person)
    report = erase(place, person, "--confirm")
    context.check("without a gate it works the same", listed["transfers"] == 1 and report["state"] == "erased" and place.verify()["exit"] == 0)
    context.check("the link to the person's page goes with them", links == 1 and rows(control, "SELECT count(*) FROM person_link")[0][0] == 0,
                  f"{links} before")
    left(context, place, [("identifier", person.encode())], "after an erasure without a gate")


def killed(context, place, vendors):
    """kill -9 somewhere in an erasure under load, start again: it is either asked for again or done, never half."""
    rounds, faults, done, waiting = max(ROUNDS_QUICK, context.rounds if context.rounds > 10 else 0), [], 0, 0
    for number in range(rounds):
        person = f"round{number}.erased@example.com"
        gate = Gate(place, context.token).start()
        place.import_lines("subject", [facts(person, f"crm:round-{number}")])
        place.import_lines("consent", [consent(person, "hubspot")])
        for _ in range(3):
            gate.send("POST", CONTACTS, contact(person))
        secrets = [("identifier", person.encode())]
        number_of = rows(place.home / "var" / "waybill.db", "SELECT max(number) FROM subject WHERE number < 2147483648")[0][0]
        secrets += [("salt", salt) for salt, in rows(place.home / "var" / "waybill.db", "SELECT salt FROM subject WHERE number = ?", number_of)]
        secrets += [(what, value) for row in rows(place.home / "var" / "waybill.db", "SELECT fingerprint, sealed FROM identifier WHERE subject = ?", number_of)
                    for what, value in zip(("fingerprint", "sealed identifier"), row)]
        senders = [threading.Thread(target=keep_sending, args=(gate, person), daemon=True) for _ in range(2)]
        eraser = threading.Thread(target=erase, args=(place, person, "--confirm"), kwargs={"ok": None}, daemon=True)
        for thread in (*senders, eraser):
            thread.start()
        time.sleep(random.uniform(0, 0.4))
        gate.kill()
        for thread in (*senders, eraser):
            thread.join(20)
        with Gate(place, context.token) as gate:
            vendors.take()
            answer = gate.send("POST", CONTACTS, contact(person))
            reached = len(vendors.take())
            again = erase(place, person, "--confirm", ok=None)
            if isinstance(again, dict):
                waiting += 1
            else:
                done += 1
                if answer.code != "subject_erased" or reached:
                    faults.append(f"round {number}: erased, and answered {answer.status} {answer.code}")
            files = [path for path in (place.home / "var").rglob("*") if path.is_file()]
            hits = {what for path in files for what, value in secrets if value in path.read_bytes()}
            if hits:
                faults.append(f"round {number}: {', '.join(hits)} left")
            report = place.verify()
            if report["exit"] != 0:
                faults.append(f"round {number}: {report.get('faults', [])[:1]}")
    context.check(f"{rounds} rounds of kill -9 in an erasure under load: done or not begun, nothing left, the log verifies", not faults,
                  "; ".join(faults[:3]) or f"{done} finished by the restart, {waiting} confirmed again")


def keep_sending(gate, person):
    while True:
        try:
            gate.send("POST", CONTACTS, contact(person))
        except Exception:  # The gate is gone, as it should be.
            return
