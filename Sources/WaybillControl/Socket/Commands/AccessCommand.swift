import FoundationEssentials

/// Acts of access over the socket, by who may run commands on the machine. Each argument `request` is JSON.
package struct AccessCommand: ControlCommand {
    package enum Kind: String, Sendable, CaseIterable {
        case createToken = "token.create"
        case revokeToken = "token.revoke"
        case createAccount = "account.create"
        case changeAccount = "account.change"
        case disableAccount = "account.disable"
        case enableAccount = "account.enable"
        case resetAccount = "account.reset"
        /// Of a first administrator.
        case invite = "account.invite"
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
        case .createToken, .createAccount, .changeAccount: ["request"]
        case .revokeToken, .disableAccount, .enableAccount, .resetAccount: ["id"]
        case .invite: []
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
        case .createAccount:
            let request: AccountRequest = try decoded(arguments["request"])
            return try await desk.create(account: request.id, name: request.name ?? request.id, grant: request.grant, by: .local)
        case .changeAccount:
            let request: AccountRequest = try decoded(arguments["request"])
            let name = try await desk.account(request.id).name
            return try await desk.change(account: request.id, name: request.name ?? name, grant: request.grant, match: nil, by: .local)
        case .disableAccount: return try await desk.set(account: try text(arguments["id"]), isDisabled: true, by: .local)
        case .enableAccount: return try await desk.set(account: try text(arguments["id"]), isDisabled: false, by: .local)
        case .resetAccount: return try await desk.reset(account: try text(arguments["id"]), by: .local)
        case .invite: return try await desk.inviteAdministrator()
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

/// An account as a command asks for it.
package struct AccountRequest: Codable, Sendable {
    package var id: String
    /// Nil: the login name, or the one it has.
    package var name: String?
    package var grant: AccessGrant

    package init(id: String, name: String?, grant: AccessGrant) {
        self.id = id
        self.name = name
        self.grant = grant
    }
}
