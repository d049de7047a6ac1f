import Crypto
package import WaybillCore
import WaybillLedger

/// Takes consent changes that other systems send: verified, each delivery once, and in force before it is
/// answered.
package struct WebhookDesk: Sendable {
    package static let bodyBytesMax = 1 << 20
    /// Seen deliveries are kept for longer than they could be replayed.
    static let keptSeconds: Int64 = 3 * WebhookSignature.windowSeconds

    private let desk: SubjectDesk
    /// The secret of a source; nil: it has none, and nothing of it is taken.
    private let secret: @Sendable (String) -> String?
    private let map: @Sendable (String) -> ConsentMap?

    package init(_ desk: SubjectDesk, secret: @escaping @Sendable (String) -> String?, map: @escaping @Sendable (String) -> ConsentMap?) {
        self.desk = desk
        self.secret = secret
        self.map = map
    }

    /// `headers`: names in lower case. `target`: path and query as they were called.
    package func receive(
        _ source: String, headers: [String: String], target: String, body: [UInt8]
    ) async throws(ControlFailure) -> JSONValue {
        let now = desk.now
        // Whether a source is configured is nobody's business who cannot sign for it.
        guard let consentSource = ConsentSource.named(source), let secret = secret(source), secret.utf8.count >= 16,
            let delivery = WebhookSignature(method: "POST", uri: desk.parts.publicURL.map { $0 + target }, headers: headers, body: body)
                .verified(source, secret: secret, now: now)
        else { throw Self.refused }
        guard let map = map(source) else {
            throw ControlFailure(
                code: "map_missing", message: "The source has no mapping file, so nothing of it is taken; write one and restart the gate.")
        }
        // Told again, it changes nothing: the sender may not have heard the first answer.
        guard try !desk.registered({ try desk.parts.register.knows(webhook: delivery, of: source) }) else { return Self.answer() }
        let answer = try await take(consentSource, map, body, now)
        // Last, so that what a crash left undone is done when the sender tells it again; what was taken is not taken twice.
        try desk.registered {
            try desk.parts.register.note(webhook: delivery, of: source, at: now, keptFrom: now.adding(seconds: -Self.keptSeconds))
        }
        return answer
    }

    private func take(_ source: ConsentSource, _ map: ConsentMap, _ body: [UInt8], _ now: Timestamp) async throws(ControlFailure)
        -> JSONValue
    {
        let findings: [SourceFinding]
        do { findings = try source.findings(json: body, map, now: now) } catch {
            throw ControlFailure(code: "body_malformed", message: "\(error.text).")
        }
        var (stops, others): ([ImportLine], [ImportLine]) = ([], [])
        var (unknown, refused) = (0, 0)
        for (line, finding) in findings.enumerated() {
            switch finding {
            case .refused: refused += 1
            // Objections and signals, which only narrow, and that two identifiers are one person's.
            case .facts(let identifiers, let change):
                stops.append(.facts(FactsLine(line: line, identifiers: identifiers, change: change)))
            case .consent(let identifier, let event, let why):
                if why != nil { unknown += 1 }
                let one = ImportLine.consent(ConsentLine(line: line, identifier: identifier, event: event))
                if event.state.isStop { stops.append(one) } else { others.append(one) }
            }
        }
        // Stops are in force before the entry, everything else after it. Of whom they are only the histories say.
        let first = try await apply(stops, now)
        try await desk.note(
            "consents.webhook", nil,
            [
                "source": source.name, "statements": String(findings.count), "stops": String(stops.count), "unknown": String(unknown),
                "refused": String(refused), "body_sha256": hex(Array(SHA256.hash(data: body))),
            ], by: SubjectActor("webhook:\(source.name)"))
        let second = try await apply(others, now)
        return Self.answer(
            taken: first.imported + second.imported, duplicates: first.duplicates + second.duplicates, unknown: unknown,
            refused: refused + first.refused.count + second.refused.count)
    }

    private func apply(_ lines: [ImportLine], _ now: Timestamp) async throws(ControlFailure) -> ImportBatch {
        guard !lines.isEmpty else { return ImportBatch() }
        return try await desk.storing { () throws(ConsentStoreError) in
            try await desk.parts.records.apply(lines, atomically: false, now: now)
        }
    }

    private static func answer(taken: Int = 0, duplicates: Int = 0, unknown: Int = 0, refused: Int = 0) -> JSONValue {
        .object([
            "taken": .int(Int64(taken)), "duplicates": .int(Int64(duplicates)), "unknown": .int(Int64(unknown)),
            "refused": .int(Int64(refused)),
        ])
    }

    static let refused = ControlFailure(
        code: "signature_refused",
        message: "The signature is missing, too old or not true for this source; check the shared secret, the clock, and the public URL.")
}
