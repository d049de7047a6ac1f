"""A person at the console without a browser: forms, cookies, a second factor. For runs that time or prepare; browsers check the rest."""
import base64
import hashlib
import hmac
import html.parser
import http.client
import struct
import time
import urllib.parse

ANSWER_SECONDS_MAX = 60
STEP_SECONDS = 30


def one_time_code(secret, at=None):
    """RFC 6238 with SHA-1 and six digits, as authenticator apps have it."""
    key = base64.b32decode(secret.replace(" ", "") + "=" * (-len(secret.replace(" ", "")) % 8))
    digest = hmac.new(key, struct.pack(">Q", int((at or time.time()) // STEP_SECONDS)), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7fffffff) % 1_000_000:06d}"


class Forms(html.parser.HTMLParser):
    """Every form of a page: its action and what its hidden fields hold; and the page's text."""

    def __init__(self, page):
        super().__init__()
        self.forms, self.text, self.links = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag == "form":
            self.forms.append((attributes.get("action", ""), {}))
        elif tag == "input" and attributes.get("type") == "hidden" and self.forms:
            self.forms[-1][1][attributes["name"]] = attributes.get("value", "")
        elif tag == "a":
            self.links.append(attributes.get("href", ""))

    def handle_data(self, data):
        self.text.append(data)

    def fields(self, action):
        return dict(next(fields for path, fields in self.forms if path == action))


class Person:
    """Signed in after `set_up` or `sign_in`; a page is (status, text, seconds until its first byte)."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.connection = http.client.HTTPConnection(host, int(port), timeout=ANSWER_SECONDS_MAX)
        self.cookies, self.secret = {}, None

    def ask(self, method, path, fields=None):
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "Sec-Fetch-Site": "same-origin"}
        body = None
        if fields is not None:
            body = urllib.parse.urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        self.connection.request(method, path, body=body, headers=headers)
        answer = self.connection.getresponse()
        took = time.perf_counter() - began
        text = answer.read().decode()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.split(";")[0]
        if answer.status == 303:
            return self.ask("GET", answer.getheader("Location"))
        return answer.status, text, took

    def page(self, path):
        return self.ask("GET", path)

    def submit(self, page, action, **fields):
        return self.ask("POST", action, Forms(page).fields(action) | fields)

    def set_up(self, code, login, name, password):
        """The first administrator's, or an account that `waybill account create` made (`login` and `name` are then known)."""
        _, page, _ = self.page("/console/set-up")
        _, page, _ = self.submit(page, "/console/set-up", set_up_code=code)
        words = " ".join(Forms(page).text).split()
        self.secret = max((word for word in words if set(word) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")), key=len)
        asks = {"id": login, "name": name} if 'name="id"' in page else {}
        status, page, _ = self.submit(page, "/console/set-up/finish", password=password, again=password,
                                      code=one_time_code(self.secret), **asks)
        if status != 200 or "Recovery codes" not in page:
            raise ValueError(f"the account was not set up: {status} {' '.join(' '.join(Forms(page).text).split())[:300]}")
        return self
