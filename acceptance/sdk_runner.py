"""Runs the shared ../shared/tools/sdks.py as it is, with the one line that HubSpot's SDK needs where a proxy wants to know who calls.

    HTTPS_PROXY=http://CALLER:TOKEN@HOST:PORT sdk_runner.py PATH/sdks.py NAME

HubSpot's SDK hands the proxy's URL to urllib3, which ignores the credentials in it. Its configuration has `proxy_headers` for them.
`WITHOUT_PROXY_HEADERS=1` leaves that line out.
"""
import os
import runpy
import sys
import urllib.parse


def tell_hubspot():
    import hubspot
    import urllib3

    proxy = urllib.parse.urlsplit(os.environ["HTTPS_PROXY"])
    credentials = urllib3.make_headers(proxy_basic_auth=f"{proxy.username}:{proxy.password}")
    create = hubspot.Client.create

    def create_behind_proxy(*arguments, **options):
        client = create(*arguments, **options)
        client.config["proxy_headers"] = credentials
        return client

    hubspot.Client.create = create_behind_proxy


if __name__ == "__main__":
    script, name = sys.argv[1:3]
    if name == "hubspot" and "WITHOUT_PROXY_HEADERS" not in os.environ:
        tell_hubspot()
    sys.argv = [script, name]
    runpy.run_path(script, run_name="__main__")
