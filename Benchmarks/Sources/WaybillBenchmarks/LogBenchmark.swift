import Crypto
import Dispatch
import Foundation
import GRDBSQLite
import Synchronization
import WaybillCore
import WaybillLedger
import WaybillStorage

/// The log's writer beside the bare SQLite C API that inserts the same rows, a row an entry; both durable, in turns, on the same disk.
///
/// A transfer is an intent and an outcome: two entries. Tree, tiles, checkpoints and side records are in the writer's figure only.
enum LogBenchmark {
    static let pool = 16_384

    static func groups() throws -> [BenchmarkGroup] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "waybill-log-benchmark")
        if FileManager.default.fileExists(atPath: folder.path) { try FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let writer = try WriterUnderTest(folder: folder)
        let rows = try writer.sampleRows()
        let bytes = rows.reduce(0) { $0 + $1.count } / rows.count
        var groups = [BenchmarkGroup]()
        for transfers in [1, 32, 128, 512] {
            let bare = try BareSQLite(path: folder.appending(path: "bare-\(transfers).db").path)
            groups.append(
                BenchmarkGroup(
                    title: "Log: \(transfers * 2) entries a commit, \(bytes) bytes each on average",
                    benchmarks: [
                        Benchmark(name: "bare SQLite, a row an entry", work: .operations(transfers * 2), isBaseline: true) {
                            bare.insert(transfers * 2, from: rows)
                        },
                        Benchmark(name: "Waybill's writer, durable, tree, checkpoints", work: .operations(transfers * 2)) {
                            try writer.commit(transfers)
                        },
                    ]))
        }
        groups.append(
            BenchmarkGroup(
                title: "Log: the caller's part",
                benchmarks: [
                    Benchmark(name: "prepare an intent of one record (encode, commit)", work: .operations(1)) { try writer.prepareOne() }
                ]))
        groups.append(
            BenchmarkGroup(
                title: "Log: verification of everything written above",
                benchmarks: [try VerifierUnderTest(folder: folder, writer: writer).benchmark]))
        return groups
    }
}

/// Waits for a batch.
final class Waiter: CommitListener {
    private let remaining = Mutex(0)
    private let done = DispatchSemaphore(value: 0)
    func expect(_ count: Int) { remaining.withLock { $0 += count } }
    func committed(_ results: [CommitResult]) {
        for result in results { if case .failure(let error) = result.result { print("  not recorded: \(error.message)") } }
        let isDone = remaining.withLock { count in
            count -= results.count
            return count == 0
        }
        if isDone { done.signal() }
    }
    func wait() { done.wait() }
}

final class WriterUnderTest {
    let log: TransferLog
    let path: String
    let copy: FileCheckpointCopy
    let keys: LogKeys
    private let waiter = Waiter()
    private var prepared: [PreparedTransfer] = []
    private var ids: [TransferID] = []
    private var next = 0

    init(folder: URL) throws {
        path = folder.appending(path: "log.db").path
        copy = FileCheckpointCopy(path: folder.appending(path: "checkpoint").path)
        keys = try LogKeys(keyring: Keyring(master: SymmetricKey(size: .bits256)), signingSeed: SymmetricKey(size: .bits256))
        let configuration = LogConfiguration(origin: "bench.example/log", node: "n1")
        log = try TransferLog.open(store: SQLiteLogStore(path: path), keys: keys, configuration: configuration, copy: copy)
        for i in 0..<LogBenchmark.pool {
            let draft = Self.draft(UInt64(i))
            ids.append(draft.xid)
            if let transfer = try log.prepare(draft) { prepared.append(transfer) }
        }
    }

    /// `count` intents, with the outcomes of the `count` before them.
    func commit(_ count: Int) throws -> Int {
        waiter.expect(count)
        for _ in 0..<count {
            log.record(prepared[next], ticket: UInt64(next), for: waiter)
            next = (next + 1) % prepared.count
        }
        waiter.wait()
        for i in 0..<count {
            let id = ids[(next - count + i + ids.count) % ids.count]
            log.record(TransferOutcome(xid: id, result: .ok, status: 200, sentBytes: 310, milliseconds: 42))
        }
        return Int(log.size)
    }

    func prepareOne() throws -> Int {
        next = (next + 1) % prepared.count
        return try log.prepare(Self.draft(UInt64(next))) == nil ? 0 : 1
    }

    /// An intent and an outcome as they stand in the log, in turns.
    func sampleRows() throws -> [[UInt8]] {
        _ = try commit(32)
        _ = try commit(32)
        var intents = [[UInt8]]()
        var outcomes = [[UInt8]]()
        try SQLiteLogReader(path: path).forEachEntry(from: 0) {
            let text = String(decoding: $1, as: UTF8.self)
            if text.contains("\"kind\":\"intent\"") { intents.append(Array($1)) }
            if text.contains("\"kind\":\"outcome\"") { outcomes.append(Array($1)) }
        }
        return zip(intents, outcomes).flatMap { [$0, $1] }
    }

    /// As the gate makes them: records that are alike share their terms.
    static func draft(_ i: UInt64) -> TransferDraft {
        TransferDraft(
            xid: TransferID(now: Timestamp(seconds: 1_780_000_000), random: (i, i << 8)), terms: terms, consentSequence: 4_711,
            droppedMembers: 2, body: body,
            subjects: [.init(number: UInt32(i), salt: InlineArray(repeating: 5), identifiers: [anna])])
    }

    private static let body = [UInt8](repeating: 0x61, count: 310)
    private static let anna = Identifier(bytes: Array("email:anna@example.com".utf8))
    private static let terms = TransferDraft.SharedTerms(
        DraftTerms(
            caller: "crm-sync", vendor: "hubspot", destination: "api.hubapi.com", region: "US", method: "POST", endpoint: "contacts_create",
            route: "/crm/v3/objects/contacts",
            purposes: ["newsletter"], regimes: ["gdpr"], bases: ["consent"], mechanisms: ["adequacy:EU-US-DPF"],
            agreements: [("hubspot-newsletter", 3, "5f70bf18a086007016e948b04aed3b82")], policyDigest: "9c56cc51b374c3ba189210d5b6d4bf57",
            fields: ["email", "first_name", "last_name"], droppedFields: ["birth_date"], codes: [.fieldNotAgreed: 1], recordCount: 1,
            deniedCount: 0,
            lines: [
                .init(
                    index: 0, decision: .allowRedacted, codes: [.fieldNotAgreed], basis: "consent",
                    fields: ["email", "first_name", "last_name"], subjects: [0])
            ]))
}

/// What anybody would write by hand: one prepared statement, one row an entry.
private final class BareSQLite {
    private var handle: OpaquePointer?
    private var statement: OpaquePointer?

    init(path: String) throws {
        sqlite3_open(path, &handle)
        sqlite3_exec(
            handle,
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE entries(id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
            nil, nil, nil)
        sqlite3_prepare_v2(handle, "INSERT INTO entries(body) VALUES (?1)", -1, &statement, nil)
    }

    func insert(_ count: Int, from rows: [[UInt8]]) -> Int {
        sqlite3_exec(handle, "BEGIN IMMEDIATE", nil, nil, nil)
        for i in 0..<count {
            rows[i % rows.count].withUnsafeBytes { _ = sqlite3_bind_blob(statement, 1, $0.baseAddress, Int32($0.count), nil) }
            sqlite3_step(statement)
            sqlite3_reset(statement)
        }
        sqlite3_exec(handle, "COMMIT", nil, nil, nil)
        return Int(sqlite3_last_insert_rowid(handle))
    }
}

private struct VerifierUnderTest {
    let benchmark: Benchmark

    /// One call verifies about a hundred thousand entries.
    init(folder: URL, writer: WriterUnderTest) throws {
        for _ in 0..<100 { _ = try writer.commit(512) }
        let (path, keys) = (writer.path, writer.keys)
        let snapshot = folder.appending(path: "snapshot.db").path
        var handle: OpaquePointer?
        sqlite3_open(path, &handle)
        sqlite3_exec(handle, "VACUUM INTO '\(snapshot)'", nil, nil, nil)
        sqlite3_close(handle)
        let reader = try SQLiteLogReader(path: snapshot)
        let verifier = LogVerifier(reader: reader, publicKeys: try keys.publicKeys(), keys: keys)
        let size = try reader.head()?.size ?? 0
        benchmark = Benchmark(name: "verify \(size) entries", work: .operations(Int(size))) {
            let report = verifier.verify()
            if let fault = report.faults.first { print("  not sound: \(fault)") }
            return Int(report.entries)
        }
    }
}
