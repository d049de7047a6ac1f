import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage
import WaybillTesting

/// A folder of its own for one test, removed with it.
final class LogFolder {
    let path: String
    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "waybill-log-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    deinit {
        do { try FileManager.default.removeItem(atPath: path) } catch { print("left behind: \(path)") }
    }
    var log: String { path + "/log.db" }
    var copy: FileCheckpointCopy { FileCheckpointCopy(path: path + "/checkpoint") }

    func open(pagesMax: Int? = nil, clock: any WallClock = SystemWallClock()) throws -> TransferLog {
        var configuration = LogConfiguration(origin: "acme.example/waybill", node: "n1")
        configuration.rideMillisecondsMax = 5
        configuration.retryMilliseconds = 20
        configuration.checkpointEveryMilliseconds = 10
        return try TransferLog.open(
            store: SQLiteLogStore(path: log, pagesMax: pagesMax), keys: .testing(), configuration: configuration, clock: clock, copy: copy)
    }

    func verify() throws -> VerificationReport {
        let outside = try copy.read()
        let reader = try SQLiteLogReader(path: log)
        defer { reader.close() }
        let keys = try LogKeys.testing()
        return try LogVerifier(reader: reader, publicKeys: keys.publicKeys(), outside: outside, keys: keys).verify()
    }
}

@Suite struct SQLiteLogStoreTests {
    @Test func theStoreDoesWhatEveryLogStoreMust() throws {
        let folder = try LogFolder()
        #expect(try LogStoreConformance.problems(of: SQLiteLogStore(path: folder.log)) == [])
        #expect(try LogStoreConformance.problems(of: MemoryLogStore()) == [])
    }

    @Test func aStoreOpenedAgainHoldsWhatItHeld() throws {
        let folder = try LogFolder()
        let first = try SQLiteLogStore(path: folder.log)
        #expect(try LogStoreConformance.problems(of: first) == [])
        let (head, tiles) = (try first.head(), try first.storedTileCount())
        first.close()
        let second = try SQLiteLogStore(path: folder.log)
        #expect(try second.head() == head && second.storedTileCount() == tiles)
    }

    @Test func aLockedStoreIsNotOpenedTwice() throws {
        let folder = try LogFolder()
        let first = try SQLiteLogStore(path: folder.log)
        let error = #expect(throws: LogStoreError.self) { try SQLiteLogStore(path: folder.log) }
        #expect(error == .unusable("\(folder.log) is in use by another process; stop it first."))
        first.close()
        #expect(throws: Never.self) { try SQLiteLogStore(path: folder.log).close() }
    }

    @Test func filesThatAreNoLogAreRefusedWithTheRemedy() throws {
        let folder = try LogFolder()
        try Data("This is not a database, but it is long enough to look at.".utf8).write(to: URL(fileURLWithPath: folder.log))
        var error = #expect(throws: LogStoreError.self) { try SQLiteLogStore(path: folder.log) }
        #expect(error?.message.contains("is not a database") == true)
        error = #expect(throws: LogStoreError.self) { try SQLiteLogStore(path: folder.path + "/missing/log.db") }
        #expect(error?.message.contains("check that its folder exists") == true)
        error = #expect(throws: LogStoreError.self) { try SQLiteLogReader(path: folder.path + "/none.db") }
        #expect(error?.message.contains("cannot be opened") == true)
    }

    @Test(arguments: [("user_version = 99", "newer Waybill"), ("application_id = 7", "another program")])
    func databasesOfOthersAreRefused(pragma: String, says: String) throws {
        let folder = try LogFolder()
        try SQLiteLogStore(path: folder.log).close()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "python3", "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('PRAGMA '+sys.argv[2]); c.commit()", folder.log,
            pragma,
        ]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let error = #expect(throws: LogStoreError.self) { try SQLiteLogStore(path: folder.log) }
        #expect(error?.message.contains(says) == true, "\(String(describing: error))")
    }

    @Test func aFullDiskRollsBackAndTheLogGoesOn() throws {
        let folder = try LogFolder()
        let log = try folder.open(pagesMax: 60)
        let listener = CollectingListener()
        var sent: UInt64 = 0
        while case .open = log.state, sent < 1_000 {
            sent += 1
            log.record(.testing(sent), ticket: sent, for: listener)
            #expect(listener.wait(for: 1))
        }
        let last = try #require(listener.all.last)
        guard case .failure(let error) = last.result else { return #expect(Bool(false), "the disk never filled") }
        #expect(error.code == .diskFull)
        log.close()
        let next = try folder.open()
        #expect(next.state == .open)
        next.record(.testing(5_000), ticket: 1, for: listener)
        #expect(listener.wait(for: 1))
        next.close()
        let report = try folder.verify()
        #expect(report.faults == [])
        #expect(report.openIntents == 1)
        let committed = listener.all.count { if case .success = $0.result { true } else { false } }
        var intents = 0
        try SQLiteLogReader(path: folder.log).forEachEntry(from: 0) {
            if $1.contains(UInt8(ascii: "k")), String(decoding: $1, as: UTF8.self).contains("\"kind\":\"intent\"") {
                intents += $0 >= 0 ? 1 : 0
            }
        }
        #expect(intents == committed)
    }

    @Test func roundsOfCrashesUnderLoadLeaveASoundLogThatHoldsEveryAnsweredIntent() async throws {
        let folder = try LogFolder()
        let listener = CollectingListener()
        for round in 0..<10 {
            var log: TransferLog? = try folder.open()
            for i in 0..<40 {
                let number = UInt64(round * 1_000 + i)
                log?.record(.testing(number, email: "p\(i)@example.com"), ticket: number, for: listener)
                if i % 3 == 2 {
                    log?.record(TransferOutcome(xid: .testing(number - 2), result: .ok, status: 200, sentBytes: 1, milliseconds: 1))
                }
            }
            if round % 2 == 0 { #expect(listener.wait(for: 1)) }
            log = nil
            // The thread lets go of the store's lock in its own time.
            while true {
                do {
                    try SQLiteLogStore(path: folder.log).close()
                    break
                } catch { try await Task.sleep(for: .milliseconds(2)) }
            }
        }
        try folder.open().close()
        let report = try folder.verify()
        #expect(report.faults == [])
        #expect(report.openIntents == 0)
        let reader = try SQLiteLogReader(path: folder.log)
        for result in listener.all {
            guard case .success(let receipt) = result.result else { continue }
            #expect(try TransferReader(reader: reader).show(receipt.xid)?.entry.index == receipt.index)
        }
    }

    @Test func aLiveLogVerifiesWhileItGrows() throws {
        let folder = try LogFolder()
        let log = try folder.open()
        let listener = CollectingListener()
        for i in 0..<600 { log.record(.testing(UInt64(i), email: "p\(i)@example.com"), ticket: UInt64(i), for: listener) }
        #expect(try folder.verify().faults == [])
        #expect(listener.wait(for: 600))
        let report = try folder.verify()
        #expect(report.faults == [])
        #expect(report.openIntents == 600 && report.entries == 601)
        log.close()
        #expect(try folder.verify().checkpoints >= 2)
    }
}
