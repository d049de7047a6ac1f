import FoundationEssentials
import Logging
import Synchronization
import Testing
import WaybillCore
import WaybillTesting

@testable import WaybillControl

@Suite("Behind a proxy")
struct ForwardedAddressTests {
    /// Keeps the addresses it was told.
    private final class Told: Authenticating {
        let addresses = Mutex<[String]>([])
        func principal(token: String, address: String, now: Timestamp) async throws -> Principal {
            addresses.withLock { $0.append(address) }
            throw APIProblem(.credentialMissing, "No.")
        }
        func principal(certificateNames: [String], address: String, now: Timestamp) async throws -> Principal? { nil }
        func session(cookie: String, now: Timestamp) async throws -> ConsoleSession? { nil }
        func refused(_ principal: Principal, _ permission: Permission, now: Timestamp) async {}
    }

    @Test("People are counted by what the last proxy of ours says, and by nothing that they say themselves")
    func addresses() async throws {
        struct Nothing: GateObservation {
            func readiness() async -> Readiness { Readiness([]) }
            func metrics() async throws -> [MetricFamily] { [] }
        }
        let cases: [(proxies: [String], fields: [String], address: String)] = [
            ([], ["X-Forwarded-For: 192.0.2.1"], "127.0.0.1"), (["127.0.0.1"], ["X-Forwarded-For: 192.0.2.1"], "192.0.2.1"),
            (["127.0.0.1"], ["X-Forwarded-For: 198.51.100.9, 192.0.2.1"], "192.0.2.1"),
            (["127.0.0.1", "10.0.0.0/8"], ["X-Forwarded-For: 198.51.100.9, 192.0.2.1,10.0.0.3"], "192.0.2.1"),
            (["127.0.0.1"], ["X-Forwarded-For: 198.51.100.9", "X-Forwarded-For: 192.0.2.1"], "192.0.2.1"),
            (["127.0.0.1"], ["X-Forwarded-For: 2001:db8:1:2:3::4"], "2001:db8:1:2::/64"),
            (["127.0.0.1"], ["X-Forwarded-For: 192.0.2.1, nonsense"], "127.0.0.1"), (["127.0.0.1"], [], "127.0.0.1"),
        ]
        for (proxies, fields, address) in cases {
            let told = Told()
            var configuration = ControlListenerConfiguration(host: "127.0.0.1", port: 0)
            configuration.proxies = proxies.compactMap { AddressBlock($0) }
            let listener = ControlListener(
                configuration, observation: Nothing(), surface: ControlSurface(operations: Shelf().operations, pages: [], access: told),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            let client = try await RawClient.connect(port: try await listener.start())
            let head = ["GET /v1/things HTTP/1.1", "Host: c", "Authorization: Bearer x"] + fields
            try await client.send(head.joined(separator: "\r\n") + "\r\n\r\n")
            #expect(try await client.answer().status == 401)
            client.close()
            await listener.stop()
            #expect(told.addresses.withLock { $0 } == [address], "\(proxies) \(fields)")
        }
    }
}
