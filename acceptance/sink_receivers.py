"""Run by the Python of acceptance/sinks.txt: an S3-compatible server that checks signatures, and OpenTelemetry's own reading of OTLP.

    sink_receivers.py s3 PORT BUCKET     prints {"access_key", "secret_key"}; then reads `stop`, `start` or `dump`, one a line
    sink_receivers.py otlp               reads bodies as lines of base64; prints [waybill.index, body] of each log record, one a line
"""
import base64
import json
import os
import sys


def s3(port, bucket):
    # After these calls every request must be signed by a key that may do it.
    os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "4"
    import logging

    import boto3
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)

    def server():
        started = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
        started.start()
        return started

    def client(service, access, secret):
        return boto3.client(service, endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1", aws_access_key_id=access,
                            aws_secret_access_key=secret)

    running = server()
    iam = client("iam", "none", "none")
    iam.create_user(UserName="waybill")
    key = iam.create_access_key(UserName="waybill")["AccessKey"]
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    iam.put_user_policy(UserName="waybill", PolicyName="objects", PolicyDocument=json.dumps(allowed))
    client("s3", "none", "none").create_bucket(Bucket=bucket)
    say({"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]})
    for line in sys.stdin:
        word = line.strip()
        if word == "stop":
            running.stop()
            say("stopped")
        elif word == "start":
            running = server()
            say("started")
        elif word == "dump":
            service = client("s3", key["AccessKeyId"], key["SecretAccessKey"])
            pages = service.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            names = sorted(each["Key"] for page in pages for each in page.get("Contents", []))
            say({name: service.get_object(Bucket=bucket, Key=name)["Body"].read().decode() for name in names})


def otlp():
    from google.protobuf import json_format
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

    for line in sys.stdin:
        request = json_format.Parse(base64.b64decode(line), ExportLogsServiceRequest())
        for resource in request.resource_logs:
            for scope in resource.scope_logs:
                for record in scope.log_records:
                    facts = {each.key: each.value for each in record.attributes}
                    say([facts["waybill.index"].int_value, record.body.string_value])


def traces():
    from google.protobuf import json_format
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    def written(value):
        """OTLP's JSON has ids in hex, where protocol buffers' own would have base64."""
        return base64.b64encode(value).decode()

    for line in sys.stdin:
        request = json_format.Parse(base64.b64decode(line), ExportTraceServiceRequest())
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    say({"trace": written(span.trace_id), "span": written(span.span_id), "parent": written(span.parent_span_id),
                         "name": span.name, "kind": span.kind, "start": span.start_time_unix_nano, "end": span.end_time_unix_nano,
                         "status": span.status.code,
                         "attributes": {each.key: each.value.string_value or each.value.int_value for each in span.attributes}})


def say(value):
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    s3(int(sys.argv[2]), sys.argv[3]) if sys.argv[1] == "s3" else {"otlp": otlp, "traces": traces}[sys.argv[1]]()
