# HTTPS_PROXY and REQUESTS_CA_BUNDLE are all that requests needs.
import sys

import requests

contact = {"properties": {"email": sys.argv[1], "firstname": "Anna", "ssn": "536-90-4399"}}
answer = requests.post("https://api.hubapi.com/crm/v3/objects/contacts", json=contact, timeout=30)
print(answer.status_code, answer.headers["Waybill-Decision"], answer.json().get("code", ""))
