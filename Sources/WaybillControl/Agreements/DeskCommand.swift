import WaybillLedger

/// `policy.act`: what `AgreementDesk` does, over the socket. A draft's text is the command's input.
package struct DeskCommand: ControlCommand {
    package static let commandName = "policy.act"
    package let name = Self.commandName
    package let argumentNames: Set<String> = ["kind", "id", "act", "digest", "why", "tag", "by"]
    private let desk: AgreementDesk

    package init(_ desk: AgreementDesk) { self.desk = desk }

    package func run(
        _ arguments: [String: String], input: ControlInput, output: ControlOutput
    ) async throws(ControlFailure) -> any Encodable & Sendable {
        guard let kind = arguments["kind"].flatMap(PolicyDocumentName.Kind.init(rawValue:)), let id = arguments["id"],
            let act = arguments["act"], let by = arguments["by"]
        else { throw Self.malformed }
        let name = PolicyDocumentName(kind, id)
        do {
            switch (act, arguments["digest"], arguments["why"]) {
            case ("draft", _, _):
                let text = try await text(input)
                // A command line has no form that somebody else could change meanwhile: it changes the draft there is.
                let tag: String? = if let tag = arguments["tag"] { tag } else { try await desk.lives()[name].draft?.tag }
                return [try await desk.draft(name, text: text, tag: tag, by: by)]
            case ("discard", _, _):
                try await desk.discard(name, by: by)
                return try await desk.versions(of: name)
            case ("impact", _, _): return try await desk.workImpact(name, by: by)
            case ("submit", _, _): return [try await desk.submit(name, by: by)]
            case ("approve", let digest?, _): return [try await desk.approve(name, digest: digest, by: by)]
            case ("reject", let digest?, let why?): return [try await desk.reject(name, digest: digest, why: why, by: by)]
            case ("resume", _, let why?) where kind != .caller:
                _ = try await desk.set(kind == .vendor ? .vendor(id) : .agreement(id), isStop: false, why: why, by: by)
                return try await desk.versions(of: name)
            case ("terminate", _, let why?): return try await desk.terminate(name, why: why, by: by)
            default: throw Self.malformed
            }
        } catch let refusal as DeskRefusal {
            throw ControlFailure(code: refusal.code, message: refusal.message)
        } catch let failure as ControlFailure {
            throw failure
        } catch {
            throw ControlFailure(code: "internal", message: "The act failed; look at the gate's log.")
        }
    }

    private func text(_ input: ControlInput) async throws(ControlFailure) -> [UInt8] {
        var text: [UInt8] = []
        while let bytes = try await input.next() {
            text += bytes
            guard text.count <= AgreementDesk.documentBytesMax else {
                throw ControlFailure(
                    code: "too_large", message: "The document is larger than \(AgreementDesk.documentBytesMax) bytes; split it.")
            }
        }
        return text
    }

    private static let malformed = ControlFailure(
        code: "bad_request", message: "The command's arguments do not fit; use waybill's own command.")
}
