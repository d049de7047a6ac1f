import FoundationEssentials
import Synchronization
import Testing
import WaybillCore

@testable import WaybillControl

@Suite("On the way to the identity provider and back")
struct ProviderTripTests {
    private static let issuer = "https://login.example"
    private let fixture = AccessFixture()

    /// Says where it is, if it is up, and gives nobody a token.
    private final class FakeProvider: HTTPFetching {
        let asked = Mutex<[String]>([])
        let isUp = Mutex(true)
        func fetch(_ request: FetchRequest) async throws -> FetchAnswer {
            asked.withLock { $0.append(request.url) }
            do { try await Task.sleep(for: .milliseconds(20)) } catch {}
            guard isUp.withLock({ $0 }), request.form == nil else { return FetchAnswer(status: 503, body: []) }
            let text =
                #"{"issuer":"\#(issuer)","authorization_endpoint":"\#(issuer)/a","token_endpoint":"\#(issuer)/t","jwks_uri":"\#(issuer)/k"}"#
            return FetchAnswer(status: 200, body: Array(text.utf8))
        }
        func count(_ path: String) -> Int { asked.withLock { $0.count { $0.hasSuffix(path) } } }
    }

    private func desk(_ provider: FakeProvider) throws -> AccessDesk {
        let configuration = OIDCConfiguration(
            issuer: Self.issuer, clientID: "waybill", clientSecret: nil, redirectURL: "https://gate.example/cb", rolesClaim: "roles",
            roles: ["audit": .auditor])
        return try fixture.desk(provider: OIDCProvider(configuration, fetcher: provider))
    }

    private func state(of departure: AccessDesk.Departure) throws -> String {
        String(try #require(departure.url.firstMatch(of: /state=([A-Za-z0-9_-]+)/)).output.1)
    }

    @Test("However many strangers set out, people still sign in")
    func strangers() async throws {
        let desk = try desk(FakeProvider())
        let anna = try await fixture.person(desk, "anna")
        for _ in 0..<1_500 { _ = try await desk.depart(next: nil) }
        _ = try await fixture.signIn(desk, anna)
    }

    @Test("Whoever has the password takes no other's place by asking for the code again and again")
    func tickets() async throws {
        let desk = try fixture.desk { $0.ticketsMax = 20 }
        let (anna, ben) = (try await fixture.person(desk, "anna"), try await fixture.person(desk, "ben"))
        for _ in 0..<40 { _ = try await desk.signIn(login: "anna", password: AccessFixture.password, address: "10.0.0.1") }
        _ = try await fixture.signIn(desk, ben)
        _ = try await fixture.signIn(desk, anna)
    }

    @Test(
        "Only the browser that set out comes back, once, in time, and from the provider it was sent to",
        arguments: ["good", "another browser", "another state", "another issuer", "a changed cookie", "late"])
    func comesBack(how: String) async throws {
        let provider = FakeProvider()
        let desk = try desk(provider)
        let departure = try await desk.depart(next: "/console/account")
        let other = try await desk.depart(next: nil)
        var (state, cookie, issuer) = (try state(of: departure), departure.cookie, Self.issuer)
        switch how {
        case "another browser": cookie = other.cookie
        case "another state": state = try self.state(of: other)
        case "another issuer": issuer = "https://evil.example"
        case "a changed cookie": cookie = (cookie.first == "A" ? "B" : "A") + cookie.dropFirst()
        case "late": fixture.pass(601)
        default: break
        }
        let arguments = (state, cookie, issuer)
        func arrive() async -> APIProblem? {
            await problem {
                try await desk.arrive(state: arguments.0, code: "c", issuer: arguments.2, cookie: arguments.1, address: "10.0.0.1")
            }
        }
        #expect(await arrive()?.code == .credentialMissing)
        #expect(provider.count("/t") == (how == "good" ? 1 : 0))
        #expect(await arrive()?.code == .credentialMissing)
        #expect(provider.count("/t") == (how == "good" ? 1 : 0), "a state is taken once")
    }

    @Test("What a browser keeps on the way is short and says nothing")
    func cookie() async throws {
        let departure = try await desk(FakeProvider()).depart(next: "/console/" + String(repeating: "x", count: 5_000))
        #expect(departure.cookie.utf8.count < 1_000)
        let long = try await desk(FakeProvider()).depart(next: "/console/" + String(repeating: "x", count: 900))
        #expect(long.cookie.utf8.count < 3_000 && !long.cookie.contains("xxx"))
    }

    @Test("A provider that is away is asked once by all who wait, and not again at once")
    func away() async throws {
        let provider = FakeProvider()
        provider.isUp.withLock { $0 = false }
        let desk = try desk(provider)
        await withTaskGroup { group in
            for _ in 0..<50 { group.addTask { #expect(await problem { try await desk.depart(next: nil) }?.code == .unavailable) } }
        }
        #expect(await problem { try await desk.depart(next: nil) }?.code == .unavailable)
        #expect(provider.count("openid-configuration") == 1)
        provider.isUp.withLock { $0 = true }
        fixture.pass(OIDCProvider.failureSecondsMin)
        _ = try await desk.depart(next: nil)
    }
}
