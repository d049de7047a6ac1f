"""What every run in chromium does: its order as JSON from standard input, what it found as lines of JSON, pictures, accounts, axe."""
import base64
import hashlib
import hmac
import json
import re
import struct
import sys
import time
from pathlib import Path

import axe_playwright_python

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
PASSWORD = "nine parcels leave at dusk 4711"
order = json.load(sys.stdin)
BASE = order["url"]


def tell(what, held, detail=""):
    print(json.dumps({"what": what, "held": bool(held), "detail": str(detail)[:600]}), flush=True)
    return held


def note(text):
    print(json.dumps({"note": text}), flush=True)


def totp(secret):
    key = base64.b32decode(re.sub(r"[^A-Z2-7]", "", secret.upper()) + "=" * (-len(re.sub(r"[^A-Z2-7]", "", secret.upper())) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    offset = digest[19] & 15
    return f"{(struct.unpack('>I', digest[offset:offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def picture(page, name):
    if order["pictures"]:
        Path(order["pictures"]).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{order['pictures']}/{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.png", full_page=True)


def press(page, label):
    page.get_by_role("button", name=label, exact=True).click()


def set_up(page, code, seen=None):
    """An account by its set-up code; the page shows the secret of its second factor, and at the end whoever it is is signed in."""
    page.goto(BASE + "/console/set-up")
    page.fill("[name=set_up_code]", code)
    press(page, "Go on")
    if seen:
        picture(page, seen)
    secret = next(text for text in page.locator("main code").all_inner_texts() if re.fullmatch(r"[A-Z2-7 ]{16,}", text.strip()))
    if page.locator("[name=id]").count():
        page.fill("[name=id]", "root")
        page.fill("[name=name]", "Root")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    page.fill("[name=code]", totp(secret))
    press(page, "Set up")
    return page.locator("h1").inner_text() == "Recovery codes"


def faults(page):
    page.evaluate(AXE)
    return page.evaluate("""async () => (await axe.run(document, {runOnly: {type: 'tag', values:
        ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}})).violations
        .map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ')).join(', '))""")


def until_made(page):
    """Looks at a package's page until it can be downloaded, or half a minute is over. Returns whether it can."""
    own = page.url
    for _ in range(150):
        if page.get_by_role("link", name="Download").count():
            return True
        time.sleep(0.2)
        page.goto(own)
    return False
