import FoundationEssentials
import Synchronization
import Testing
import WaybillCore
import WaybillProxy
import WaybillTesting

/// What one connection remembers of its caller never speaks for a request that shows something else, or under another policy set.
@Suite struct CallerMemoryTests {
    private static let crm = CallerID(0)
    private static let other = CallerID(1)
    /// As long as the first caller's, so that only its bytes tell them apart.
    private static let othersToken = "s3creT"

    /// A gate that knows both callers' tokens and keeps whom each judged request was from.
    private final class Witness: Sendable {
        private let seen = Mutex<[CallerID]>([])
        var callers: [CallerID] { seen.withLock { $0 } }

        func gate(_ policy: PolicySet) -> FakeGate {
            let gate = FakeGate(policy: policy)
            gate.judge { (admission, body) in
                self.seen.withLock { $0.append(admission.caller) }
                return .send(FakeGate.shipment(admission, body: body))
            }
            return gate
        }
    }

    private static func basic(_ text: String) -> String { "Proxy-Authorization: Basic \(Data(text.utf8).base64EncodedString())" }

    @Test func anotherTokenOnTheSameConnectionIsLookedUpAnew() async throws {
        // Before each stands a good request of the first caller. Nil: refused.
        let cases: [(name: String, token: String?, fields: [String], caller: CallerID?)] = [
            ("the same", FakePolicy.token, [], Self.crm),
            ("another caller's, as long", Self.othersToken, [], Self.other),
            ("nobody's, as long, the last byte differs", "s3crex", [], nil),
            ("nobody's, as long, the first byte differs", "x3cret", [], nil),
            ("nobody's, the beginning", "s3cre", [], nil),
            ("nobody's, one byte more", "s3crets", [], nil),
            ("empty", "", [], nil),
            ("none", nil, [], nil),
            ("the same twice", FakePolicy.token, ["Waybill-Token: \(FakePolicy.token)"], nil),
            ("the same and another caller's", FakePolicy.token, [Self.basic("other:\(Self.othersToken)")], nil),
            ("the same and a wrong one", FakePolicy.token, [Self.basic("crm:x3cret")], nil),
            ("the same, said twice in two ways", FakePolicy.token, [Self.basic("crm:\(FakePolicy.token)")], Self.crm),
            ("another caller's, the other way", nil, [Self.basic("other:\(Self.othersToken)")], Self.other),
        ]
        try await Harness.run { harness in
            let witness = Witness()
            try harness.state.replace(gate: witness.gate(FakePolicy.set(digest: "d2", tokensOfOther: [Self.othersToken])))
            let client = try await harness.client()
            defer { client.close() }
            var expected: [CallerID] = []
            for each in cases {
                try await client.send(Wire.post())
                #expect(try await client.answer().status == 200, "before \(each.name)")
                try await client.send(Wire.post(fields: each.fields, token: each.token))
                #expect(try await client.answer().status == (each.caller == nil ? 401 : 200), "\(each.name)")
                expected += [Self.crm] + (each.caller.map { [$0] } ?? [])
                #expect(witness.callers == expected, "\(each.name)")
            }
        }
    }

    @Test func aPolicySetThatWasReplacedVouchesForNobody() async throws {
        let cases: [(name: String, next: PolicySet, caller: CallerID?)] = [
            ("the token is void", FakePolicy.set(digest: "d2", tokens: ["another"]), nil),
            ("the token is another caller's", FakePolicy.set(digest: "d2", tokens: [], tokensOfOther: [FakePolicy.token]), Self.other),
            ("the token still holds", FakePolicy.set(digest: "d2"), Self.crm),
            ("void, and the digest is as before", FakePolicy.set(tokens: []), nil),
        ]
        for each in cases {
            try await Harness.run { harness in
                let witness = Witness()
                try harness.state.replace(gate: witness.gate(FakePolicy.set()))
                let client = try await harness.client()
                defer { client.close() }
                for _ in 0..<2 {
                    try await client.send(Wire.post())
                    #expect(try await client.answer().status == 200, "before: \(each.name)")
                }
                try harness.state.replace(gate: witness.gate(each.next))
                try await client.send(Wire.post())
                #expect(try await client.answer().status == (each.caller == nil ? 401 : 200), "\(each.name)")
                #expect(witness.callers == [Self.crm, Self.crm] + (each.caller.map { [$0] } ?? []), "\(each.name)")
            }
        }
    }
}
