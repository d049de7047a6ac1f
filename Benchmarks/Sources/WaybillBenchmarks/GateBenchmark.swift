import Crypto
import Foundation
import WaybillCore

/// Deciding and judging by the shipped policies, among a million subjects who opted in.
enum GateBenchmark {
    static let subjectCount: UInt32 = 1_000_000

    static func groups() throws -> [BenchmarkGroup] {
        let policy = try shippedPolicies()
        let keyring = Keyring(master: SymmetricKey(size: .bits256))
        let index = filledIndex(key: keyring.fingerprints)
        let gate = Gate(policy: policy, subjects: index, keys: GateKeys(keyring: keyring, makeSalt: { InlineArray(repeating: 1) }))
        guard let caller = policy.caller(named: "crm-sync"), let now = Timestamp(rfc3339: "2026-06-01T12:00:00Z") else { return [] }
        let body = Array(contact(4_711).utf8)
        let head = RequestHead(
            vendor: "hubspot", host: nil, method: "POST", target: Array("/crm/v3/objects/contacts".utf8), contentType: "application/json",
            contentEncoding: nil, purpose: nil, hasBody: true)
        let xid = TransferID(bytes: InlineArray(repeating: 1))
        let admission = try gate.admit(head, caller: caller, xid: xid)
        guard case .send(let shipment) = try gate.judge(admission, body: body, standing: Standing(), now: now) else { return [] }
        print("  sent of the contact: \(shipment.outcome.rawValue), \(shipment.draft.body.count) of \(body.count) bytes")
        let input = decisionInput(policy, caller, admission, index, now)
        return [
            BenchmarkGroup(
                title: "One contact of \(body.count) bytes by the shipped policies, among \(subjectCount) subjects",
                benchmarks: [
                    Benchmark(name: "decide one record", work: .operations(1)) { Decider.decide(input).codes.count },
                    Benchmark(name: "find a subject", work: .operations(1)) {
                        if case .known(let entry) = index.find(identifier(4_711), now: now) { return Int(entry.number) }
                        return 0
                    },
                    Benchmark(name: "admit a head", work: .operations(1)) {
                        try gate.admit(head, caller: caller, xid: xid).purposes.count
                    },
                    Benchmark(name: "judge (scan, find, decide, reduce, prove, draft)", work: .operations(1)) {
                        guard case .send(let shipment) = try gate.judge(admission, body: body, standing: Standing(), now: now) else {
                            return 0
                        }
                        return shipment.draft.body.count
                    },
                ])
        ]
    }

    private static func shippedPolicies() throws -> PolicySet {
        let root = URL(filePath: #filePath).appending(path: "../../../../policies").standardizedFileURL
        var files: [String: [UInt8]] = [:]
        for case let file as URL in FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil) ?? .init()
        where file.pathExtension == "yaml" {
            files[String(file.standardizedFileURL.path().dropFirst(root.path().count).drop { $0 == "/" })] = Array(
                try Data(contentsOf: file))
        }
        return try PolicyLoader.load(files: files).set
    }

    static func contact(_ i: Int) -> String {
        """
        {"properties":{"email":"person\(i)@example.com","firstname":"Anna","lastname":"Kowalska","phone":"+48601234567","date_of_birth":\
        "1984-03-07","ssn":"536-90-4399","notes":"\(String(repeating: "Prefers mail; call in the afternoon. ", count: 20))"}}
        """
    }

    private static func identifier(_ i: UInt32) -> Identifier { Identifier(bytes: Array("email:person\(i)@example.com".utf8)) }

    private static func filledIndex(key: SymmetricKey) -> SubjectIndex {
        let index = SubjectIndex(fingerprintKey: key)
        let consent = ConsentStanding(purpose: "newsletter", recipient: "hubspot", state: .given, notice: "n-7", hasProof: true)
        let profile = SubjectProfile(consents: [consent], kind: .consumer, countries: [Region("DE")].compactMap { $0 })
        index.reserve(identifiers: Int(subjectCount))
        for i in 1...subjectCount {
            let subject = IndexedSubject(
                number: i, salt: InlineArray(repeating: UInt8(truncatingIfNeeded: i)), profile: profile, born: nil, changesAt: nil,
                expiresSoon: false)
            index.upsert(subject, fingerprints: [index.fingerprint(identifier(i))])
        }
        index.open()
        return index
    }

    private static func decisionInput(
        _ policy: PolicySet, _ caller: CallerID, _ admission: Admission, _ index: SubjectIndex, _ now: Timestamp
    ) -> DecisionInput {
        var entry: SubjectEntry?
        if case .known(let found) = index.find(identifier(4_711), now: now) { entry = found }
        let present = policy.fields.indices.filter { ["email", "first_name", "last_name", "phone"].contains(policy.fields[$0].name) }
        return DecisionInput(
            policy: policy, caller: caller, vendor: admission.vendor, endpoint: admission.match.endpoints[0],
            destination: admission.destination, purposes: [], unknownPurpose: false,
            subject: SubjectInput(resolved: true, entry: entry, present: present.map { FieldID($0) }), standing: Standing(), now: now)
    }
}
