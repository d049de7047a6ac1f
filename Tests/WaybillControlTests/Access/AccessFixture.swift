import Crypto
import Synchronization
import WaybillCore
import WaybillLedger

@testable import WaybillControl

/// A store in memory, a clock that is set, and what was entered in its order.
final class AccessFixture: AccessStore {
    let now = Mutex(Timestamp(seconds: 1_790_000_000))
    let book = Mutex(AccessBook())
    let happened = Mutex<[String]>([])
    let details = Mutex<[[String: String]]>([])
    let logIsFull = Mutex(false)
    /// What happens while the entry of an act is written, once.
    let meanwhile = Mutex<(act: String, run: @Sendable () async -> Void)?>(nil)
    private let key = SymmetricKey(data: Array(repeating: UInt8(7), count: 32))

    func accessBook() throws -> AccessBook { book.withLock { $0 } }
    func keep(_ changes: [AccessChange]) throws {
        book.withLock { book in for change in changes { book.apply(change) } }
        happened.withLock { $0.append("kept") }
    }
    func pass(_ seconds: Int64) { now.withLock { $0 = $0.adding(seconds: seconds) } }
    var time: Timestamp { now.withLock { $0 } }
    func take() -> [String] { happened.withLock { exchange(&$0, with: []) } }
    func refusals() -> [[String: String]] { details.withLock { exchange(&$0, with: []) }.filter { $0["reason"] != nil } }

    func desk(provider: OIDCProvider? = nil, _ edit: (inout AccessDesk.Limits) -> Void = { _ in }) throws -> AccessDesk {
        var limits = AccessDesk.Limits()
        limits.passwordRounds = 16
        edit(&limits)
        return try AccessDesk(
            AccessDesk.Parts(
                store: self, key: key,
                enter: { [self] (notice) async throws(RecordError) in
                    guard !logIsFull.withLock({ $0 }) else { throw RecordError(code: .diskFull, message: "The disk is full; free space.") }
                    note(notice)
                    if case .config(let act, _) = notice, let happening = meanwhile.withLock({ $0?.act == act ? $0.take() : nil }) {
                        await happening.run()
                    }
                    return 0
                }, record: { [self] in note($0) }, clock: { [self] in time }, provider: provider), limits: limits)
    }

    private func note(_ notice: LogNotice) {
        guard case .config(let act, let detail) = notice else { return }
        happened.withLock { $0.append(act) }
        details.withLock { $0.append(detail) }
    }

    static let password = "violets under the old bridge"

    /// An account that has set itself up, and its second factor's secret.
    func person(_ desk: AccessDesk, _ id: String, _ roles: Set<Role> = [.auditor]) async throws -> Person {
        let new = try await desk.create(account: id, name: "Anna \(id)", grant: AccessGrant(roles: roles), by: .local)
        let setUp = try await desk.beginSetUp(code: new.setUpCode, address: "10.0.0.1")
        let secret = try await secret(of: setUp.ticket, desk)
        let done = try await desk.finishSetUp(
            ticket: setUp.ticket, login: "", name: "", password: Self.password, code: TOTP.code(secret, step: TOTP.step(at: time)))
        pass(60)
        return Person(id: id, secret: secret, recoveryCodes: done.recoveryCodes, cookie: done.session.cookie)
    }

    func secret(of ticket: String, _ desk: AccessDesk) async throws -> [UInt8] {
        switch try await desk.purpose(of: ticket, now: time) {
        case .setUp(_, let secret), .enrol(_, let secret): secret
        case .code: []
        }
    }

    struct Person: Sendable {
        var id: String
        var secret: [UInt8]
        var recoveryCodes: [String]
        var cookie: String
    }

    func code(of person: Person) -> String { TOTP.code(person.secret, step: TOTP.step(at: time)) }

    func signIn(_ desk: AccessDesk, _ person: Person, address: String = "10.0.0.1") async throws -> String {
        let ticket = try await desk.signIn(login: person.id, password: Self.password, address: address)
        return try await desk.confirm(ticket: ticket, code: code(of: person), address: address).cookie
    }
}

func problem(_ work: () async throws -> some Sendable) async -> APIProblem? {
    do {
        _ = try await work()
        return nil
    } catch {
        return error as? APIProblem
    }
}
