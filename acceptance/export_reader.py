#!/usr/bin/env python3
"""Reads exports of one log with software that is not ours, and says as JSON what held: [[what, held, detail], …].

    export_reader.py FOLDER    # holds export.ndjson, export.csv, export.ocsf, …

Runs in the environment of exports.txt; the check `exports` starts it.
"""
import csv
import hashlib
import json
import re
import sys
from pathlib import Path

import pycef
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from google.protobuf import json_format
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

TRANSFERS = ("intent", "outcome", "denied")
FAULTS_SHOWN_MAX = 3

# Elastic Common Schema 8.17: types of the fields used, and the allowed values of the four categorization fields.
ECS_FIELDS = {
    "@timestamp": "date", "ecs.version": "keyword", "event.kind": "keyword", "event.module": "keyword", "event.provider": "keyword",
    "event.action": "keyword", "event.category": "keyword", "event.type": "keyword", "event.outcome": "keyword", "event.dataset": "keyword",
    "event.hash": "keyword", "event.sequence": "long", "event.duration": "long", "event.start": "date", "event.end": "date",
    "event.reason": "keyword", "service.type": "keyword", "service.node.name": "keyword", "transaction.id": "keyword",
    "http.request.method": "keyword", "http.request.body.bytes": "long", "http.response.status_code": "long", "url.path": "wildcard",
    "organization.id": "keyword", "destination.domain": "keyword", "user.id": "keyword", "rule.id": "keyword", "rule.version": "keyword",
}
ECS_VALUES = {
    "event.kind": {"alert", "asset", "enrichment", "event", "metric", "state", "pipeline_error", "signal"},
    "event.outcome": {"failure", "success", "unknown"},
}
ECS_TYPES = {
    "api": {"access", "admin", "allowed", "change", "creation", "deletion", "denied", "end", "info", "start", "user"},
    "configuration": {"access", "change", "creation", "deletion", "info"},
}
CEF_IDS = {"XFER_INTENT": 1, "XFER_OK": 1, "XFER_FAIL": 4, "XFER_DENIED": 5, "XFER_UNKNOWN": 6, "SUBJECT_ERASE": 3, "LOG_KEYCHANGE": 5,
           "LOG_SEAL": 0, "LOG_CONFIG": 3}
CEF_ESCAPE = re.compile(r"\\(.)")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Log:
    """The entries as the NDJSON export has them, each with its leaf hash and, of an outcome, its intent."""

    def __init__(self, path):
        self.lines = path.read_bytes().splitlines()
        self.entries = [json.loads(line) for line in self.lines]
        self.leaves = [hashlib.sha256(b"\0" + line).hexdigest() for line in self.lines]
        intents = {leaf: entry for leaf, entry in zip(self.leaves, self.entries) if entry["kind"] == "intent"}
        self.transfers = [
            entry if entry["kind"] in ("intent", "denied") else intents.get(entry.get("il"), {}) for entry in self.entries]

    def __len__(self):
        return len(self.lines)

    def milliseconds(self, i):
        whole, rest = self.entries[i]["t"][:-1].split(".")
        from datetime import datetime, timezone
        return int(datetime.fromisoformat(whole).replace(tzinfo=timezone.utc).timestamp()) * 1000 + int(rest)


def read_csv(path, log):
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, strict=True))
    if len(rows) != len(log):
        yield f"{len(rows)} rows for {len(log)} entries"
    for i, row in enumerate(rows):
        entry, transfer = log.entries[i], log.transfers[i]
        expected = {
            "idx": str(i), "leaf_hash_hex": log.leaves[i], "time_utc": entry["t"], "kind": entry["kind"], "xid": entry.get("xid", ""),
            "vendor": transfer.get("vendor", ""), "fields": ";".join(transfer.get("fields", [])), "nseq": str(entry["nseq"]),
            "intent_leaf_hash": entry.get("il", ""), "duration_ms": str(entry.get("ms", "")),
        }
        if None in row or (wrong := [name for name, value in expected.items() if row[name] != value]):
            yield f"entry {i}: {wrong if None not in row else 'more cells than columns'}"


def read_ocsf(path, log):
    schema = get_ocsf_schema(version="1.7.0")
    make, validators = OcsfJsonSchemaEmbedded(schema), {}
    expected = [i for i, entry in enumerate(log.entries) for _ in range(2 if entry["kind"] == "denied" else 1)]
    events = [json.loads(line) for line in path.read_bytes().splitlines()]
    if [event["metadata"]["sequence"] for event in events] != expected:
        yield "the sequence is not the entries'"
    if len({event["metadata"]["uid"] for event in events}) != len(events):
        yield "two events have one id"
    for event in events:
        i, uid = event["metadata"]["sequence"], event["class_uid"]
        if uid not in validators:
            name = make.lookup_class_name_from_uid(uid)
            validators[uid] = Draft202012Validator(make.get_class_schema(name, profiles=event["metadata"]["profiles"]))
        for fault in validators[uid].iter_errors(event):
            yield f"entry {i}, class {uid}: {fault.json_path}: {fault.message[:120]}"
        if event["type_uid"] != uid * 100 + event["activity_id"] or event["time"] != log.milliseconds(i):
            yield f"entry {i}: type or time"
        if not event["metadata"]["uid"].startswith(log.leaves[i]):
            yield f"entry {i}: leaf hash"


def read_cef(path, log):
    lines = path.read_text().split("\n")[:-1]
    if len(lines) != len(log):
        yield f"{len(lines)} lines for {len(log)} entries"
    for i, line in enumerate(lines):
        values, entry, transfer = pycef.parse(line), log.entries[i], log.transfers[i]
        if not values:
            yield f"entry {i}: not CEF"
            continue
        expected = {
            "CEFVersion": "0", "DeviceVendor": "Waybill", "LeafHash": log.leaves[i], "Index": str(i), "rt": str(log.milliseconds(i)),
            "externalId": entry.get("xid"), "destinationServiceName": transfer.get("vendor"), "suid": transfer.get("caller"),
            "dhost": transfer.get("dst"), "Fields": ",".join(transfer.get("fields", [])) or None,
            "Severity": str(CEF_IDS.get(values["DeviceEventClassID"])),
        }
        for name, value in expected.items():
            # pycef leaves escapes in values as they are.
            got = CEF_ESCAPE.sub(lambda found: {"n": "\n", "r": "\r"}.get(found[1], found[1]), values[name]) if name in values else None
            if got != value:
                yield f"entry {i}: {name} is {got!r}, not {value!r}"


def flat(value, name=""):
    if not isinstance(value, dict):
        yield name, value
        return
    for key, inner in value.items():
        yield from flat(inner, f"{name}.{key}" if name else key)


def read_ecs(path, log):
    documents = [json.loads(line) for line in path.read_bytes().splitlines()]
    if [document["event"]["sequence"] for document in documents] != list(range(len(log))):
        yield "the sequence is not the entries'"
    for i, document in enumerate(documents):
        for name, value in flat(document):
            values = value if isinstance(value, list) else [value]
            kind = "keyword" if name.startswith("labels.") and name.count(".") == 1 else ECS_FIELDS.get(name)
            fits = {"long": lambda v: type(v) is int, "date": lambda v: isinstance(v, str) and DATE.fullmatch(v)}.get(
                kind, lambda v: isinstance(v, str))
            if kind is None or not all(fits(v) for v in values) or not set(values) <= ECS_VALUES.get(name, set(values)):
                yield f"entry {i}: {name} as {value!r}"
        event = document["event"]
        if not all(set(event["type"]) <= ECS_TYPES.get(category, set()) for category in event["category"]):
            yield f"entry {i}: {event['category']} and {event['type']}"
        if event["hash"] != log.leaves[i]:
            yield f"entry {i}: leaf hash"


def read_cloudevents(path, log):
    lines = path.read_bytes().splitlines()
    if len(lines) != len(log):
        yield f"{len(lines)} events for {len(log)} entries"
    for i, line in enumerate(lines):
        event = JSONFormat().read(CloudEvent, line)
        if (event.get_id(), event.get_source(), event.get_data()) != (log.leaves[i], log.entries[i]["log"], log.entries[i]):
            yield f"entry {i}: id, source or data"
        if not event.get_type().endswith(log.entries[i]["kind"]) or int(event.get_extension("sequence")) != i:
            yield f"entry {i}: type or sequence"


def read_otlp(path, log):
    lines = path.read_bytes().splitlines()
    if len(lines) != len(log):
        yield f"{len(lines)} requests for {len(log)} entries"
    for i, line in enumerate(lines):
        request = json_format.Parse(line, ExportLogsServiceRequest())
        [record] = request.resource_logs[0].scope_logs[0].log_records
        if record.body.string_value.encode() != log.lines[i] or not record.event_name.endswith(log.entries[i]["kind"]):
            yield f"entry {i}: body or event name"
        if record.time_unix_nano != log.milliseconds(i) * 1_000_000:
            yield f"entry {i}: time"
        attributes = {each.key: each.value for each in record.attributes}
        if attributes["waybill.index"].int_value != i or attributes["waybill.leaf_hash"].string_value != log.leaves[i]:
            yield f"entry {i}: index or leaf hash"


READERS = {
    "csv": ("Python's csv module reads the CSV", read_csv),
    "ocsf": ("OCSF events are valid by the published schema 1.7.0", read_ocsf),
    "cef": ("pycef reads the CEF", read_cef),
    "ecs": ("ECS documents hold fields of ECS 8.17 with values of their types", read_ecs),
    "cloudevents": ("the CloudEvents SDK reads the events", read_cloudevents),
    "otlp": ("OpenTelemetry's protobuf reads the OTLP requests", read_otlp),
}


def main():
    folder = Path(sys.argv[1])
    log = Log(folder / "export.ndjson")
    rows = []
    for name, (what, read) in READERS.items():
        try:
            faults = list(read(folder / f"export.{name}", log))
        except Exception as problem:  # A reader that breaks has refused what it read.
            faults = [f"{type(problem).__name__}: {problem}"]
        rows.append([what, not faults, "; ".join(faults[:FAULTS_SHOWN_MAX]) if faults else f"{len(log)} entries"])
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
