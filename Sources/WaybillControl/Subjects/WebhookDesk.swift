package import WaybillCore

/// Takes consent changes that other systems send: verified, each delivery once, and in force before it is answered.
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
        let isNew = try desk.registered {
            try desk.parts.register.note(webhook: delivery, of: source, at: now, keptFrom: now.adding(seconds: -Self.keptSeconds))
        }
        guard isNew else { throw Self.replayed }
        do throws(ControlFailure) {
            return try await take(consentSource, map, body, now)
        } catch {
            // Not taken: the sender may try the same delivery again.
            try desk.registered { try desk.parts.register.forget(webhook: delivery, of: source) }
            throw error
        }
    }

    private func take(_ source: ConsentSource, _ map: ConsentMap, _ body: [UInt8], _ now: Timestamp) async throws(ControlFailure) -> JSONValue {
        let findings: [SourceFinding]
        do { findings = try source.findings(json: body, map, now: now) } catch {
            throw ControlFailure(code: "body_malformed", message: "\(error.text).")
        }
        var lines: [ImportLine] = []
        var (unknown, refused, stops) = (0, 0, 0)
        for finding in findings {
            switch finding {
            case .refused: refused += 1
            case .facts(let identifiers, let change):
                lines.append(.facts(FactsLine(line: lines.count + 1, identifiers: identifiers, change: change)))
            case .consent(let identifier, let event, let why):
                if why != nil { unknown += 1 }
                if event.state.isStop { stops += 1 }
                lines.append(.consent(ConsentLine(line: lines.count + 1, identifier: identifier, event: event)))
            }
        }
        let taken = lines
        let batch = try await desk.storing { () throws(ConsentStoreError) in
            try await desk.parts.records.apply(taken, atomically: false, now: now)
        }
        // Others' choices are in force; the entry says how many, and of whom only the history does.
        try await desk.note(
            "consents.webhook", nil,
            [
                "source": source.name, "taken": String(batch.imported), "duplicates": String(batch.duplicates), "stops": String(stops),
                "refused": String(refused + batch.refused.count),
            ], by: SubjectActor("webhook:\(source.name)"))
        return .object([
            "taken": .int(Int64(batch.imported)), "duplicates": .int(Int64(batch.duplicates)), "unknown": .int(Int64(unknown)),
            "refused": .int(Int64(refused + batch.refused.count)),
        ])
    }

    static let refused = ControlFailure(
        code: "signature_refused",
        message: "The signature is missing, too old or not true for this source; check the shared secret, the clock, and the public URL.")
    static let replayed = ControlFailure(code: "replayed", message: "This delivery was taken before; nothing was changed.")
}
