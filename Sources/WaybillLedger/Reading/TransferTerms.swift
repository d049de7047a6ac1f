package import WaybillCore

/// What many transfers have in common, and all that an index finds them by but time and subject.
package struct TransferTerms: Hashable, Sendable {
    package var decision: TransferSummary.Decision
    package var vendor = ""
    package var caller = ""
    package var destination = ""
    /// Of the destination: a country, or a region of one.
    package var region = ""
    package var method = ""
    package var endpoint = ""
    package var route = ""
    package var purposes: [String] = []
    /// `id@version`
    package var agreements: [String] = []
    package var fields: [String] = []
    package var droppedFields: [String] = []
    /// Reason codes of its records.
    package var reasons: [String] = []
    package var bases: [String] = []
    package var mechanisms: [String] = []
    package var regimes: [String] = []

    init(_ summary: TransferSummary, bases: [String], mechanisms: [String], regimes: [String]) {
        decision = summary.decision
        vendor = summary.vendor
        caller = summary.caller
        destination = summary.destination
        region = summary.region
        method = summary.method
        endpoint = summary.endpoint
        route = summary.route
        purposes = summary.purposes
        agreements = summary.agreements
        fields = summary.fields
        droppedFields = summary.droppedFields
        reasons = summary.codes.keys.sorted()
        self.bases = bases
        self.mechanisms = mechanisms
        self.regimes = regimes
    }

    private static let texts: [(String, any WritableKeyPath<TransferTerms, String> & Sendable)] = [
        ("vendor", \.vendor), ("caller", \.caller), ("destination", \.destination), ("region", \.region), ("method", \.method),
        ("endpoint", \.endpoint), ("route", \.route),
    ]
    private static let lists: [(String, any WritableKeyPath<TransferTerms, [String]> & Sendable)] = [
        ("purposes", \.purposes), ("agreements", \.agreements), ("fields", \.fields), ("dropped", \.droppedFields), ("reasons", \.reasons),
        ("bases", \.bases), ("mechanisms", \.mechanisms), ("regimes", \.regimes),
    ]

    /// As an index keeps them; the same for equal terms.
    package var bytes: [UInt8] {
        var members: [String: CanonicalValue] = ["decision": .string(decision.rawValue)]
        for (name, path) in Self.texts { members[name] = .string(self[keyPath: path]) }
        for (name, path) in Self.lists { members[name] = .array(self[keyPath: path].map { .string($0) }) }
        return CanonicalValue.object(members).bytes
    }

    /// Nil unless `bytes` gave them.
    package init?(bytes: [UInt8]) {
        guard case .object(let members) = CanonicalParser.parse(bytes), case .string(let decision) = members["decision"],
            let decision = TransferSummary.Decision(rawValue: decision)
        else { return nil }
        self.decision = decision
        for (name, path) in Self.texts {
            guard case .string(let text) = members[name] else { return nil }
            self[keyPath: path] = text
        }
        for (name, path) in Self.lists { self[keyPath: path] = members[name]?.strings ?? [] }
    }
}

/// Terms behind one reference, because very many transfers hold them.
package final class SharedTransferTerms: Sendable {
    package let terms: TransferTerms
    package init(_ terms: TransferTerms) { self.terms = terms }
}

/// A transfer as an index keeps it: everything a list of transfers shows.
package struct IndexedTransfer: Sendable {
    package struct Ending: Sendable, Equatable {
        /// Of the outcome's entry.
        package var index: UInt64
        package var result: TransferOutcome.Result
        package var status: Int
        package var sentBytes: Int
        package var milliseconds: Int
        /// Empty: none.
        package var reason: [UInt8]

        package init(
            index: UInt64, result: TransferOutcome.Result, status: Int, sentBytes: Int, milliseconds: Int, reason: [UInt8]
        ) {
            self.index = index
            self.result = result
            self.status = status
            self.sentBytes = sentBytes
            self.milliseconds = milliseconds
            self.reason = reason
        }
    }
    /// Of the intent's or denial's entry.
    package var index: UInt64
    /// Milliseconds since 1970.
    package var milliseconds: Int64
    package var xid: TransferID
    package var terms: SharedTransferTerms
    package var records: Int
    package var denied: Int
    package var droppedMembers: Int
    /// `{"code":count}`, canonical.
    package var codes: [UInt8]
    /// Nil: still open, or a denial.
    package var ending: Ending?

    package init(
        index: UInt64, milliseconds: Int64, xid: TransferID, terms: SharedTransferTerms, records: Int, denied: Int, droppedMembers: Int,
        codes: [UInt8], ending: Ending? = nil
    ) {
        self.index = index
        self.milliseconds = milliseconds
        self.xid = xid
        self.terms = terms
        self.records = records
        self.denied = denied
        self.droppedMembers = droppedMembers
        self.codes = codes
        self.ending = ending
    }

    package var codeCounts: [String: Int] {
        guard case .object(let members) = CanonicalParser.parse(codes) else { return [:] }
        return members.compactMapValues(\.integer)
    }

    package var summary: TransferSummary { TransferSummary(self) }
}
