"""What schemathesis cannot write by itself: newline-delimited JSON, here a body of one line."""
import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(_, value):
    return value if isinstance(value, bytes) else json.dumps(value).encode() + b"\n"
