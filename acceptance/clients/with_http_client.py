# http.client knows no proxy variables: the tunnel and its credentials are spelled out. SSL_CERT_FILE holds for it too.
import base64
import http.client
import json
import os
import sys
import urllib.parse

proxy = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"])
credentials = base64.b64encode(f"{proxy.username}:{proxy.password}".encode()).decode()
connection = http.client.HTTPSConnection(proxy.hostname, proxy.port, timeout=30)
connection.set_tunnel("api.hubapi.com", 443, {"Proxy-Authorization": f"Basic {credentials}"})

contact = {"properties": {"email": sys.argv[1], "firstname": "Anna", "ssn": "536-90-4399"}}
connection.request("POST", "/crm/v3/objects/contacts", json.dumps(contact), {"Content-Type": "application/json"})
answer = connection.getresponse()
print(answer.status, answer.headers["Waybill-Decision"], json.load(answer).get("code", ""))
