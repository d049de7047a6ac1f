package import WaybillCore

/// One transfer as lists show it.
package struct TransferSummary: Sendable, Equatable {
    package enum Decision: String, CaseIterable, Sendable {
        case allow
        case allowRedacted = "allow_redacted"
        case deny
    }
    package struct Ending: Sendable, Equatable {
        package var index: UInt64
        package var result: TransferOutcome.Result
        package var status: Int
        package var sentBytes: Int
        package var milliseconds: Int
        package var reason: String?
    }
    package var index: UInt64
    package var xid: String
    package var time: String
    package var decision: Decision
    package var vendor: String
    package var caller: String
    package var destination: String
    package var region: String
    package var method: String
    package var endpoint: String
    package var route: String
    package var purposes: [String]
    package var agreements: [String]
    package var fields: [String]
    package var droppedFields: [String]
    package var droppedMembers: Int
    /// Records sent (or examined, of a denial), and denied.
    package var records: Int
    package var denied: Int
    package var codes: [String: Int]
    /// Nil: still open, or a denial.
    package var ending: Ending?

    init(_ transfer: IndexedTransfer) {
        let terms = transfer.terms.terms
        index = transfer.index
        xid = transfer.xid.description
        time = String(decoding: EntryTime.text(Timestamp(nanoseconds: transfer.milliseconds * 1_000_000)), as: UTF8.self)
        decision = terms.decision
        vendor = terms.vendor
        caller = terms.caller
        destination = terms.destination
        region = terms.region
        method = terms.method
        endpoint = terms.endpoint
        route = terms.route
        purposes = terms.purposes
        agreements = terms.agreements
        fields = terms.fields
        droppedFields = terms.droppedFields
        droppedMembers = transfer.droppedMembers
        records = transfer.records
        denied = transfer.denied
        codes = transfer.codeCounts
        ending = transfer.ending.map { ending in
            Ending(
                index: ending.index, result: ending.result, status: ending.status, sentBytes: ending.sentBytes,
                milliseconds: ending.milliseconds, reason: ending.reason.isEmpty ? nil : String(decoding: ending.reason, as: UTF8.self))
        }
    }

    /// As `waybill transfers list --output ndjson` prints it.
    package var json: CanonicalValue {
        func texts(_ values: [String]) -> CanonicalValue { .array(values.map { .string($0) }) }
        var members: [String: CanonicalValue] = [
            "index": .int(Int(index)), "xid": .string(xid), "time": .string(time), "decision": .string(decision.rawValue),
            "vendor": .string(vendor), "caller": .string(caller), "destination": .string(destination), "region": .string(region),
            "method": .string(method), "endpoint": .string(endpoint), "route": .string(route), "purposes": texts(purposes),
            "agreements": texts(agreements), "fields": texts(fields), "dropped_fields": texts(droppedFields),
            "dropped_members": .int(droppedMembers), "records": .int(records), "denied": .int(denied),
            "codes": .object(codes.mapValues { .int($0) }),
        ]
        if let ending {
            members["outcome"] = .string(ending.result.rawValue)
            members["http_status"] = .int(ending.status)
            members["sent_bytes"] = .int(ending.sentBytes)
            members["milliseconds"] = .int(ending.milliseconds)
            members["reason"] = ending.reason.map { .string($0) }
        } else if decision != .deny {
            members["outcome"] = .string("open")
        }
        return .object(members)
    }

    /// Nil unless `entry` is an intent or a denial.
    init?(_ entry: EntryReading, index: UInt64) {
        guard let kind = entry.kindFast, kind == .intent || kind == .denied else { return nil }
        func text(_ name: StaticString) -> String { entry.string(name) ?? "" }
        func texts(_ name: StaticString) -> [String] { entry.parsed(name)?.strings ?? [] }
        guard case .object(let dropped) = entry.parsed("dropped"), case .object(let codes) = entry.parsed("codes"),
            case .array(let agreements) = entry.parsed("pol")
        else { return nil }
        self.index = index
        xid = text("xid")
        time = text("t")
        vendor = text("vendor")
        caller = text("caller")
        destination = text("dst")
        region = text("region")
        method = text("op")
        endpoint = text("endp")
        route = text("route")
        purposes = texts("purposes")
        fields = texts("fields")
        droppedFields = dropped["fields"]?.strings ?? []
        droppedMembers = dropped["n"]?.integer ?? 0
        records = entry.int("n") ?? 0
        denied = entry.int("nd") ?? 0
        self.codes = codes.compactMapValues(\.integer)
        self.agreements = agreements.compactMap { agreement in
            guard case .object(let members) = agreement, case .string(let id) = members["id"], let version = members["ver"]?.integer else {
                return nil
            }
            return "\(id)@\(version)"
        }
        let isWhole = droppedFields.isEmpty && droppedMembers == 0 && denied == 0 && codes.isEmpty
        decision = kind == .denied ? .deny : isWhole ? .allow : .allowRedacted
    }
}

extension TransferSummary.Ending {
    init?(_ entry: EntryReading, index: UInt64) {
        guard entry.kindFast == .outcome, let result = entry.string("res").flatMap({ TransferOutcome.Result(rawValue: $0) }) else {
            return nil
        }
        self.index = index
        self.result = result
        status = entry.int("http") ?? 0
        sentBytes = entry.int("sent") ?? 0
        milliseconds = entry.int("ms") ?? 0
        reason = entry.string("reason")
    }
}

extension CanonicalValue {
    var strings: [String] {
        guard case .array(let values) = self else { return [] }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    package var integer: Int? { if case .int(let value) = self { value } else { nil } }
}
