import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage
import WaybillTesting

@Suite struct LogSidesTests {
    /// Three commits in each of three months, each with a side row of `bytes` and a first-seen subject.
    private func fill(_ store: SQLiteLogStore, bytes: Int = 1_000) throws -> [LogMonth] {
        let times = try ["2026-01-31T23:59:59Z", "2026-02-10T00:00:00Z", "2026-03-01T00:00:00Z"].map {
            try #require(Timestamp(rfc3339: $0))
        }
        for (i, time) in times.enumerated() {
            for k in 0..<3 {
                let first = UInt64(i * 3 + k)
                let stored = StoredCommit(
                    first: first, count: 1, epoch: 1, node: "1", time: time, root: MerkleHashing.emptyRoot, oldestOpen: 0, sealedTo: 0,
                    body: Tile.bundle([Array("entry \(first)".utf8)]) ?? [])
                let sighting = StoredSighting(
                    row: 0, number: 1 << 31 + UInt32(first), salt: [7, 7], fingerprints: [8], sealed: Array("sealed-person".utf8))
                try store.append(
                    LogCommit(
                        stored: stored, tiles: [], sideRow: Array(String(repeating: "commitment", count: bytes / 10).utf8),
                        sightings: [sighting],
                        identity: LogIdentity(origin: "o", configured: "o", generation: 0, previous: "")))
            }
        }
        return times.map { LogMonth($0) }
    }

    private func bytes(_ path: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path)) }

    @Test func monthsAreDeletedFromTheOldestInSteps() throws {
        let folder = try LogFolder()
        let store = try SQLiteLogStore(path: folder.log)
        let months = try fill(store)
        #expect(try store.oldestSideMonth() == months[0])
        #expect(try store.pruneSides(of: months[1], bytesMax: 1 << 20) == 0, "an earlier month is there")
        #expect(try store.pruneSides(of: months[0], bytesMax: 2_000) == 2)
        #expect(try store.pruneSides(of: months[0], bytesMax: 10) == 1, "one row goes whatever its size")
        #expect(try store.pruneSides(of: months[0], bytesMax: 10) == 0)
        #expect(try store.sideRows(from: 0, limit: 100).map(\.first) == [3, 4, 5, 6, 7, 8])
        #expect(try store.commits(from: 0, limit: 100).count == 9)
        store.close()
    }

    @Test func whatIsDeletedIsOverwritten() throws {
        let folder = try LogFolder()
        let store = try SQLiteLogStore(path: folder.log)
        let months = try fill(store, bytes: 40_000)
        for month in months { while try store.pruneSides(of: month, bytesMax: 64_000) > 0 {} }
        store.close()
        #expect(try bytes(folder.log).range(of: Data("commitmentcommitment".utf8)) == nil)
    }

    @Test func aFrozenShardIsReadOnlyAndItsSubjectsAreWithTheNext() throws {
        let folder = try LogFolder()
        let store = try SQLiteLogStore(path: folder.log)
        _ = try fill(store)
        let sightings = try store.sightings(after: 0, limit: 100)
        store.close()
        let reader = try SQLiteLogReader(path: folder.log)
        let next = try SQLiteLogStore(path: folder.path + "/next.db")
        for _ in 0..<2 { try next.takeSightings(from: reader) }
        #expect(try next.sightings(after: 0, limit: 100) == sightings && sightings.count == 9)
        let busy = #expect(throws: LogStoreError.self) { try FrozenLog(path: folder.log).freeze() }
        guard case .rolledBack = busy else { return #expect(Bool(false), "\(String(describing: busy))") }
        reader.close()
        try FrozenLog(path: folder.log).freeze()
        let mode = try FileManager.default.attributesOfItem(atPath: folder.log)[.posixPermissions] as? Int
        #expect(mode == 0o400)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("log.db-") }
        #expect(names == [])
        let frozen = try SQLiteLogReader(path: folder.log)
        #expect(try frozen.sightings(after: 0, limit: 1) == [] && frozen.commits(from: 0, limit: 100).count == 9)
        frozen.close()
        #expect(try bytes(folder.log).range(of: Data("sealed-person".utf8)) == nil)
        next.close()
    }

    @Test func sideRowsOfAFrozenShardAgeTooAndTheEntriesStay() throws {
        let folder = try LogFolder()
        let store = try SQLiteLogStore(path: folder.log)
        let months = try fill(store)
        store.close()
        try FrozenLog(path: folder.log).freeze()
        try FrozenLog(path: folder.log).pruneSides(of: Array(months.prefix(2)))
        let reader = try SQLiteLogReader(path: folder.log)
        defer { reader.close() }
        #expect(try reader.sideMonths() == [SideMonth(month: months[2], rows: 3, bytes: 3_000)])
        #expect(try reader.commits(from: 0, limit: 100).count == 9)
        let mode = try FileManager.default.attributesOfItem(atPath: folder.log)[.posixPermissions] as? Int
        #expect(mode == 0o400)
    }
}
