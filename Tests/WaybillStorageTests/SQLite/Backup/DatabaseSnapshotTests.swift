import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage
import WaybillTesting

@Suite struct DatabaseSnapshotTests {
    private func record(_ numbers: Range<UInt64>, in log: TransferLog) throws {
        let listener = CollectingListener()
        for number in numbers { log.record(.testing(number), ticket: number, for: listener) }
        try #require(listener.wait(for: numbers.count))
    }

    private func verify(_ path: String) throws -> VerificationReport {
        let reader = try SQLiteLogReader(path: path)
        defer { reader.close() }
        let keys = try LogKeys.testing()
        return try LogVerifier(reader: reader, publicKeys: keys.publicKeys(), keys: keys).verify()
    }

    @Test func aSnapshotHoldsItsMomentWhileTheLogGoesOn() throws {
        let folder = try LogFolder()
        let log = try folder.open()
        try record(1..<500, in: log)
        let size = log.size
        let snapshot = try DatabaseSnapshot(path: folder.log)
        try record(500..<1_500, in: log)
        var steps = [(Int, Int)]()
        try snapshot.copy(to: folder.path + "/copy.db") { done, total in
            // In the middle of the copy too.
            steps.append((done, total))
            try record(UInt64(10_000 + steps.count * 10)..<UInt64(10_010 + steps.count * 10), in: log)
        }
        snapshot.close()
        let report = try verify(folder.path + "/copy.db")
        // Outcomes and checkpoints may have come between the size and the snapshot.
        #expect(report.faults == [] && report.entries >= size && report.entries < size + 500)
        #expect(steps.last.map { $0.0 == $0.1 && $0.0 > 0 } == true)
        log.close()
        #expect(try folder.verify().faults == [])
    }

    @Test func theCopyIsPrivateAndNeedsNoFileBesideIt() throws {
        let folder = try LogFolder()
        let log = try folder.open()
        try record(1..<10, in: log)
        let snapshot = try DatabaseSnapshot(path: folder.log)
        try snapshot.copy(to: folder.path + "/copy.db") { _, _ in }
        snapshot.close()
        log.close()
        _ = try verify(folder.path + "/copy.db")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("copy.db") }
        #expect(names == ["copy.db"])
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/copy.db")[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func aFileThatExistsIsNotWrittenTo() throws {
        let folder = try LogFolder()
        try folder.open().close()
        try Data("mine".utf8).write(to: URL(fileURLWithPath: folder.path + "/copy.db"))
        let snapshot = try DatabaseSnapshot(path: folder.log)
        defer { snapshot.close() }
        #expect(throws: BackupStoreError.self) { try snapshot.copy(to: folder.path + "/copy.db") { _, _ in } }
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/copy.db")) == Data("mine".utf8))
    }

    @Test(arguments: ["", "no database at all, but long enough to be looked at as one, which takes some hundred bytes"])
    func whatIsNoDatabaseIsRefusedInASentence(content: String) throws {
        let folder = try LogFolder()
        let path = folder.path + "/other.db"
        if content.isEmpty {
            #expect(throws: BackupStoreError.self) { try DatabaseSnapshot(path: path) }
        } else {
            try Data(String(repeating: content, count: 20).utf8).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: BackupStoreError.self) { try DatabaseSnapshot(path: path) }
            #expect(error?.message.contains("is damaged or no database") == true)
        }
    }
}
