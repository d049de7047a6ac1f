import FoundationEssentials

/// Acts of access over the socket, by who may run commands on the machine. Each argument `request` is JSON.
package struct AccessCommand: ControlCommand {
    package enum Kind: String, Sendable, CaseIterable {
        case createToken = "token.create"
        case revokeToken = "token.revoke"
    }

    private let kind: Kind
    private let desk: AccessDesk

    package init(_ kind: Kind, _ desk: AccessDesk) {
        self.kind = kind
        self.desk = desk
    }

    package var name: String { kind.rawValue }
    package var argumentNames: Set<String> {
        switch kind {
        case .createToken: ["request"]
        case .revokeToken: ["id"]
        }
    }

    package func run(
        _ arguments: [String: String], input: ControlInput, output: ControlOutput
    ) async throws(ControlFailure) -> any Encodable & Sendable {
        do {
            return try await act(arguments)
        } catch let failure as ControlFailure {
            throw failure
        } catch let problem as APIProblem {
            throw ControlFailure(code: problem.code.name, message: problem.detail)
        } catch {
            throw ControlFailure(code: "internal", message: "The command failed; see the gate's log, then run it again.")
        }
    }

    private func act(_ arguments: [String: String]) async throws -> any Encodable & Sendable {
        switch kind {
        case .createToken: return try await desk.create(try decoded(arguments["request"]), by: .local)
        case .revokeToken: return try await desk.revoke(token: try text(arguments["id"]), by: .local)
        }
    }

    private func text(_ argument: String?) throws(ControlFailure) -> String {
        guard let argument else { throw Self.malformed }
        return argument
    }

    private func decoded<Value: Decodable>(_ argument: String?) throws(ControlFailure) -> Value {
        let text = try text(argument)
        do { return try JSONDecoder().decode(Value.self, from: Data(text.utf8)) } catch { throw Self.malformed }
    }

    private static let malformed = ControlFailure(
        code: "bad_request", message: "The command's arguments do not fit; use waybill's own command.")
}
