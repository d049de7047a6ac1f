import Crypto
import Synchronization
import WaybillProxy

@testable import WaybillCore

/// A gatekeeper that decides as a test says; everything around it is real.
final class FakeGate: Gatekeeper, Sendable {
    typealias Judge = @Sendable (Admission, [UInt8]) throws(Refusal) -> Judgement

    let policy: PolicySet
    let subjects: any SubjectLookup
    private let judgement: Mutex<Judge>
    private let seen = Mutex<[RequestHead]>([])
    private let bodies = Mutex<[[UInt8]]>([])

    init(policy: PolicySet = FakePolicy.set(), subjects: any SubjectLookup = FakeSubjects()) {
        self.policy = policy
        self.subjects = subjects
        judgement = Mutex { (admission, body) in .send(FakeGate.shipment(admission, body: body)) }
    }

    var heads: [RequestHead] { seen.withLock { $0 } }
    var judgedBodies: [[UInt8]] { bodies.withLock { $0 } }
    func judge(_ new: @escaping Judge) { judgement.withLock { $0 = new } }

    func admit(_ head: RequestHead, caller: CallerID, xid: TransferID) throws(Refusal) -> Admission {
        seen.withLock { $0.append(head) }
        guard let vendor = policy.vendor(named: head.vendor) else {
            throw Refusal(status: 403, code: "vendor_unknown", title: "The vendor is not known", detail: "")
        }
        guard
            let destination = policy[vendor].destinations.first(where: { known in
                head.destination.map { $0 == known } ?? (head.host == nil || known.host == head.host)
            })
        else {
            throw Refusal(status: 403, code: "destination_not_registered", title: "No such destination", detail: "")
        }
        if head.target.starts(with: Array("/forbidden".utf8)) {
            throw Refusal(status: 403, code: "endpoint_unknown", title: "The endpoint is not known", detail: "")
        }
        return Admission(
            head: head, xid: xid, caller: caller, vendor: vendor, destination: destination,
            match: EndpointMatcher.Match(endpoints: [], variables: []), coding: .identity, purposes: [], unknownPurpose: false)
    }

    func judge(
        _ admission: Admission, body: [UInt8], standing: Standing, now: Timestamp, reporting: Bool
    ) throws(Refusal) -> Judgement {
        bodies.withLock { $0.append(body) }
        return try judgement.withLock { $0 }(admission, body)
    }

    static func draft(_ admission: Admission, body: [UInt8] = []) -> TransferDraft {
        TransferDraft(
            xid: admission.xid, caller: "crm", vendor: "acme", destination: admission.destination.authority, region: "US",
            method: admission.head.method,
            endpoint: "contacts", route: "/v1/contacts", purposes: [], regimes: [], bases: [], mechanisms: [], agreements: [],
            policyDigest: "d", consentSequence: 0, fields: [], droppedFields: [], droppedMembers: 0, codes: [:], recordCount: 1,
            deniedCount: 0, body: body, subjects: [], lines: [])
    }

    static func shipment(
        _ admission: Admission, body: [UInt8], basedOn: [(identifier: Identifier, number: UInt32?, profile: UInt32?, born: Day?)] = [],
        volumes: [VolumeUse] = []
    ) -> Shipment {
        Shipment(
            draft: draft(admission, body: body), outcome: .allowRedacted, destination: admission.destination, endpoint: EndpointID(0),
            verdicts: [], sentCount: 1, heldCount: 0, deniedCount: 2, basedOn: basedOn,
            volumes: volumes, decisions: [], reports: [])
    }
}

/// The smallest policy set: caller `crm` with token `s3cret`, vendor `acme`.
enum FakePolicy {
    static let token = "s3cret"
    static let vendorHost = "api.acme.test"

    static func set(
        digest: String = "d1", host: String = vendorHost, port: Int = 443, scheme: String = "https",
        credentials: Vendor.Credentials? = nil, moreHosts: [String] = [], tokens: [String] = [token], tokensOfOther: [String] = [],
        sans: [String] = []
    ) -> PolicySet {
        let position = SourcePosition(file: "f", line: 1, column: 1)
        let region = Region("US")
        guard let region else { preconditionFailure("US is a country") }
        let vendor = Vendor(
            id: "acme", legalName: "Acme", establishedIn: region, certifications: [], dueDiligence: nil, contacts: [:],
            destinations: ([host] + moreHosts).map { .init(scheme: scheme, host: $0, port: port, region: region) },
            credentials: credentials, headersAllow: ["x-acme-trace", "cookie"], headersAllowBack: ["x-acme-quota"], endpoints: [],
            matcher: EndpointMatcher(endpoints: []), position: position)
        let caller = { (id: String) in
            Caller(
                id: id, owner: "o", credentials: [], mayUse: [], defaultPurpose: nil, onDenied: .reject, childDirected: false,
                position: position)
        }
        return PolicySet(
            digest: digest,
            organisation: Organisation(
                id: "o", name: "O", establishedIn: region, inScope: [], assumedRegimes: [], approvals: .files, position: position),
            fields: [], purposes: [], notices: [:],
            facts: LegalFacts(
                adequacy: [], invalidated: [], eea: [], sccModules: [:], childrenAge: [:], childrenAgeDefault: 16, gpcStates: []),
            checklists: [], vendors: [vendor], agreements: [], callers: [caller("crm"), caller("other")], operators: [],
            vendorsByName: ["acme": VendorID(0)],
            purposesByName: [:],
            callersByToken: Dictionary(
                uniqueKeysWithValues: tokens.map { (hash($0), CallerID(0)) } + tokensOfOther.map { (hash($0), CallerID(1)) }),
            callersByName: ["crm": CallerID(0), "other": CallerID(1)],
            callersBySAN: Dictionary(uniqueKeysWithValues: sans.map { ($0, CallerID($0.hasPrefix("other") ? 1 : 0)) }), routes: [:])
    }

    private static func hash(_ token: String) -> [UInt8] { Array(SHA256.hash(data: Array(token.utf8))) }
}

/// Subjects a test can change while a request is under way.
final class FakeSubjects: SubjectLookup, Sendable {
    let sequence: Int64 = 0
    private let findings = Mutex<[Identifier: SubjectFinding]>([:])
    func set(_ identifier: Identifier, _ finding: SubjectFinding) { findings.withLock { $0[identifier] = finding } }
    func find(_ identifier: Identifier, now: Timestamp) -> SubjectFinding { findings.withLock { $0[identifier] ?? .unknown } }

    static func entry(
        number: UInt32, profile: UInt32 = 1, _ value: SubjectProfile = SubjectProfile(), born: Day? = nil
    ) -> SubjectEntry {
        SubjectEntry(number: number, salt: InlineArray(repeating: 0), profile: value, profileNumber: profile, born: born)
    }
}

final class FakeRefresher: SubjectRefresher, Sendable {
    private let asked = Mutex<[[Identifier]]>([])
    private let answer: Bool?
    /// Nil: never answers.
    init(answer: Bool? = true) { self.answer = answer }
    var requests: [[Identifier]] { asked.withLock { $0 } }
    func refresh(_ ids: [Identifier], completion: @escaping @Sendable (Bool) -> Void) {
        asked.withLock { $0.append(ids) }
        if let answer { completion(answer) }
    }
}

struct FixedClock: WallClock {
    func now() -> Timestamp { Timestamp(seconds: 1_780_000_000) }
}
