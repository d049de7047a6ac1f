"""Walks the console in chromium: every page, light and dark, wide and narrow, by keyboard, without JavaScript."""
import hashlib
import re
import time
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from browser import BASE, faults, order, picture, press, set_up, tell, until_made
from playwright.sync_api import sync_playwright

PAGES_MAX, ALIKE_MAX, SERVER_MILLISECONDS_MAX, TAB_STOPS_MAX = 200, 2, 100, 250
NOT_WALKED = re.compile(r"/console/(assets/|log/export|sign-out|subjects/[^/]+/(export|receipts/)|packages/[^/]+/content)")


def shape(path):
    """`/console/vendors/x/y` → `/console/vendors/*/y`: pages that differ by an id alone are alike."""
    parts = path.split("/")
    if len(parts) > 3 and parts[3] not in ("new", "statistics", "export"):
        parts[3] = "*"
    if len(parts) > 5:
        parts[5] = "*"
    return "/".join(parts)


def links(page):
    found = page.eval_on_selector_all("a[href]", "all => all.map(a => a.getAttribute('href'))")
    for address in found:
        parts = urlsplit(urljoin(page.url, address))
        if f"{parts.scheme}://{parts.netloc}" == BASE and parts.path.startswith("/console") and not NOT_WALKED.match(parts.path):
            yield parts.path + (f"?{parts.query}" if parts.query else "")


def walk(page, name):
    """Every page that can be reached, each looked at in light and dark, wide and narrow. Returns their paths."""
    waiting, seen, alike, bad, slow, wide, failed = ["/console"], set(), {}, [], [], [], []
    walked = []
    while waiting and len(walked) < PAGES_MAX:
        path = waiting.pop(0)
        began = time.monotonic()
        answer = page.goto(BASE + path)
        here = urlsplit(page.url).path
        if answer.status != 200:
            failed.append(f"{path}: {answer.status}")
            continue
        times = answer.request.timing
        took = times["responseStart"] - times["requestStart"]
        if took > SERVER_MILLISECONDS_MAX and not slow_again(page, path):
            slow.append(f"{path}: {took:.0f} ms")
        if here not in [w.partition("?")[0] for w in walked]:
            walked.append(urlsplit(page.url).path)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            bad += [f"{path} ({scheme}): {fault}" for fault in faults(page)]
            picture(page, f"{name} {shape(here)} {scheme}")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 400, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(path)
        picture(page, f"{name} {shape(here)} narrow")
        page.set_viewport_size({"width": 1280, "height": 800})
        for link in links(page):
            key = shape(link.partition("?")[0]) + ("?" if "?" in link else "")
            if link not in seen and alike.get(key, 0) < ALIKE_MAX:
                seen.add(link)
                alike[key] = alike.get(key, 0) + 1
                waiting.append(link)
    tell(f"{name}: every page that is linked opens ({len(walked)})", not failed and len(walked) > 1, "; ".join(failed))
    tell(f"{name}: axe finds nothing, in light and dark", not bad, "; ".join(bad))
    tell(f"{name}: nothing is wider than a screen of 400 px", not wide, "; ".join(wide))
    tell(f"{name}: every page within {SERVER_MILLISECONDS_MAX} ms", not slow, "; ".join(slow))
    return walked


def slow_again(page, path):
    """True: the second time it was quick; the first one warmed something up or met the machine's other work."""
    times = page.goto(BASE + path).request.timing
    return times["responseStart"] - times["requestStart"] <= SERVER_MILLISECONDS_MAX


def keyboard(page):
    page.goto(BASE + "/console")
    page.keyboard.press("Tab")
    tell("the first stop of the keyboard skips to the content", page.evaluate("document.activeElement.className") == "skip")
    page.keyboard.press("Enter")
    tell("and leads there", page.evaluate("location.hash") == "#main")
    page.goto(BASE + "/console/transfers")
    stops, hidden, small = 0, [], []
    expected = page.evaluate("""[...document.querySelectorAll('a[href],button,input:not([type=hidden]),select,textarea,[tabindex="0"],summary')]
        .filter(e => e.offsetParent !== null || e.className === 'skip').length""")
    while stops < TAB_STOPS_MAX:
        page.keyboard.press("Tab")
        at = page.evaluate("""() => { const e = document.activeElement; if (!e || e === document.body) return null;
            const s = getComputedStyle(e), r = e.getBoundingClientRect();
            return {what: e.tagName + ' ' + (e.id || e.innerText || '').slice(0, 30), outline: s.outlineStyle !== 'none',
                small: !['P', 'LI', 'SPAN', 'DD'].includes(e.parentElement.tagName) && (r.width < 24 || r.height < 24)}; }""")
        if at is None:
            break
        stops += 1
        hidden += [] if at["outline"] else [at["what"]]
        small += [at["what"]] if at["small"] else []
    tell("the keyboard reaches everything and leaves again", expected <= stops < TAB_STOPS_MAX, f"{stops} of {expected}")
    tell("where it is can be seen", not hidden, ", ".join(hidden))
    tell("targets are at least 24 px", not small, ", ".join(small))


def audit(page, with_script):
    """One audit from its opening to its end, by forms."""
    page.goto(BASE + "/console/engagements/new")
    press(page, "Open an engagement")
    tell("an empty form says what is missing, and keeps the focus on it" if with_script else "an empty form says what is missing",
         page.locator("[role=alert]").count() == 1 and page.title().startswith("Error: ")
         and (not with_script or page.evaluate("document.activeElement.id") == "problem"), page.title())
    page.select_option("[name=vendor]", "hubspot")
    page.fill("[name=subject]", "walked by the check")
    page.fill("[name=hook]", "GDPR Art. 28(3)(h)")
    page.fill("[name=from]", "2026-01-02")
    page.fill("[name=until]", "2026-01-01")
    press(page, "Open an engagement")
    picture(page, "form-problem")
    kept = page.input_value("[name=subject]") == "walked by the check" and page.input_value("[name=from]") == "2026-01-02"
    tell("a refused form keeps what was typed", kept and page.locator("[aria-invalid=true]").count() == 1)
    page.fill("[name=until]", "2100-01-01")
    press(page, "Open an engagement")
    own = page.url
    tell("an engagement is opened, and the page says so", page.locator("[role=status]").count() == 1 and "/engagements/" in own, own)
    page.goto(own + "/sample")
    page.fill("[name=seed]", "dice 4711")
    page.fill("[name=count]", "5")
    press(page, "Draw a sample")
    page.goto(own + "/samples/1")
    press(page, "Draw it now")
    for _ in range(50):
        if page.locator("#draws").count():
            break
        time.sleep(0.2)
        page.goto(own + "/samples/1")
    tell("a sample is drawn and shown", page.locator("table tbody tr").count() == 5)
    page.goto(own + "/evidence")
    content = b"%PDF signed" * 300_000
    page.set_input_files("[name=file]", {"name": "agreement.pdf", "mimeType": "application/pdf", "buffer": content})
    page.fill("[name=note]", "walked by the check")
    press(page, "Add evidence")
    tell("a document is entered by the digest of what was sent", hashlib.sha256(content).hexdigest() in page.content())
    page.goto(own + "/finding")
    page.fill("[name=title]", "walked by the check")
    page.check("[name=severity][value=low]")
    page.fill("[name=owner]", "privacy team")
    page.fill("[name=due]", "2026-12-31")
    press(page, "Enter a finding")
    tell("a finding is entered", "walked by the check" in page.locator("table").first.inner_text())
    page.get_by_role("link", name="walked by the check").click()
    page.fill("[name=answer]", "walked by the check")
    press(page, "Settle a finding")
    tell("and settled", "resolved" in page.content())
    page.goto(own + "/close")
    page.fill("[name=summary]", "walked by the check")
    press(page, "Close the engagement")
    tell("and the engagement closed", "closed" in page.locator("h1").inner_text(), page.locator("h1").inner_text())


def log(page):
    page.goto(BASE + "/console/log")
    press(page, "Verify the log now")
    for _ in range(100):
        if page.get_by_text("The log is whole").count():
            break
        time.sleep(0.2)
        page.goto(BASE + "/console/log")
    tell("the log is verified from its page", page.get_by_text("The log is whole").count() == 1)
    for style in page.locator("select[name=format] option").all_inner_texts():
        page.select_option("[name=format]", style)
        with page.expect_download() as download:
            press(page, "Download")
        text = Path(download.value.path()).read_text()
        enough = order["entries"] if style == "ndjson" else 1
        tell(f"the log comes out as {style}", len(text.splitlines()) >= enough, f"{len(text.splitlines())} lines")
    page.select_option("select[name=format]", "ndjson")
    found = []
    for since, until in (("2000-01-01", "2100-01-01"), ("2100-01-01", ""), ("", "2000-01-01")):
        page.fill("[name=since]", since)
        page.fill("[name=until]", until)
        with page.expect_download() as download:
            press(page, "Download")
        found.append(len(Path(download.value.path()).read_text().splitlines()))
    tell("and only the period that is asked for", found[0] >= order["entries"] and found[1:] == [0, 0], str(found))


def package(page):
    """Evidence of an engagement, from its page to the file."""
    page.goto(BASE + "/console/engagements")
    page.locator("table tbody a").first.click()
    press(page, "Make the package")
    tell("a package is asked for, and its page tells how it is", "/console/packages/" in page.url and page.locator("[role=status]").count() > 0, page.url)
    made = until_made(page)
    tell("the package is made", made, page.locator("main").inner_text()[:200])
    if made:
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        digest = hashlib.sha256(Path(download.value.path()).read_bytes()).hexdigest()
        name = download.value.suggested_filename
        tell("what is downloaded has the digest that the page shows", digest in page.content() and name.endswith(".zip"), name)
    page.goto(BASE + "/console/log")
    # The page's download has a period too.
    wanted = page.locator("form", has=page.get_by_role("button", name="Make the package", exact=True))
    wanted.locator("[name=from]").fill("2026-02-01")
    wanted.locator("[name=until]").fill("2026-01-01")
    press(page, "Make the package")
    tell("a period that ends before it begins is refused at its field", page.locator("[role=alert]").count() == 1
         and page.input_value("[name=from]") == "2026-02-01", page.url)


def without_script(browser, state, paths):
    context = browser.new_context(storage_state=state, java_script_enabled=False, base_url=BASE)
    page = context.new_page()
    bad = []
    for path in paths:
        answer = page.goto(BASE + path)
        if answer.status != 200 or page.locator("h1").count() != 1 or page.locator("main").count() != 1:
            bad.append(f"{path}: {answer.status}")
    tell(f"without JavaScript every page is there ({len(paths)})", not bad, "; ".join(bad))
    audit(page, with_script=False)
    package(page)
    context.close()


def main():
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=order["browser"], args=["--no-sandbox"])
        outside = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        outside.goto(BASE + "/console/transfers?vendor=hubspot")
        tell("whoever is not signed in is asked to", "/console/sign-in?next=" in outside.url, outside.url)
        tell("axe finds nothing where one signs in", not faults(outside), "; ".join(faults(outside)))
        picture(outside, "sign-in")
        for name in order["codes"]:
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            page = context.new_page()
            errors = []
            page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: errors.append(str(error)))
            if not tell(f"{name} sets up an account", set_up(page, order["codes"][name], f"set-up-{name}" if name == "auditor" else None), page.title()):
                picture(page, f"set-up-failed-{name}")
                continue
            if name == "auditor":
                audit(page, with_script=True)
                log(page)
                package(page)
                keyboard(page)
            errors.clear()
            paths = walk(page, name)
            tell(f"{name}: the browser complains of nothing", not errors, "; ".join(dict.fromkeys(errors)))
            if name == "auditor":
                without_script(browser, context.storage_state(), paths)
            context.close()
        browser.close()


main()
