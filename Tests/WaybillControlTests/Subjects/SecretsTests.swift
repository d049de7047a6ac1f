import Crypto
import Foundation
import Testing
import WaybillCore

@testable import WaybillControl

@Suite("Ids, links and signatures of subjects")
struct SecretsTests {
    private static let key = SymmetricKey(data: Array(repeating: UInt8(7), count: 32))
    private static let now = Timestamp(seconds: 1_780_000_000)

    @Test("an id opens only with its key and its kind, and never after a change")
    func ids() throws {
        let ids = OpaqueIDs(key: Self.key)
        let id = ids.subject(42)
        #expect(ids.number(id) == 42)
        #expect(ids.subject(42) == id)
        #expect(ids.subject(43) != id)
        #expect(ids.event(id) == nil)
        let event = ids.event(42, 9_001)
        #expect(ids.event(event)?.number == 42)
        #expect(ids.event(event)?.sequence == 9_001)
        #expect(OpaqueIDs(key: SymmetricKey(data: Array(repeating: UInt8(8), count: 32))).number(id) == nil)
        for i in id.indices {
            var changed = Array(id)
            let at = id.distance(from: id.startIndex, to: i)
            changed[at] = changed[at] == "A" ? "B" : "A"
            #expect(ids.number(String(changed)) == nil)
        }
        for text in ["", "42", "A", String(repeating: "A", count: 27), id + "A"] { #expect(ids.number(text) == nil) }
    }

    @Test("a link's token is its link's until it is over, and no other's")
    func links() {
        let links = PersonLinks(key: Self.key)
        let id = Fingerprint(high: 1, low: 2)
        let link = PersonLink(id: id, number: 7, madeAt: Self.now, expiresAt: Self.now.adding(seconds: 60), by: "account:anna")
        let token = links.token(link)
        #expect(links.id(token, now: Self.now) == id)
        #expect(links.id(token, now: Self.now.adding(seconds: 59)) == id)
        #expect(links.id(token, now: Self.now.adding(seconds: 60)) == nil)
        #expect(PersonLinks(key: SymmetricKey(data: Array(repeating: UInt8(8), count: 32))).id(token, now: Self.now) == nil)
        for i in 0..<token.count {
            var changed = Array(token)
            changed[i] = changed[i] == "A" ? "B" : "A"
            #expect(links.id(String(changed), now: Self.now) == nil)
        }
    }

    @Test("a second step is of one subject, one choice and fifteen minutes")
    func confirmations() {
        let links = PersonLinks(key: Self.key)
        let token = links.confirmation(7, "sale", now: Self.now)
        let cases: [(UInt32, String, Int64, Bool)] = [
            (7, "sale", 0, true), (7, "sale", 899, true), (7, "sale", 900, false), (8, "sale", 0, false), (7, "share", 0, false),
        ]
        for (number, choice, seconds, holds) in cases {
            #expect(links.isConfirmation(token, number, choice, now: Self.now.adding(seconds: seconds)) == holds)
        }
    }

    @Test(
        "our own signature holds for its bytes, its time and its secret",
        arguments: [
            ("{}", Int64(0), "0123456789abcdef", true), ("{ }", 0, "0123456789abcdef", false), ("{}", 300, "0123456789abcdef", true),
            ("{}", 301, "0123456789abcdef", false), ("{}", -301, "0123456789abcdef", false), ("{}", 0, "0123456789abcdeX", false),
        ])
    func shared(_ body: String, _ later: Int64, _ secret: String, _ holds: Bool) {
        let mac = HMAC<SHA256>.authenticationCode(
            for: Array("\(Self.now.seconds).{}".utf8), using: SymmetricKey(data: Array("0123456789abcdef".utf8)))
        let header = "t=\(Self.now.seconds),v1=" + mac.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        let webhook = WebhookSignature(method: "POST", uri: nil, headers: ["waybill-signature": header], body: Array(body.utf8))
        #expect((webhook.verified("braze", secret: secret, now: Self.now.adding(seconds: later)) != nil) == holds)
    }

    @Test(
        "HubSpot's signature covers method, address, body and time",
        arguments: [
            ("https://gate.example/v1/webhooks/hubspot", "[]", true), ("https://other.example/v1/webhooks/hubspot", "[]", false),
            ("https://gate.example/v1/webhooks/hubspot", "[{}]", false), (nil, "[]", false),
        ] as [(String?, String, Bool)])
    func hubspot(_ uri: String?, _ body: String, _ holds: Bool) {
        let time = String(Self.now.milliseconds)
        let text = "POSThttps://gate.example/v1/webhooks/hubspot[]" + time
        let mac = HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: Array("0123456789abcdef".utf8)))
        let headers = ["x-hubspot-signature-v3": Data(mac).base64EncodedString(), "x-hubspot-request-timestamp": time]
        let webhook = WebhookSignature(method: "POST", uri: uri, headers: headers, body: Array(body.utf8))
        #expect((webhook.verified("hubspot", secret: "0123456789abcdef", now: Self.now) != nil) == holds)
        #expect(webhook.verified("hubspot", secret: "0123456789abcdef", now: Self.now.adding(seconds: 301)) == nil)
    }

    @Test("so many a minute, and no more")
    func rates() {
        let limit = RateLimit(perMinute: 2)
        #expect([1, 2, 3].map { _ in limit.admits("a", now: Self.now) } == [true, true, false])
        #expect(limit.admits("b", now: Self.now))
        #expect(limit.admits("a", now: Self.now.adding(seconds: 60)))
    }
}
