import FoundationEssentials
package import WaybillLedger

/// `suspension.set`, `audit.open`, `audit.sample`, `audit.act`: what `Administration` does, over the socket.
package struct AdministrationCommand: ControlCommand {
    package enum Kind: String, Sendable, CaseIterable {
        case suspension = "suspension.set"
        case open = "audit.open"
        case sample = "audit.sample"
        case act = "audit.act"
    }

    private let kind: Kind
    private let administration: Administration

    package init(_ kind: Kind, _ administration: Administration) {
        self.kind = kind
        self.administration = administration
    }

    package var name: String { kind.rawValue }
    package var argumentNames: Set<String> {
        switch kind {
        case .suspension: ["kind", "id", "vendor", "stop", "why", "by"]
        case .open: ["scope", "by"]
        case .sample: ["engagement", "seed", "count", "by"]
        case .act: ["engagement", "act", "by"]
        }
    }

    package func run(
        _ arguments: [String: String], input: ControlInput, output: ControlOutput
    ) async throws(ControlFailure) -> any Encodable & Sendable {
        guard let by = arguments["by"] else { throw Self.malformed }
        switch kind {
        case .suspension:
            guard let id = arguments["id"], let why = arguments["why"], let stop = arguments["stop"].flatMap(Bool.init) else {
                throw Self.malformed
            }
            let target: SuspensionEvent.Target =
                switch arguments["kind"] {
                case "vendor": .vendor(id)
                case "agreement": .agreement(id)
                case "field": .field(id, vendor: arguments["vendor"])
                default: throw Self.malformed
                }
            // Stops of documents are lifted at their desk, which knows who drafted them.
            if !stop, arguments["kind"] != "field" { throw Self.malformed }
            return try await administration.set(target, isStop: stop, why: why, by: by)
        case .open: return EngagementReply(try await administration.open(try decoded(arguments["scope"]), by: by))
        case .sample:
            guard let seed = arguments["seed"], let count = arguments["count"].flatMap({ Int($0) }), let id = arguments["engagement"] else {
                throw Self.malformed
            }
            return EngagementReply(try await administration.sample(id, seed: seed, count: count, by: by))
        case .act:
            guard let id = arguments["engagement"] else { throw Self.malformed }
            return EngagementReply(try await administration.act(try decoded(arguments["act"]), on: id, by: by))
        }
    }

    private func decoded<Value: Decodable>(_ text: String?) throws(ControlFailure) -> Value {
        guard let text else { throw Self.malformed }
        do { return try JSONDecoder().decode(Value.self, from: Data(text.utf8)) } catch { throw Self.malformed }
    }

    private static let malformed = ControlFailure(
        code: "bad_request", message: "The command's arguments do not fit; use waybill's own command.")
}

/// What became of an engagement.
package struct EngagementReply: Codable, Sendable {
    package var id: String
    package var state: Engagement.State
    package var findings: Int
    /// Agreements that the last finding suspended.
    package var suspended: [String]
    /// The last sample.
    package var sample: Engagement.Sample?

    init(_ engagement: Engagement) {
        id = engagement.id
        state = engagement.state
        findings = engagement.findings.count
        suspended = engagement.findings.last.map { $0.effect == .suspend ? $0.agreements : [] } ?? []
        sample = engagement.samples.last
    }
}
