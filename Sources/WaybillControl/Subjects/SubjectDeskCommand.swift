import Crypto
import WaybillCore
import WaybillLedger

/// `desk.…`: what `SubjectDesk` does, over the socket or on the store itself.
package struct SubjectDeskCommand: ControlCommand {
    package enum Kind: String, Sendable, CaseIterable {
        case act = "desk.act"
        case view = "desk.view"
        case receipts = "desk.receipts"
        case export = "desk.export"
        case link = "desk.link"
        case revoke = "desk.revoke"
        case importSource = "desk.import"
    }

    private let kind: Kind
    private let desk: SubjectDesk

    package static func all(_ desk: SubjectDesk) -> [any ControlCommand] { Kind.allCases.map { SubjectDeskCommand($0, desk) } }

    init(_ kind: Kind, _ desk: SubjectDesk) {
        self.kind = kind
        self.desk = desk
    }

    package var name: String { kind.rawValue }
    package var argumentNames: Set<String> {
        switch kind {
        case .act:
            ["subject", "by", "act", "purpose", "recipients", "notice", "proof", "explicit", "scope", "confirm", "level", "signal", "text"]
        case .view, .receipts, .export, .revoke: ["subject", "by"]
        case .link: ["subject", "by", "seconds"]
        case .importSource: ["source", "map", "by"]
        }
    }

    package func run(
        _ arguments: [String: String], input: ControlInput, output: ControlOutput
    ) async throws(ControlFailure) -> any Encodable & Sendable {
        let actor = SubjectActor("cli:\(arguments["by"] ?? "unknown")")
        if kind == .importSource { return try await importSource(arguments, input, output, actor) }
        guard let record = try await desk.find(arguments["subject"] ?? "") else { throw SubjectDesk.unknown }
        let number = record.history.number
        switch kind {
        case .view, .importSource: return desk.view(record)
        case .receipts: return JSONValue.array(try desk.receipts(record))
        case .export: return try await desk.export(number, by: actor)
        case .revoke: return JSONValue.object(["revoked": .int(Int64(try await desk.revokeLinks(number, by: actor)))])
        case .link:
            guard let seconds = arguments["seconds"].flatMap({ Int64($0) }) else { throw Self.malformed }
            let made = try await desk.makeLink(number, seconds: seconds, by: actor)
            return JSONValue.object([
                "path": .string(made.path), "url": .optional(made.url), "expires_at": .string(made.link.expiresAt.rfc3339),
            ])
        case .act:
            switch try await desk.act(try Self.act(arguments), on: number, by: actor) {
            case .done(let record): return desk.view(record)
            case .confirm(let token, let until):
                return JSONValue.object(["confirm": .string(token), "until": .string(until.rfc3339)])
            }
        }
    }

    private static func act(_ arguments: [String: String]) throws(ControlFailure) -> SubjectAct {
        let recipients = (arguments["recipients"] ?? "").split(separator: " ").map(String.init)
        switch arguments["act"] {
        case "give":
            guard let purpose = arguments["purpose"] else { throw malformed }
            return .give(
                SubjectAct.Grant(
                    purpose: purpose, recipients: recipients, notice: arguments["notice"], proof: arguments["proof"],
                    explicit: arguments["explicit"] == "true"))
        case "withdraw": return .withdraw(purpose: arguments["purpose"], recipients: recipients)
        case "restrict": return .restrict(true)
        case "unrestrict": return .restrict(false)
        case "object": return try scope(arguments).map { .object($0) } ?? .signal(.gpc(true))
        case "take-back": return .takeBack(try scope(arguments), confirm: arguments["confirm"])
        case "preference":
            guard let text = arguments["level"], text == "none" || Int(text) != nil else {
                throw ControlFailure(code: "level_unfit", message: "A personalization level is 0, 1, 2 or 3, or none.")
            }
            return .preference(Int(text))
        case "signal":
            let text = arguments["text"] ?? ""
            switch arguments["signal"] {
            case "gpp": return .signal(.gpp(text: text))
            case "usprivacy": return .signal(.usPrivacy(text: text))
            case "gpc": return .signal(.gpc(true))
            default: throw malformed
            }
        default: throw malformed
        }
    }

    /// Nil: GPC.
    private static func scope(_ arguments: [String: String]) throws(ControlFailure) -> SubjectProfile.ObjectionScope? {
        guard arguments["scope"] != "gpc" else { return nil }
        guard let scope = arguments["scope"].flatMap({ SubjectProfile.ObjectionScope(rawValue: $0) }) else {
            let all = SubjectProfile.ObjectionScope.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlFailure(code: "scope_unknown", message: "The scope must be one of \(all), gpc.")
        }
        return scope
    }

    private func importSource(
        _ arguments: [String: String], _ input: ControlInput, _ output: ControlOutput, _ actor: SubjectActor
    ) async throws(ControlFailure) -> any Encodable & Sendable {
        guard let source = arguments["source"].flatMap({ ConsentSource.named($0) }), let text = arguments["map"] else { throw Self.malformed }
        let (map, problems) = ConsentMap.read(file: "map", bytes: Array(text.utf8), for: source.name)
        guard let map else {
            throw ControlFailure(code: "map_unfit", message: problems.first.map { "\($0)." } ?? "The mapping file cannot be read.")
        }
        let digest = hex(Array(SHA256.hash(data: Array(text.utf8))))
        try await desk.note("consents.import", nil, ["source": source.name, "map_sha256": digest], by: actor)
        let clock = desk.parts.clock
        var run = SourceImport(source, map, store: desk.parts.records, clock: clock)
        do {
            while let bytes = try await input.next() {
                try await run.feed(bytes)
            }
            return try await run.finish()
        } catch let error as ConsentStoreError {
            throw ControlFailure(code: error.code.rawValue, message: "\(error.message) Lines before that are imported; import the file again.")
        } catch let failure as ControlFailure {
            throw failure
        } catch {
            throw ControlFailure(code: "internal", message: "The import stopped; run the command again.")
        }
    }

    private static let malformed = ControlFailure(
        code: "bad_request", message: "The command's arguments do not fit; use waybill's own command.")
}
