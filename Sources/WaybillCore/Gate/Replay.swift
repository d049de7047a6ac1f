import Crypto

/// Decides again what was once decided, as far as a log without values lets: who sent what kind of record where and for what, of a person of
/// whom nothing stands in the way. What hangs on one person's consent, age or objection is not asked.
package struct Replay {
    /// What the log keeps of a record.
    package struct Case: Sendable, Hashable {
        package var caller: String
        package var vendor: String
        package var endpoint: String
        package var destination: String
        package var purposes: [String]
        /// Regimes that bound it.
        package var regimes: [String]
        /// Of the catalogue, those that stood in the record.
        package var present: [String]
        package init(
            caller: String, vendor: String, endpoint: String, destination: String, purposes: [String], regimes: [String], present: [String]
        ) {
            (self.caller, self.vendor, self.endpoint, self.destination) = (caller, vendor, endpoint, destination)
            (self.purposes, self.regimes, self.present) = (purposes, regimes, present)
        }
    }
    package struct Result: Sendable, Equatable {
        package var permits: Bool
        /// The first failure.
        package var code: ReasonCode?
        /// Field → what is done to it; fields that stay behind are not in it.
        package var sent: [String: String]
    }

    private static let identifier = "replay:1"
    private let set: PolicySet
    private let now: Timestamp
    private var subjects: [[String]: SubjectEntry?] = [:]

    package init(_ set: PolicySet, now: Timestamp) {
        self.set = set
        self.now = now
    }

    package mutating func decide(_ given: Case) -> Result {
        func refused(_ code: ReasonCode) -> Result { Result(permits: false, code: code, sent: [:]) }
        guard let vendor = set.vendor(named: given.vendor) else { return refused(.vendorUnknown) }
        guard let caller = set.caller(named: given.caller) else { return refused(.callerUnauthenticated) }
        guard let endpoint = set[vendor].endpoints.firstIndex(where: { $0.id == given.endpoint }) else { return refused(.endpointUnknown) }
        let destination = set[vendor].destinations.first { $0.authority == given.destination || $0.host == given.destination }
        guard let destination = destination ?? set[vendor].destinations.first else { return refused(.destinationNotRegistered) }
        let purposes = given.purposes.compactMap { set.purpose(named: $0) }
        let present = given.present.compactMap { name in set.fields.firstIndex { $0.name == name }.map { FieldID($0) } }
        let subject = SubjectInput(resolved: true, entry: subject(given.regimes), present: present, disclosedBefore: true)
        let decision = Decider.decide(
            DecisionInput(
                policy: set, caller: caller, vendor: vendor, endpoint: EndpointID(endpoint), destination: destination, purposes: purposes,
                unknownPurpose: purposes.count < given.purposes.count, subject: subject, standing: Standing(), now: now))
        guard decision.permits else { return Result(permits: false, code: decision.primary, sent: [:]) }
        var sent: [String: String] = [:]
        for field in present {
            if case .apply(let id) = decision.plan[field], !set[id].dropsMember { sent[set[field].name] = set[id].summary }
        }
        return Result(permits: true, code: nil, sent: sent)
    }

    /// Somebody in the countries of those regimes who agreed to everything, to everybody.
    private mutating func subject(_ regimes: [String]) -> SubjectEntry? {
        if let known = subjects[regimes] { return known }
        let places = ["gdpr": "DE", "uk_gdpr": "GB", "fadp": "CH", "us": "US-CA"]
        let countries = regimes.compactMap { places[$0] }.map { "\"\($0)\"" }.joined(separator: ",")
        var book = SubjectBook()
        var lines = [#"{"ids":["\#(Self.identifier)"],"countries":[\#(countries)],"born":"1980-01-01","preference":3}"#]
        let recipients = set.vendors.map { "\"\($0.id)\"" }.joined(separator: ",")
        for purpose in set.purposes {
            lines.append(
                """
                {"subject":"\(Self.identifier)","purpose":"\(purpose.name)","state":"given","recipients":[\(recipients)],\
                "event_time":"\(now.adding(seconds: -86_400).rfc3339)","notice":"replay","proof":"replay","explicit":true,\
                "controller":"\(set.organisation.id)"}
                """)
        }
        var entry: SubjectEntry?
        do {
            for (i, line) in lines.enumerated() {
                let bytes = Array(line.utf8)
                try book.apply(i == 0 ? .facts(FactsLine(bytes, line: 1)) : .consent(ConsentLine(bytes, line: i + 1)))
            }
            let index = book.index(key: SymmetricKey(data: [UInt8](repeating: 0, count: 32)), notices: set.notices, now: now)
            if case .known(let found) = index.find(try Identifier(importText: Self.identifier), now: now) { entry = found }
        } catch {
            // Nobody is known then: consents are missing in both sets alike.
            entry = nil
        }
        subjects[regimes] = entry
        return entry
    }
}
