"""An identity provider that is not ours (PyPI: oidc-provider-mock), behind a small proxy of ours that can spoil its ID tokens.

Run by the check `oidc` in a virtual environment: prints `ready PORT`. `PUT /spoil/HOW` chooses what happens to the next ID tokens. The proxy
publishes the provider's key and one of its own, so that a token it signs anew is spoilt in one claim only.
"""
import base64
import hashlib
import http.client
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from joserfc import jwk, jws
from oidc_provider_mock import run_server_in_thread

PUBLISHED = jwk.RSAKey.generate_key(2048, {"kid": "ours", "use": "sig"})
SECRET = jwk.RSAKey.generate_key(2048, {"kid": "ours", "use": "sig"})


def text(data):
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


def claims_of(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def signed(claims, key=PUBLISHED, algorithm="RS256"):
    header = {"alg": algorithm, "kid": "ours"}
    return jws.serialize_compact(header, json.dumps(claims).encode(), key, algorithms=[algorithm])


def spoilt(token, how):
    claims, now = claims_of(token), int(time.time())
    changes = {
        "resigned": {}, "nonce": {"nonce": "another"}, "audience": {"aud": ["somebody-else"]}, "issuer": {"iss": "https://other.example"},
        "party": {"aud": [claims["aud"], "other"] if isinstance(claims["aud"], str) else claims["aud"] + ["other"], "azp": "other"},
        "expired": {"exp": now - 3600}, "old": {"iat": now - 7200}, "nobody": {"sub": ""},
    }
    if how in changes:
        return signed({**claims, **changes[how]})
    if how == "key":
        return signed(claims, SECRET)
    if how == "none":
        return f'{text({"alg": "none", "kid": "ours"})}.{text(claims)}.'
    if how == "shared":
        public = PUBLISHED.as_pem(private=False)
        return signed(claims, jwk.OctKey.import_key(public, {"kid": "ours"}), "HS256")
    if how == "flipped":
        head, body, signature = token.split(".")
        return f"{head}.{text({**claims, 'sub': 'root'})}.{signature}"
    return token


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream = None
    how = ""

    def log_message(self, *_):
        pass

    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/spoil/"):
            Proxy.how = self.path.removeprefix("/spoil/")
            return self.answer(204, {}, b"")
        asked = parse_qs(urlsplit(self.path).query)
        if "code_challenge" in asked:
            Proxy.challenge = asked
        if self.path.startswith("/oauth2/token") and not self.is_proven(body):
            return self.answer(400, {"Content-Type": "application/json"}, b'{"error":"invalid_grant"}')
        connection = http.client.HTTPConnection("localhost", self.upstream, timeout=10)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("connection", "content-length")}
        connection.request(self.command, self.path, body=body or None, headers=headers)
        got = connection.getresponse()
        data = got.read()
        if self.path == "/jwks":
            keys = json.loads(data)
            keys["keys"].append(PUBLISHED.as_dict(private=False))
            # A key set may hold what nobody asked for.
            keys["keys"].append({"kty": "unheard-of", "kid": "x"})
            data = json.dumps(keys).encode()
        if self.path.startswith("/oauth2/token") and b"id_token" in data and Proxy.how:
            answer = json.loads(data)
            answer["id_token"] = spoilt(answer["id_token"], Proxy.how)
            data = json.dumps(answer).encode()
        kept = {name: value for name, value in got.getheaders() if name.lower() in ("content-type", "location")}
        self.answer(got.status, kept, data)

    def is_proven(self, body):
        """PKCE, which the provider itself does not ask for."""
        asked = getattr(Proxy, "challenge", {})
        verifier = parse_qs(body.decode()).get("code_verifier", [""])[0]
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        return asked.get("code_challenge_method") == ["S256"] and asked.get("code_challenge") == [digest] and len(verifier) >= 43

    def answer(self, status, headers, data):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = forward


def main():
    with run_server_in_thread(port=0, require_nonce=True) as server:
        Proxy.upstream = server.server_port
        proxy = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        print(f"ready {proxy.server_port}", flush=True)
        proxy.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
