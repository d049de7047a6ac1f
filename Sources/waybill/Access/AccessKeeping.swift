import FoundationEssentials
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillStorage

/// Access's records as rows of the control database.
struct AccessKeeping: AccessStore {
    private let tables: AccessTables

    init(_ database: ControlDatabase) { tables = AccessTables(database) }

    func accessBook() throws -> AccessBook {
        var book = AccessBook()
        for account: Account in try records(.account) { book.accounts[account.id] = account }
        for token: AccessToken in try records(.token) { book.tokens[token.id] = token }
        for session: SessionRecord in try records(.session) { book.sessions[session.sha256] = session }
        for code: SetUpCode in try records(.setUp) { book.setUps[code.sha256] = code }
        return book
    }

    func keep(_ changes: [AccessChange]) throws { try tables.write(try changes.map(row)) }

    private func records<Record: Decodable>(_ table: AccessTables.Table) throws -> [Record] {
        let decoder = JSONDecoder()
        return try tables.bodies(table).map { body in
            do {
                return try decoder.decode(Record.self, from: Data(body.utf8))
            } catch {
                throw ControlDatabaseError("The control store holds what this version cannot read; restore a backup of it.")
            }
        }
    }

    private func row(_ change: AccessChange) throws -> AccessTables.Change {
        switch change {
        case .account(let account): .init(.account, account.id, body: try json(account))
        case .token(let token): .init(.token, token.id, body: try json(token))
        case .session(let session): .init(.session, session.sha256, body: try json(session))
        case .setUp(let code): .init(.setUp, code.sha256, body: try json(code))
        case .endSession(let sha256): .init(.session, sha256, body: nil)
        case .dropSetUp(let sha256): .init(.setUp, sha256, body: nil)
        }
    }

    private func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

extension Wiring {
    /// One for each store: it keeps in memory what it read.
    static func access(_ keyring: Keyring, control: ControlDatabase, log: TransferLog, provider: OIDCProvider? = nil) throws(CommandFailure)
        -> AccessDesk
    {
        do {
            return try AccessDesk(
                AccessDesk.Parts(
                    store: AccessKeeping(control), key: keyring.access,
                    enter: { (notice) async throws(RecordError) in try await log.enter(notice) }, record: { log.record($0) },
                    clock: { SystemWallClock().now() }, provider: provider))
        } catch {
            throw CommandFailure("\(error)".withoutFullStop)
        }
    }

    static func accessCommands(_ access: AccessDesk) -> [any ControlCommand] {
        AccessCommand.Kind.allCases.map { AccessCommand($0, access) }
    }
}
