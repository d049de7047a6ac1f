import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage
import WaybillTesting

@Suite struct SQLiteTransferIndexTests {
    private func summaries(_ fixture: IndexFixture) throws -> [TransferSummary] {
        try fixture.finder.list(limit: 10_000).items.map(\.summary)
    }

    @Test func anOutcomeReachesATransferThatIsInTheIndexAlready() throws {
        let fixture = try IndexFixture()
        try fixture.write(0..<10, ending: false)
        try fixture.follow()
        #expect(try summaries(fixture).allSatisfy { $0.ending == nil })
        for i in [0, 1, 3, 4] as [UInt64] { fixture.end(i) }
        try fixture.settle()
        // First by the log's tail, then by the index.
        for _ in 0..<2 {
            #expect(try summaries(fixture) == fixture.truth())
            #expect(try summaries(fixture).count { $0.ending != nil } == 4)
            let counts = try #require(try fixture.finder.statistics(TransferFilter(), by: .all).periods.first?.counts)
            #expect(counts.results == ["ok": 3, "unknown": 1, "open": 5] && counts.bytes == 408)
            try fixture.follow()
        }
    }

    @Test func twoFollowersOnOneFileCountNothingTwice() throws {
        let fixture = try IndexFixture()
        let other = SQLiteTransferIndex(path: fixture.folder.path + "/index.db")
        let followers = [fixture.indexer(3), TransferIndexer(log: fixture.reader, index: other, batchEntriesMin: 5)]
        for round in 0..<6 as Range<UInt64> {
            try fixture.write(round * 8..<round * 8 + 7)
            for follower in followers { _ = try follower.turn() }
        }
        for follower in followers { while try follower.turn() {} }
        #expect(try summaries(fixture) == fixture.truth())
        let counts = try #require(try fixture.finder.statistics(TransferFilter(), by: .all).periods.first?.counts)
        #expect(counts.transfers + counts.refused == fixture.xids.count)
    }

    @Test func aLogThatWasRolledBackIsNoticedAndTakenInAnew() throws {
        let fixture = try IndexFixture()
        try fixture.write(0..<6)
        let copy = fixture.folder.path + "/older.db"
        try FileManager.default.copyItem(atPath: fixture.folder.log, toPath: copy)
        try FileManager.default.copyItem(atPath: fixture.folder.log + "-wal", toPath: copy + "-wal")
        try fixture.write(7..<15)
        try fixture.follow()
        let older = try SQLiteLogReader(path: copy)
        defer { older.close() }
        let finder = TransferFinder(log: older, index: fixture.index)
        #expect(throws: LogStoreError.self) { try finder.list(limit: 10) }
        let indexer = TransferIndexer(log: older, index: fixture.index)
        while try indexer.turn() {}
        #expect(try finder.list(limit: 100).items.count == 7)
        let counts = try finder.statistics(TransferFilter(), by: .all).periods.first?.counts
        #expect((counts?.transfers ?? 0) + (counts?.refused ?? 0) == 7)
    }

    @Test func whoIsForgottenIsNotInTheFileAnyMore() throws {
        let fixture = try IndexFixture()
        try fixture.write(0..<20)
        try fixture.follow()
        let trace = try #require(try fixture.trace("email:anna@example.com"))
        let fingerprint = try LogKeys.testing().fingerprint(trace.identifiers[0])
        let prefix = withUnsafeBytes(of: fingerprint.bytes) { Data($0.prefix(8)) }
        func isInFiles() throws -> Bool {
            try ["", "-wal"].contains { suffix in
                let path = fixture.folder.path + "/index.db" + suffix
                guard FileManager.default.fileExists(atPath: path) else { return false }
                return try Data(contentsOf: URL(filePath: path)).range(of: prefix) != nil
            }
        }
        #expect(try isInFiles())
        #expect(try !fixture.finder.disclosures(of: trace, limit: 10).items.isEmpty)
        try fixture.index.forget(numbers: trace.parts.map(\.number), fingerprints: [fingerprint])
        #expect(try !isInFiles())
        #expect(try fixture.finder.disclosures(of: trace, limit: 10).items.isEmpty)
        let ben = try #require(try fixture.trace("email:ben@example.com"))
        #expect(try !fixture.finder.disclosures(of: ben, limit: 10).items.isEmpty)
    }

    @Test func whatIsTakenInWhileSomebodyIsForgottenIsReadAgain() throws {
        let fixture = try IndexFixture()
        try fixture.write(0..<6)
        let first = try #require(try fixture.reader.commits(from: 0, limit: 1).first).root
        let position = try fixture.index.position(of: first, origin: "acme.example/waybill")
        var digester = LogDigester(reader: fixture.reader, open: [:])
        let batch = try #require(try digester.next(from: 0, entriesMin: 1_000))
        try fixture.index.forget(numbers: [1 << 31], fingerprints: [])
        #expect(try fixture.index.apply(batch, sightings: [], at: position, origin: "acme.example/waybill") == nil)
        let again = try fixture.index.position(of: first, origin: "acme.example/waybill")
        #expect(try fixture.index.apply(batch, sightings: [], at: again, origin: "acme.example/waybill")?.next == batch.high)
    }

    @Test func anIndexBuiltAsideTakesThePlaceOfOneThatIsInUse() throws {
        let fixture = try IndexFixture()
        try fixture.write(0..<20)
        let gate = fixture.indexer()
        while try gate.turn() {}
        let command = SQLiteTransferIndex(path: fixture.folder.path + "/index.db")
        func rebuilt() throws -> SQLiteTransferIndex {
            let aside = try SQLiteTransferIndex.aside(command)
            let indexer = TransferIndexer(log: fixture.reader, index: aside)
            while try indexer.turn() {}
            return aside
        }
        let before = try command.forgotten()
        #expect(try command.replace(by: try rebuilt(), forgotten: before))
        try fixture.write(21..<30)
        while try gate.turn() {}
        #expect(try summaries(fixture) == fixture.truth())
        // Somebody is erased while the next is built: it does not come in.
        let aside = try rebuilt()
        try fixture.index.forget(numbers: [1 << 31], fingerprints: [])
        #expect(try !command.replace(by: aside, forgotten: before))
        #expect(try summaries(fixture) == fixture.truth())
        let left = try FileManager.default.contentsOfDirectory(atPath: fixture.folder.path).filter { $0.contains("index.db-journal") }
        #expect(left.isEmpty)
    }

    @Test(arguments: [1, 4, 9, 1_000]) func severalShardsInOneIndexAreOneList(limit: Int) throws {
        let older = try IndexFixture(origin: "acme.example/2026h1")
        let live = try IndexFixture(origin: "acme.example/2026h2", index: older.index)
        live.clock.advance(milliseconds: 200 * 86_400_000)
        try older.write(0..<12)
        try live.write(0..<20)
        try older.follow()
        try live.follow()
        try live.write(21..<24)
        let search = try TransferSearch([older.reader, live.reader], index: live.index)
        let truth = try live.truth() + older.truth()
        var found: [TransferSummary] = []
        var next: ExportCursor?
        repeat {
            let page = try search.list(limit: limit, from: next)
            #expect(page.items.count <= limit)
            found += page.items.map(\.summary)
            next = page.next
        } while next != nil
        #expect(found == truth)
        let counts = try #require(try search.statistics(TransferFilter(), by: .all).periods.first?.counts)
        #expect(counts.transfers + counts.refused == truth.count)
        #expect(try search.statistics(TransferFilter(), by: .month).periods.count == 2)
        #expect(!search.knows(ExportCursor(origin: "acme.example/2025h2", next: 3)))
        // Numbers are the same in both, since a new shard takes the first-seen subjects along; here they only happen to be.
        let trace = try #require(try live.trace("email:anna@example.com"))
        let disclosures = try search.disclosures(of: trace, limit: 1_000).items
        #expect(disclosures.map(\.transfer.summary) == truth.filter { summary in disclosures.contains { $0.transfer.summary == summary } })
        #expect(Set(disclosures.map { $0.transfer.summary.time.prefix(7) }).count == 2)
    }

    @Test(arguments: ["not a database, but long enough to be looked at", ""]) func aFileThatIsNoIndexIsBuiltAnew(content: String) throws {
        let fixture = try IndexFixture()
        try fixture.write(0..<5)
        try String(repeating: content, count: 100).write(toFile: fixture.folder.path + "/index.db", atomically: false, encoding: .utf8)
        try fixture.follow()
        #expect(try summaries(fixture) == fixture.truth())
    }

    @Test func anIndexFarBehindIsRefusedRatherThanReadForMinutes() throws {
        let fixture = try IndexFixture()
        try fixture.write(0..<3)
        let finder = TransferFinder(log: fixture.reader, index: fixture.index, tailEntriesMax: 2)
        let error = #expect(throws: LogStoreError.self) { try finder.list(limit: 1) }
        #expect(error?.message.contains("entries behind the log") == true)
        try fixture.follow()
        #expect(try finder.list(limit: 100).items.count == 4)
    }
}
