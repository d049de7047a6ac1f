import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import WaybillProxy

@Suite struct AddressBookTests {
    private static let eventLoop = MultiThreadedEventLoopGroup.singleton.any()

    /// Asks a fresh book several times in a row; returns the answers and how often the resolver ran.
    private func ask(
        _ found: [[UInt8]]?, times: Int = 1, overrides: [String: String] = [:], limits: ProxyLimits = ProxyLimits(), host: String = "a.test"
    ) async throws -> (answers: [Result<[String], ConnectFault>], lookUps: Int) {
        let count = SharedCount()
        let overrides = try ResolveOverrides.parse(overrides)
        let promise = Self.eventLoop.makePromise(of: [Result<[String], ConnectFault>].self)
        Self.eventLoop.execute {
            let book = AddressBook(eventLoop: Self.eventLoop, limits: limits, overrides: overrides) { (_) throws(ConnectFault) in
                count.add()
                guard let found else { throw .nameUnresolved }
                return found
            }
            Self.next(book, host, times, [], promise)
        }
        return (try await promise.futureResult.get(), count.value)
    }

    private static func next(
        _ book: AddressBook, _ host: String, _ left: Int, _ answers: [Result<[String], ConnectFault>],
        _ promise: EventLoopPromise<[Result<[String], ConnectFault>]>
    ) {
        guard left > 0 else { return promise.succeed(answers) }
        book.addresses(host: host, port: 443) { result in
            next(book, host, left - 1, answers + [result.map { $0.map { "\($0.ipAddress ?? ""):\($0.port ?? 0)" } }], promise)
        }
    }

    @Test func oneSpecialAddressAmongGoodOnesRefusesAll() async throws {
        let good: [UInt8] = [93, 184, 216, 34]
        let cases: [([[UInt8]]?, Result<[String], ConnectFault>)] = [
            ([good], .success(["93.184.216.34:443"])),
            ([good, [1, 1, 1, 1]], .success(["93.184.216.34:443", "1.1.1.1:443"])),
            ([good, [127, 0, 0, 1]], .failure(.addressRefused)),
            ([[169, 254, 169, 254], good], .failure(.addressRefused)),
            ([good, Array(repeating: 0, count: 15) + [1]], .failure(.addressRefused)),
            ([], .failure(.nameUnresolved)),
            (nil, .failure(.nameUnresolved)),
        ]
        for (found, expected) in cases {
            let (answers, _) = try await ask(found)
            #expect(answers == [expected])
        }
    }

    @Test func addressesAreRememberedButFailuresAreNot() async throws {
        let good = try await ask([[1, 1, 1, 1]], times: 3)
        #expect(good.lookUps == 1 && good.answers.count == 3)
        let bad = try await ask(nil, times: 3)
        #expect(bad.lookUps == 3)
        var limits = ProxyLimits()
        limits.addressesMillisecondsMax = 0
        let forgotten = try await ask([[1, 1, 1, 1]], times: 3, limits: limits)
        #expect(forgotten.lookUps == 3)
    }

    @Test func overridesAreExemptAndAskNobody() async throws {
        let (answers, lookUps) = try await ask(nil, overrides: ["a.test:443": "127.0.0.1:9443"])
        #expect(answers == [.success(["127.0.0.1:9443"])] && lookUps == 0)
        let other = try await ask(nil, overrides: ["a.test:444": "127.0.0.1:9443"])
        #expect(other.answers == [.failure(.nameUnresolved)])
    }

    @Test(arguments: ["localhost", "127.0.0.1", "::1", "169.254.169.254", "0.0.0.0"])
    func theSystemsOwnAnswersAreChecked(_ host: String) async throws {
        let promise = Self.eventLoop.makePromise(of: ConnectFault?.self)
        Self.eventLoop.execute {
            let book = AddressBook(eventLoop: Self.eventLoop, limits: ProxyLimits(), overrides: [:])
            book.addresses(host: host, port: 443) { result in
                if case .failure(let fault) = result { promise.succeed(fault) } else { promise.succeed(nil) }
            }
        }
        let fault = try await promise.futureResult.get()
        #expect(fault == .addressRefused)
    }

    @Test(arguments: [
        ["a.test": "127.0.0.1:1"], ["a.test:443": "127.0.0.1"], ["a.test:443": "b.test:1"], ["a.test:0": "127.0.0.1:1"],
        [":443": "127.0.0.1:1"], ["a.test:443": "127.0.0.1:70000"],
    ])
    func badOverridesAreRefusedAtStart(_ table: [String: String]) {
        let error = #expect(throws: ProxyError.self) { try ResolveOverrides.parse(table) }
        #expect(error?.code == .resolveInvalid)
    }

    @Test func aCircuitOpensAfterFailuresInARowAndTriesAgainAfterAPause() {
        let start = NIODeadline.uptimeNanoseconds(1_000)
        var circuit = CircuitBreaker(failuresMax: 3, pause: .seconds(3))
        circuit.failed(now: start)
        circuit.failed(now: start)
        circuit.succeeded()
        circuit.failed(now: start)
        circuit.failed(now: start)
        #expect(!circuit.isOpen(now: start))
        circuit.failed(now: start)
        #expect(circuit.isOpen(now: start + .milliseconds(2_999)))
        #expect(!circuit.isOpen(now: start + .seconds(3)))
        circuit.failed(now: start + .seconds(3))
        #expect(circuit.isOpen(now: start + .seconds(5)))
    }
}

final class SharedCount: Sendable {
    private let count = Mutex(0)
    func add() { count.withLock { $0 += 1 } }
    var value: Int { count.withLock { $0 } }
}
