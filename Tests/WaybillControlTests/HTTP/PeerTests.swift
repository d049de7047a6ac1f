import FoundationEssentials
import Logging
import Testing
import WaybillCore
import WaybillTesting

@testable import WaybillControl

@Suite("Who sends a request")
struct PeerTests {
    @Test(
        "An IPv4 address counts by itself, an IPv6 address with its /64; what is none is none",
        arguments: [
            ("10.0.0.7", "10.0.0.7"), ("::ffff:10.0.0.7", "10.0.0.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"), ("::1", "0:0:0:0::/64"), ("010.0.0.7", nil), ("10.0.0", nil), ("unknown", nil),
            ("10.0.0.7:80", nil), ("", nil), ("fe80::1%eth0", nil),
        ] as [(String, String?)])
    func places(text: String, place: String?) { #expect(PeerAddress(text)?.place == place) }

    @Test(
        "A block has the addresses that begin as it does",
        arguments: [
            ("10.0.0.7", "10.0.0.7", true), ("10.0.0.7", "10.0.0.8", false), ("10.0.0.0/8", "10.255.1.1", true),
            ("10.0.0.0/9", "10.128.0.1", false), ("2001:db8::/32", "2001:db8:9::1", true), ("10.0.0.0/8", "2001:db8::1", false),
            ("10.0.0.7", "::ffff:10.0.0.7", true),
        ])
    func blocks(block: String, address: String, isIn: Bool) throws {
        #expect(try #require(AddressBlock(block)).contains(try #require(PeerAddress(address))) == isIn)
    }

    @Test("What is no block is refused", arguments: ["", "proxy.example", "10.0.0.0/0", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0.0/x", "/8"])
    func noBlock(text: String) { #expect(AddressBlock(text) == nil) }

    private func asked(proxies: [String], fields: [String], path: String = "/metrics") async throws -> RawClient.Answer {
        struct Nothing: GateObservation {
            func readiness() async -> Readiness { Readiness([]) }
            func metrics() async throws -> [MetricFamily] { [] }
        }
        var configuration = ControlListenerConfiguration(host: "127.0.0.1", port: 0)
        configuration.proxies = proxies.compactMap { AddressBlock($0) }
        let surface = ControlSurface(operations: [], pages: ConsoleRoutesTests.pages, access: FakeConsoleAccess())
        let listener = ControlListener(
            configuration, observation: Nothing(), surface: surface, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let port = try await listener.start()
        let client = try await RawClient.connect(port: port)
        try await client.send((["GET \(path) HTTP/1.1", "Host: control"] + fields).joined(separator: "\r\n") + "\r\n\r\n")
        let answer = try await client.answer()
        client.close()
        await listener.stop()
        return answer
    }

    @Test(
        "What is for this machine only is not for whoever comes by a proxy on it, known or not",
        arguments: [
            ([], [], 200), ([], ["X-Forwarded-For: 192.0.2.1"], 403), ([], ["Forwarded: for=192.0.2.1"], 403),
            ([], ["Via: 1.1 nginx"], 403),
            ([], ["X-Forwarded-For: 127.0.0.1"], 403), (["127.0.0.1"], [], 403), (["127.0.0.1"], ["X-Forwarded-For: 127.0.0.1"], 403),
            (["10.0.0.0/8"], [], 200),
        ] as [([String], [String], Int)])
    func local(proxies: [String], fields: [String], status: Int) async throws {
        #expect(try await asked(proxies: proxies, fields: fields).status == status)
    }

    @Test(
        "Cookies are for TLS alone where a known proxy says that the browser speaks it; nobody else is believed",
        arguments: [
            (["127.0.0.1"], ["X-Forwarded-Proto: https"], true), (["127.0.0.1"], ["X-Forwarded-Proto: http"], false),
            (["127.0.0.1"], ["X-Forwarded-Proto: https, http"], false), (["127.0.0.1"], [], false),
            ([], ["X-Forwarded-Proto: https"], false), (["10.0.0.1"], ["X-Forwarded-Proto: https"], false),
        ] as [([String], [String], Bool)])
    func secure(proxies: [String], fields: [String], isSecure: Bool) async throws {
        let answer = try await asked(proxies: proxies, fields: fields, path: "/console/sign-in")
        let cookie = try #require(answer.value("set-cookie"))
        #expect(cookie.hasPrefix("__Host-") == isSecure && cookie.hasSuffix("; Secure") == isSecure)
        #expect((answer.value("strict-transport-security") != nil) == isSecure)
    }

    @Test("One place has so many connections and no more, until some end")
    func connections() {
        let connections = PeerConnections(most: 2, proxies: [])
        #expect(connections.enter("a") && connections.enter("a") && !connections.enter("a") && connections.enter("b"))
        connections.leave("a")
        #expect(connections.enter("a") && !connections.enter("a"))
    }
}
