import Crypto
import Synchronization
import Testing

@testable import WaybillCore

/// A gate that has decided the same before answers what a new one would.
@Suite("Decisions made before")
struct DecisionCacheTests {
    private let anna = Array(#"{"email":"anna@example.com","name":"Anna"}"#.utf8)
    private static let unlimited = ["agreements/mailer-newsletter.yaml": GateFixture.agreement.replacing("records_per_day: 3", with: "")]

    /// What is known of everybody is what the test last said.
    private final class Changing: SubjectLookup {
        let state = Mutex((state: ConsentEvent.State.given, erased: false))
        private let shared = Mutex<[String: SubjectEntry]>([:])
        var sequence: Int64 { 1 }
        func find(_ identifier: Identifier, now: Timestamp) -> SubjectFinding {
            let (state, erased) = state.withLock { $0 }
            let entry = shared.withLock { known in
                let consent = ConsentStanding(purpose: "newsletter", recipient: "mailer", state: state, notice: "n-7", hasProof: true)
                let profile = SubjectProfile(
                    consents: [consent], kind: .consumer, countries: [Region("DE")].compactMap { $0 }, erased: erased)
                let entry =
                    known["\(state) \(erased)"]
                    ?? SubjectEntry(number: 1, salt: InlineArray(repeating: 1), profile: profile, profileNumber: 1, born: nil)
                known["\(state) \(erased)"] = entry
                return entry
            }
            return .known(entry)
        }
    }

    private func outcome(
        _ gate: Gate, _ body: [UInt8], standing: Standing = Standing(), now: Timestamp = GateFixture.now
    ) throws -> String {
        guard let caller = gate.policy.caller(named: "crm-sync") else { return "no caller" }
        do throws(Refusal) {
            let admission = try gate.admit(GateFixture.head(), caller: caller, xid: TransferID(bytes: InlineArray(repeating: 1)))
            guard case .send(let shipment) = try gate.judge(admission, body: body, standing: standing, now: now) else { return "refresh" }
            return String(decoding: shipment.draft.body, as: UTF8.self)
        } catch {
            return error.code
        }
    }

    @Test("a withdrawal, an erasure, a suspension and the agreement's end bind the very next record")
    func bindsAtOnce() throws {
        let policy = try GateFixture.policy(Self.unlimited)
        let people = Changing()
        let keys = GateKeys(keyring: Keyring(master: .init(size: .bits256)), makeSalt: { InlineArray(repeating: 9) })
        let gate = Gate(policy: policy, subjects: people, keys: keys)
        let sent = #"{"email":"anna@example.com","name":"A"}"#
        for _ in 0..<3 { #expect(try outcome(gate, anna) == sent) }
        people.state.withLock { $0.state = .withdrawn }
        #expect(try outcome(gate, anna) == "consent_withdrawn")
        people.state.withLock { $0 = (.given, true) }
        #expect(try outcome(gate, anna) == "subject_erased")
        people.state.withLock { $0.erased = false }
        #expect(try outcome(gate, anna) == sent)
        var suspended = Standing()
        suspended.vendorsSuspended = ["mailer"]
        #expect(try outcome(gate, anna, standing: suspended) == "vendor_suspended")
        #expect(try outcome(gate, anna) == sent)
        let until = try #require(policy.agreements[0].until)
        #expect(try outcome(gate, anna, now: Timestamp(nanoseconds: until.nanoseconds - 1)) == sent)
        #expect(try outcome(gate, anna, now: until) == "agreement_expired")
        // Another loop may still live in the nanosecond before.
        #expect(try outcome(gate, anna, now: Timestamp(nanoseconds: until.nanoseconds - 1)) == sent)
        #expect(try outcome(gate, anna, now: until) == "agreement_expired")
        #expect(try outcome(gate, Array(#"{"name":"Anna"}"#.utf8)) == "subject_unresolved")
    }

    @Test("a record with another set of fields is decided by itself")
    func fieldsDiffer() throws {
        let gate = GateFixture.gate(try GateFixture.policy(Self.unlimited))
        #expect(try outcome(gate, anna) == #"{"email":"anna@example.com","name":"A"}"#)
        #expect(try outcome(gate, Array(#"{"email":"anna@example.com"}"#.utf8)) == #"{"email":"anna@example.com"}"#)
        #expect(try outcome(gate, Array(#"{"phone":"+48601234567","email":"anna@example.com"}"#.utf8)) == #"{"email":"anna@example.com"}"#)
        #expect(try outcome(gate, anna) == #"{"email":"anna@example.com","name":"A"}"#)
    }

    @Test("what was sent today is asked each time")
    func volumeIsAskedEachTime() throws {
        let policy = try GateFixture.policy()
        let gate = GateFixture.gate(policy)
        let budget = VolumeBudget()
        var standing = Standing()
        standing.budget = budget
        let use = [VolumeUse(agreement: AgreementID(0), records: 1, subjects: [1], newSubjects: 0)]
        for _ in 0..<3 {
            #expect(try outcome(gate, anna, standing: standing).hasPrefix("{"))
            #expect(budget.reserve(use, policy: policy, now: GateFixture.now))
        }
        #expect(try outcome(gate, anna, standing: standing) == "volume_exceeded")
        #expect(try outcome(gate, anna, standing: standing, now: GateFixture.now.adding(seconds: 86_400)).hasPrefix("{"))
    }

    @Test("it holds no more than its limit")
    func isBounded() throws {
        let cache = DecisionCache()
        let input = try DecisionCase(name: "base").input()
        let decision = SharedDecision(Decider.decide(input), of: input)
        for i in 0...DecisionCache.decisionsMax {
            let key = DecisionCache.Key(
                caller: input.caller, destination: 0, person: 0, purposes: [], unknownPurpose: false, isResolved: true,
                expiresSoon: false, profile: nil, standing: ObjectIdentifier(Standing().box), age: nil, countryInRecord: nil,
                present: FieldMask(i))
            cache.keep(decision, for: key)
            #expect(cache.find(key, now: input.now) === decision)
        }
        #expect(cache.count <= DecisionCache.decisionsMax)
    }
}
