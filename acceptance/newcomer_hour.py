"""The newcomer's hour, in chromium. Every person has a browser of their own."""
import json
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from browser import BASE, faults, order, picture, press, set_up, tell, until_made
from playwright.sync_api import sync_playwright

TEAM = {"mia": "vendor_manager", "alex": "approver", "paula": "privacy_officer", "oda": "auditor"}


def send():
    """One contact through the gate, as the integration would; the status and the code of a refusal."""
    body = json.dumps({"email": order["person"], "firstname": "Nora", "phone": "+491701234567"}).encode()
    request = urllib.request.Request(order["gate"], body, {"Content-Type": "application/json", "Waybill-Token": order["token"]})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, ""
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.load(refusal).get("code", "")


def look(page, name):
    """A picture, and what axe says."""
    picture(page, f"hour {name}")
    if order["with_script"]:
        found = faults(page)
        tell(f"axe finds nothing: {name}", not found, "; ".join(found))


def people(open_page):
    """The first administrator signs in and makes everybody else's accounts."""
    root = open_page()
    tell("the first administrator signs in with the code that was printed", set_up(root, order["code"], "hour set-up"), root.title())
    pages = {}
    for name, role in TEAM.items():
        root.goto(BASE + "/console/accounts/new")
        root.fill("[name=id]", name)
        root.fill("[name=name]", name.capitalize())
        root.check(f"[name=roles][value={role}]")
        press(root, "Create")
        code = next(text.strip() for text in root.locator("code").all_inner_texts() if text.strip().startswith("wbs_"))
        pages[name] = open_page()
        if not tell(f"{name} sets up an account", set_up(pages[name], code), pages[name].title()):
            picture(pages[name], f"hour set-up failed {name}")
    root.goto(BASE + "/console/accounts")
    look(root, "accounts")
    return pages


def approved(mia, alex, kind, what):
    """Submitted by one, refused to oneself, approved by another."""
    mia.goto(f"{BASE}/console/{kind}/{what}/draft")
    look(mia, f"{kind} draft")
    press(mia, "Submit for approval")
    tell(f"{kind} {what} is submitted", "Somebody else approves it" in mia.content(), mia.locator("main").inner_text()[:300])
    alex.goto(f"{BASE}/console/{kind}/{what}/draft")
    look(alex, f"{kind} in review")
    press(alex, "Approve")
    tell(f"{kind} {what} is approved by another", "Approved;" in alex.content(), alex.locator("main").inner_text()[:300])


def vendor(mia, alex):
    mia.goto(BASE + "/console/vendors/new")
    look(mia, "new vendor")
    for name, text in {"id": "novamail", "legal_name": "Novamail GmbH", "established_in": "DE", "url": f"https://{order['host']}",
                       "region": "DE", "privacy": "privacy@novamail.example", "request": "POST /contacts", "subject": "email",
                       "members": "email: email\nfirstname: first_name\nphone: phone"}.items():
        mia.fill(f"[name={name}]", text)
    press(mia, "Make the draft")
    approved(mia, alex, "vendors", "novamail")


def agreement(mia, alex):
    mia.goto(BASE + "/console/agreements/new")
    look(mia, "new agreement")
    mia.fill("[name=id]", "novamail-newsletter")
    mia.fill("[name=owner]", "privacy@acme.example")
    mia.fill("[name=regions]", "DE")
    for name, value in {"vendor": "novamail", "role": "processor", "purpose": "newsletter", "basis": "consent", "mechanism": "none"}.items():
        mia.select_option(f"[name={name}]", value)
    for field in ("email", "first_name"):
        mia.check(f"[name=fields][value={field}]")
    press(mia, "Make the draft")
    tell("the form asks, at its field, where the paper says what the law wants", mia.locator("#field-terms-error").count() == 1
         and mia.input_value("[name=owner]") == "privacy@acme.example", mia.locator("main").inner_text()[:400])
    look(mia, "agreement that lacks its terms")
    mia.fill("[name=terms]", "DPA, Annex 4")
    press(mia, "Make the draft")
    tell("lint finds nothing wrong", mia.locator("#problems").count() == 0, mia.locator("main").inner_text()[:400])
    press(mia, "Work out the impact")
    tell("the impact is shown", "Of 0 records" in mia.content() or "records in" in mia.content(), mia.locator("main").inner_text()[:300])
    tell("before approval nothing goes", send()[0] in (401, 403, 404))
    approved(mia, alex, "agreements", "novamail-newsletter")
    mia.goto(BASE + "/console/agreements/novamail-newsletter")
    look(mia, "agreement in words")


def caller(mia, alex):
    mia.goto(BASE + "/console/callers/new")
    mia.fill("[name=id]", "newcomer-sync")
    mia.fill("[name=owner]", "crm@acme.example")
    mia.fill("[name=token_sha256]", order["digest"])
    mia.select_option("[name=agreement]", "novamail-newsletter")
    mia.select_option("[name=purpose]", "newsletter")
    press(mia, "Make the draft")
    approved(mia, alex, "callers", "newcomer-sync")


def withdrawal(paula):
    paula.goto(BASE + "/console/subjects")
    look(paula, "subjects")
    paula.fill("[name=identifier]", f"email:{order['person']}")
    press(paula, "Find")
    tell("a person is found, and the address names nobody", "@" not in paula.url and "/console/subjects/" in paula.url, paula.url)
    look(paula, "subject")
    own = paula.url
    paula.get_by_role("button", name="Make a link", exact=True).click()
    look(paula, "link to the person's page")
    link = next(text.strip() for text in paula.locator("code, a").all_inner_texts() if "/person/" in text)
    paula.goto(own)
    press(paula, "Withdraw")
    answer = send()
    tell("a withdrawal stops the next send", answer == (403, "consent_withdrawn"), str(answer))
    return link


def auditor(oda):
    # The index follows the log.
    for _ in range(50):
        oda.goto(BASE + "/console/transfers")
        rows = oda.locator("table tbody tr").count()
        if rows >= 2:
            break
        time.sleep(0.1)
    look(oda, "transfers")
    tell("the auditor sees the transfer and the refusal", rows >= 2, f"{rows} rows")
    oda.locator("table tbody tr a").first.click()
    look(oda, "transfer explained")
    oda.goto(BASE + "/console/log")
    look(oda, "log")
    with oda.expect_download() as got:
        oda.locator("a[href*='/console/log/export'][href*='ndjson']").first.click() if oda.locator(
            "a[href*='/console/log/export'][href*='ndjson']").count() else export(oda)
    lines = open(got.value.path()).read().splitlines()
    tell("the auditor exports the log", lines and all(json.loads(line)["v"] for line in lines), f"{len(lines)} entries")
    evidence(oda)
    oda.goto(BASE + "/console")
    look(oda, "overview")


def evidence(oda):
    """A package of what the vendor got, checked by the verifier that lies in it, with Python alone."""
    oda.goto(BASE + "/console/log")
    oda.locator("form", has=oda.get_by_role("button", name="Make the package", exact=True)).locator("[name=vendor]").select_option("novamail")
    press(oda, "Make the package")
    tell("a package of evidence is made", until_made(oda))
    look(oda, "package of evidence")
    with oda.expect_download() as got:
        oda.get_by_role("link", name="Download").click()
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(got.value.path()).extractall(folder)
        verifier = next(Path(folder).rglob("verify.py"))
        done = subprocess.run([sys.executable, str(verifier), str(verifier.parent)], capture_output=True, text=True)
        tell("the auditor takes evidence away, and verify.py finds it whole", done.returncode == 0, (done.stdout + done.stderr)[-300:])


def export(oda):
    oda.select_option("[name=format]", "ndjson")
    oda.get_by_role("button", name="Download").first.click()


def person(page, link):
    page.goto(link if link.startswith("http") else BASE + link)
    look(page, "a person's page")
    text = page.locator("main").inner_text()
    tell("a person reads who received what, in plain words", "Novamail GmbH" in text and "received" in text.split("What became of it")[-1].split("What you agreed")[0],
         text[:300])
    tell("the page names nobody in its address", order["person"] not in page.url)
    page.locator("form", has_text="Newsletter").get_by_role("button", name="Yes, I agree").click()
    look(page, "a person is asked twice")
    page.locator("main form button").first.click()
    answer = send()
    tell("what a person agrees to passes again", answer[0] in (200, 201), str(answer))


def main():
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=order["browser"], args=["--no-sandbox"])

        def open_page():
            return browser.new_context(viewport={"width": 1280, "height": 800}, java_script_enabled=order["with_script"],
                                       accept_downloads=True).new_page()
        pages = people(open_page)
        vendor(pages["mia"], pages["alex"])
        agreement(pages["mia"], pages["alex"])
        caller(pages["mia"], pages["alex"])
        answer = send()
        tell("the first send passes", answer[0] in (200, 201), str(answer))
        link = withdrawal(pages["paula"])
        auditor(pages["oda"])
        person(open_page(), link)
        browser.close()


main()
