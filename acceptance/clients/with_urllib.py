# HTTPS_PROXY and SSL_CERT_FILE are all that the standard library needs.
import json
import sys
import urllib.error
import urllib.request

contact = {"properties": {"email": sys.argv[1], "firstname": "Anna", "ssn": "536-90-4399"}}
request = urllib.request.Request(
    "https://api.hubapi.com/crm/v3/objects/contacts", json.dumps(contact).encode(), {"Content-Type": "application/json"})
try:
    answer = urllib.request.urlopen(request, timeout=30)
except urllib.error.HTTPError as refusal:
    answer = refusal
print(answer.status, answer.headers["Waybill-Decision"], json.load(answer).get("code", ""))
