import Foundation
import WaybillCore
import WaybillLedger
import WaybillTesting

@testable import WaybillStorage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Same numbers on every run.
struct Chance: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// A log's file with all there can be in it: three months, four epochs (one ended by a crash), two origins, a full tile, first-seen and
/// imported subjects, denials, open intents closed by a restart.
struct MutationOriginal: Sendable {
    var file: [UInt8]
    /// As it was after each epoch.
    var earlier: [[UInt8]] = []
    var outside: [UInt8]
    var dump: [String] = []

    static let shared: Result<MutationOriginal, any Error> = Result { try MutationOriginal() }

    private init() throws {
        let folder = try LogFolder()
        let clock = ManualClock()
        file = []
        outside = []
        for epoch in 0..<4 {
            var configuration = LogConfiguration(origin: epoch < 3 ? "acme.example/waybill" : "acme.example/log", node: "n1")
            configuration.rideMillisecondsMax = 1
            configuration.checkpointEveryMilliseconds = 1
            var log: TransferLog? = try TransferLog.open(
                store: SQLiteLogStore(path: folder.log), keys: .testing(), configuration: configuration, clock: clock, copy: folder.copy)
            try Self.fill(log, epoch, clock)
            if epoch != 1 { log?.close() }
            log = nil
            try Self.awaitRelease(folder.log)
            // Into one file, without a `-wal`.
            var connection = try LogConnection(path: folder.log, flags: Int32(0x2))
            try connection.execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE")
            file = Array(try Data(contentsOf: URL(fileURLWithPath: folder.log)))
            if epoch < 3 { earlier.append(file) }
            if epoch == 3 { dump = try MutatedStore.dump(&connection) }
            clock.advance(milliseconds: 21 * 86_400_000)
        }
        outside = try folder.copy.read() ?? []
    }

    private static func fill(_ log: TransferLog?, _ epoch: Int, _ clock: ManualClock) throws {
        let listener = CollectingListener()
        for i in 0..<48 {
            let number = UInt64(epoch * 100 + i)
            clock.advance(milliseconds: 7)
            log?.record(
                .testing(
                    number, vendor: ["hubspot", "mailchimp", "segment"][i % 3], email: "p\(epoch)-\(i % 20)@example.com",
                    subjectNumber: i % 4 == 0 ? UInt32(i + 1) : nil, records: 1), ticket: number, for: listener)
            if i % 5 == 0 { log?.recordDenial(.testing(number + 1_000)) }
            guard i % 4 == 3 else { continue }
            guard listener.wait(for: 4) else { throw CancellationError() }
            for k in 0..<3 {
                log?.record(TransferOutcome(xid: .testing(number - UInt64(k)), result: .ok, status: 200, sentBytes: 28, milliseconds: 5))
            }
        }
    }

    private static func awaitRelease(_ path: String) throws {
        for _ in 0..<2_000 {
            do {
                return try SQLiteLogStore(path: path).close()
            } catch { usleep(2_000) }
        }
        throw CancellationError()
    }
}

/// A copy of a log's file that something is done to.
struct MutatedStore: ~Copyable {
    let path: String
    var outside: [UInt8]

    init(_ original: MutationOriginal) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "waybill-mutated-\(UUID().uuidString).db").path
        outside = original.outside
        try write(original.file)
    }

    deinit { unlink(path) }

    func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

    /// SQL on the file; false if SQLite does not take it (a number that is there already).
    func change(_ body: (inout LogConnection) throws(SQLiteFailure) -> Void) -> Bool {
        do throws(SQLiteFailure) {
            var connection = try LogConnection(path: path, flags: Int32(0x2))
            try connection.execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; BEGIN")
            try body(&connection)
            try connection.execute("COMMIT")
            return true
        } catch {
            return false
        }
    }

    /// What `waybill log verify` finds.
    func faults() throws -> [VerificationReport.Fault] {
        let reader: SQLiteLogReader
        do { reader = try SQLiteLogReader(copy: path) } catch { return [.init(index: nil, kind: .unreadable, what: error.message)] }
        let keys = try LogKeys.testing()
        return LogVerifier(reader: reader, publicKeys: try keys.publicKeys(), outside: outside, keys: keys).verify().faults
    }

    /// Everything in the file that can be read and means something. Not: in which order first-seen subjects stand, and whether the newest
    /// checkpoint will be kept.
    static func dump(_ connection: inout LogConnection) throws(SQLiteFailure) -> [String] {
        var lines = [String]()
        let tables = [
            ("commits", "first, n, ep, node, t, root, oldest_open, sealed_to, body", "first"), ("tiles", "id, body", "id"),
            ("checkpoints", "id, origin, size, note, keep OR id = (SELECT max(id) FROM checkpoints)", "id"),
            ("side", "first, month, body", "first"), ("sightings", "number, salt, fingerprints, sealed", "number"),
            ("identity", "origin, configured, generation, previous", "id"),
        ]
        for (table, columns, order) in tables {
            let list =
                columns.contains("keep OR")
                ? ["id", "origin", "size", "note", "keep OR id = (SELECT max(id) FROM checkpoints)"]
                : columns.split(separator: ", ").map(String.init)
            let sql =
                "SELECT " + list.map { "typeof(\($0)) || quote(\($0))" }.joined(separator: " || ' ' || ")
                + " FROM \(table) ORDER BY \(order)"
            try connection.run(sql) { lines.append(table + " " + $0.text(0)) }
        }
        try connection.run(SQLiteLogReader.layoutSQL) { lines.append($0.text(0)) }
        for pragma in ["user_version", "application_id"] {
            try connection.run("PRAGMA \(pragma)") { lines.append("\(pragma) \($0.int(0))") }
        }
        // Look-ups by an index must find what is there.
        try connection.run("SELECT number FROM sightings INDEXED BY sightings_number ORDER BY number") {
            lines.append("index \($0.int(0))")
        }
        return lines
    }

    func dump() -> [String]? {
        do throws(SQLiteFailure) {
            var connection = try LogConnection(path: path, flags: Int32(0x1))
            return try Self.dump(&connection)
        } catch {
            return nil
        }
    }
}
