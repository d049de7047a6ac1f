import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage
import WaybillTesting

@Suite struct TransferFinderTests {
    /// How many entries are in the index when it is asked; nil: all.
    static let indexed: [Int?] = [0, 1, 20, 60, nil]

    private func fixture(_ indexed: Int?) throws -> IndexFixture {
        let fixture = try IndexFixture()
        try fixture.write(0..<60)
        let indexer = fixture.indexer(1)
        while indexed.map({ (indexer.position?.next ?? 0) < $0 }) ?? true, try indexer.turn() {}
        return fixture
    }

    @Test(arguments: indexed) func everyFilterFindsWhatTheEntriesSay(indexed: Int?) throws {
        let fixture = try fixture(indexed)
        let truth = try fixture.truth()
        #expect(truth.count == 61)
        func expect(
            _ change: (inout TransferFilter) -> Void, _ isWanted: (TransferSummary) -> Bool,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            var filter = TransferFilter()
            change(&filter)
            let found = try fixture.finder.list(filter, limit: 1_000)
            #expect(found.items.map(\.summary) == truth.filter(isWanted), sourceLocation: sourceLocation)
            #expect(found.next == nil, sourceLocation: sourceLocation)
        }
        try expect({ _ in }, { _ in true })
        try expect({ $0.vendor = "hubspot" }, { $0.vendor == "hubspot" })
        try expect({ $0.agreement = "hubspot-terms" }, { $0.vendor == "hubspot" })
        try expect({ $0.agreement = "zendesk-terms@2" }, { $0.agreements == ["zendesk-terms@2"] })
        try expect({ $0.agreement = "zendesk-term" }, { _ in false })
        try expect({ $0.purpose = "support" }, { $0.purposes.contains("support") })
        try expect({ $0.caller = "erp" }, { $0.caller == "erp" })
        try expect({ $0.reason = "consent_missing" }, { $0.codes["consent_missing"] != nil })
        for decision in TransferSummary.Decision.allCases { try expect({ $0.decision = decision }, { $0.decision == decision }) }
        for state in TransferState.allCases {
            try expect({ $0.state = state }) {
                ($0.ending?.result.rawValue ?? ($0.decision == .deny ? "denied" : "open")) == state.name
            }
        }
        let (since, until) = (truth[40].time, truth[12].time)
        try expect(
            {
                ($0.since, $0.until) = (Timestamp(rfc3339: since), Timestamp(rfc3339: until))
                $0.vendor = "mailchimp"
                $0.state = .ok
            }, { $0.time >= since && $0.time < until && $0.vendor == "mailchimp" && $0.ending?.result == .ok })
    }

    @Test(arguments: [1, 2, 7, 30, 61, 62]) func pagesTogetherAreTheWholeList(limit: Int) throws {
        let fixture = try fixture(60)
        for change in [{ _ in }, { $0.vendor = "zendesk" }, { $0.state = .ok }] as [(inout TransferFilter) -> Void] {
            var filter = TransferFilter()
            change(&filter)
            let whole = try fixture.finder.list(filter, limit: 1_000).items.map(\.summary)
            var pages: [TransferSummary] = []
            var below: UInt64?
            repeat {
                let page = try fixture.finder.list(filter, limit: limit, below: below)
                #expect(page.items.count <= limit)
                pages += page.items.map(\.summary)
                below = page.next
            } while below != nil
            #expect(pages == whole)
        }
    }

    @Test(arguments: indexed) func aPersonSeesOnlyTheLinesAboutHer(indexed: Int?) throws {
        let fixture = try fixture(indexed)
        let truth = try fixture.truth()
        for (at, person) in IndexFixture.people.enumerated() {
            let trace = try #require(try fixture.trace("email:\(person)@example.com"))
            // Transfers about her, and those whose second record is.
            let expected = (0..<60 as Range<UInt64>).filter { $0 % 3 != 2 }.compactMap { i -> (UInt64, [String])? in
                if Int(i % 4) == at { return (i, ["consent"]) }
                return i % 6 == 1 && Int((i + 1) % 4) == at ? (i, ["contract"]) : nil
            }
            var found: [TransferFinder.Disclosure] = []
            var below: UInt64?
            repeat {
                let page = try fixture.finder.disclosures(of: trace, limit: 3, below: below)
                found += page.items
                below = page.next
            } while below != nil
            #expect(found.map { $0.transfer.xid } == expected.reversed().map { fixture.xids[Int($0.0)] })
            #expect(found.map { $0.lines.map(\.basis) } == expected.reversed().map(\.1))
            #expect(found.allSatisfy { truth.contains($0.transfer.summary) })
            for disclosure in found where disclosure.lines.first?.basis == "contract" {
                #expect(disclosure.lines.first?.fields == ["email", "phone"])
            }
        }
        #expect(try fixture.trace("email:nobody@example.com") == nil)
        #expect(try fixture.finder.disclosuresPrunedBefore() == nil)
    }

    @Test(arguments: indexed) func statisticsAreExactForAnyPeriod(indexed: Int?) throws {
        let fixture = try fixture(indexed)
        let truth = try fixture.truth()
        var random = SystemRandomNumberGenerator()
        let (first, last) = (truth[60].milliseconds, truth[0].milliseconds)
        for round in 0..<40 {
            let bounds = [Int64.random(in: first - 5_000...last + 5_000, using: &random), .random(in: first...last, using: &random)]
                .sorted()
            var filter = TransferFilter()
            if round > 0 {
                (filter.since, filter.until) = (Timestamp(milliseconds: bounds[0]), Timestamp(milliseconds: bounds[1]))
            }
            if round % 2 == 1 { filter.vendor = "hubspot" }
            let wanted = truth.filter { summary in
                (round == 0 || (summary.milliseconds >= bounds[0] && summary.milliseconds < bounds[1]))
                    && (filter.vendor == nil || summary.vendor == filter.vendor)
            }
            let found = try fixture.finder.statistics(filter, by: .all).periods.first?.counts ?? TransferStatistics.Counts()
            #expect(found == TransferStatistics.Counts(counting: wanted))
            let days = try fixture.finder.statistics(filter, by: .day).periods
            let names = Set(wanted.map { String($0.time.prefix(10)) })
            #expect(days.map(\.name) == names.sorted())
            for day in days {
                #expect(day.counts == TransferStatistics.Counts(counting: wanted.filter { $0.time.hasPrefix(day.name) }))
            }
        }
    }
}

extension Timestamp {
    fileprivate init(milliseconds: Int64) { self.init(nanoseconds: milliseconds * 1_000_000) }
}

extension TransferSummary {
    fileprivate var milliseconds: Int64 { Timestamp(rfc3339: time)?.milliseconds ?? 0 }
}

extension TransferStatistics.Counts {
    /// The same, counted one by one.
    fileprivate init(counting transfers: [TransferSummary]) {
        self.init()
        for transfer in transfers {
            decisions[transfer.decision.rawValue, default: 0] += 1
            denied += transfer.denied
            for (code, records) in transfer.codes { reasons[code, default: 0] += records }
            guard transfer.decision != .deny else {
                refused += 1
                continue
            }
            self.transfers += 1
            records += transfer.records
            bytes += transfer.ending?.sentBytes ?? 0
            results[transfer.ending?.result.rawValue ?? "open", default: 0] += 1
            for field in transfer.fields { fields[field, default: 0] += 1 }
            for purpose in transfer.purposes { purposes[purpose, default: 0] += 1 }
            for agreement in transfer.agreements { agreements[agreement, default: 0] += 1 }
            countries[transfer.region, default: 0] += 1
            callers[transfer.caller, default: 0] += 1
            flows[.init(caller: transfer.caller, vendor: transfer.vendor, region: transfer.region), default: 0] += 1
            mechanisms["adequacy:EU-US-DPF", default: 0] += 1
        }
    }
}
