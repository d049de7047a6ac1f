import Crypto
import Foundation
import Synchronization
import Testing
import WaybillCore

@testable import WaybillControl

@Suite("Webhooks of consent changes")
struct WebhookDeskTests {
    private static let secret = "0123456789abcdef"
    private let place: SubjectPlace
    private let desk: WebhookDesk

    init() throws {
        place = try SubjectPlace()
        let text = """
            source: braze
            recipients: [hubspot]
            topics:
              email: {purpose: newsletter}
            """
        let map = try #require(ConsentMap.read(file: "braze.yaml", bytes: Array(text.utf8), for: "braze").map)
        desk = WebhookDesk(place.desk, secret: { _ in Self.secret }, map: { _ in map })
    }

    private func receive(_ body: String, at now: Timestamp) async throws(ControlFailure) -> JSONValue {
        let mac = HMAC<SHA256>.authenticationCode(
            for: Array("\(now.seconds).\(body)".utf8), using: SymmetricKey(data: Array(Self.secret.utf8)))
        let signature = "t=\(now.seconds),v1=\(mac.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())"
        return try await desk.receive(
            "braze", headers: ["waybill-signature": signature], target: "/v1/webhooks/braze", body: Array(body.utf8))
    }

    private func states(_ who: String) throws -> [ConsentEvent.State] { try place.profile("email:\(who)")?.consents.map(\.state) ?? [] }

    private let mixed = """
        {"users":[{"email":"out@example.com","email_subscribe":"unsubscribed","email_unsubscribed_at":"2026-05-02T00:00:00Z"},
        {"email":"in@example.com","email_subscribe":"opted_in","email_opted_in_at":"2026-05-02T00:00:00Z"}]}
        """

    @Test("a stop is in force though the log refuses, a consent is not; told again, the delivery is taken as a whole")
    func logFails() async throws {
        let now = place.desk.now
        place.logWorks.withLock { $0 = false }
        await #expect(throws: ControlFailure.self) { try await receive(mixed, at: now) }
        #expect(try states("out@example.com") == [.withdrawn])
        #expect(try states("in@example.com").isEmpty)
        place.logWorks.withLock { $0 = true }
        let answer = try await receive(mixed, at: now)
        #expect(answer["taken"].integer == 1 && answer["duplicates"].integer == 1)
        #expect(try states("in@example.com") == [.given])
        let entry = try #require(place.entered.withLock { $0.last })
        #expect(entry.act == "consents.webhook" && entry.detail["stops"] == "1" && entry.detail["statements"] == "2")
        #expect(!entry.detail.values.contains { $0.contains("example.com") })
    }

    @Test("told again, a delivery changes nothing and is no failure")
    func again() async throws {
        let now = place.desk.now
        #expect(try await receive(mixed, at: now)["taken"].integer == 2)
        let entries = place.entered.withLock { $0.count }
        let answer = try await receive(mixed, at: now)
        #expect(["taken", "duplicates", "unknown", "refused"].allSatisfy { answer[$0].integer == 0 })
        #expect(place.entered.withLock { $0.count } == entries)
    }
}
