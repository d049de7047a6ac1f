import Crypto
import Testing

@testable import WaybillCore

/// A situation of the fixture, changed in what the case is about, as one `DecisionInput`.
struct DecisionCase: Sendable, CustomTestStringConvertible {
    var name: String
    var edits: [Edit] = []
    /// Import lines about Anna.
    var lines: [String] = [DecisionFixture.german, DecisionFixture.given]
    var caller = "crm-sync"
    var endpoint = "contacts.create"
    /// Empty: the caller's default.
    var purposes: [String] = []
    var present = ["email", "first_name"]
    var now = "2026-06-01T12:00:00Z"
    var adjust: @Sendable (inout DecisionInput) -> Void = { _ in }

    var testDescription: String { name }

    /// Lines about the subject as the index would hold them at `now`; nil: nothing is known.
    static func entry(_ lines: [String], set: PolicySet, now: Timestamp) throws -> SubjectEntry? {
        var book = SubjectBook()
        for (i, line) in lines.enumerated() {
            let bytes = Array(line.utf8)
            let isFacts = line.hasPrefix(#"{"ids""#)
            try book.apply(isFacts ? .facts(FactsLine(bytes, line: i + 1)) : .consent(ConsentLine(bytes, line: i + 1)))
        }
        let index = book.index(key: SymmetricKey(size: .bits256), notices: set.notices, now: now)
        switch index.find(try Identifier(importText: "email:anna@example.com"), now: now) {
        case .known(let entry): return entry
        case .unknown: return nil
        case .stale, .unavailable:
            Issue.record("the index must answer")
            return nil
        }
    }

    func load() throws -> PolicySet {
        var files = DecisionFixture.files
        for edit in edits { try edit.apply(to: &files) }
        do {
            return try PolicyLoader.load(files: files.mapValues { Array($0.utf8) }).set
        } catch {
            Issue.record("\(name): \(error.all.map { $0.description }.joined(separator: "\n"))")
            throw error
        }
    }

    func input() throws -> DecisionInput { try input(load()) }

    func input(_ set: PolicySet) throws -> DecisionInput {
        let now = try #require(Timestamp(rfc3339: now))
        let vendor = try #require(set.vendor(named: "hubspot"))
        let endpointIndex = try #require(set[vendor].endpoints.firstIndex { $0.id == endpoint })
        let fields = try present.map { name in FieldID(try #require(set.fields.firstIndex { $0.name == name })) }
        var input = DecisionInput(
            policy: set, caller: try #require(set.caller(named: caller)), vendor: vendor, endpoint: EndpointID(endpointIndex),
            destination: try #require(set[vendor].destinations.first), purposes: try purposes.map { try #require(set.purpose(named: $0)) },
            unknownPurpose: false,
            subject: SubjectInput(resolved: true, entry: try DecisionCase.entry(lines, set: set, now: now), present: fields),
            standing: Standing(),
            now: now)
        adjust(&input)
        return input
    }

    func decide() throws -> Decision { Decider.decide(try input()) }
}

extension PolicySet {
    /// The same set with other agreements, or another first vendor: what lint would never let load.
    func with(_ change: (inout [Agreement]) -> Void) -> PolicySet {
        var all = agreements
        change(&all)
        return with(vendors: vendors, agreements: all)
    }

    func with(vendor change: (inout Vendor) -> Void) -> PolicySet {
        var all = vendors
        change(&all[0])
        return with(vendors: all, agreements: agreements)
    }

    private func with(vendors: [Vendor], agreements: [Agreement]) -> PolicySet {
        PolicySet(
            digest: digest, organisation: organisation, fields: fields, purposes: purposes, notices: notices, facts: facts,
            checklists: checklists, vendors: vendors, agreements: agreements, callers: callers, operators: operators,
            vendorsByName: vendorsByName, purposesByName: purposesByName, callersByToken: callersByToken, callersByName: callersByName,
            routes: routes)
    }

    static func empty(like set: PolicySet) -> PolicySet {
        PolicySet(
            digest: "", organisation: set.organisation, fields: [], purposes: [], notices: [:], facts: .none, checklists: [], vendors: [],
            agreements: [], callers: [], operators: [], vendorsByName: [:], purposesByName: [:], callersByToken: [:], callersByName: [:],
            routes: [:])
    }
}
