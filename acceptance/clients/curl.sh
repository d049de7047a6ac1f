# Takes the proxy from HTTPS_PROXY by itself; --cacert names the CA that `waybill ca show` prints.
curl --silent --show-error --cacert "$WAYBILL_CA" --dump-header - --header 'Content-Type: application/json' \
    --data "{\"properties\": {\"email\": \"$1\", \"firstname\": \"Anna\", \"ssn\": \"536-90-4399\"}}" \
    https://api.hubapi.com/crm/v3/objects/contacts
