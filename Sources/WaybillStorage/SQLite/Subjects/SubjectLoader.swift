import Foundation
import GRDB
import WaybillCore

/// Fills an empty index from the tables, by walking subjects and identifiers side by side.
struct SubjectLoader {
    let db: Database
    let index: SubjectIndex
    let sealer: Sealer

    func load(notices: [String: Notice], now: Timestamp) throws {
        index.reserve(identifiers: try Int.fetchOne(db, sql: "SELECT count(*) FROM identifier") ?? 0)
        try SubjectRows(db: db, sealer: sealer).forEach(in: 1...UInt32.max) { history in
            index.upsert(history.indexed(notices: notices, now: now), fingerprints: [])
        }
        let identifiers = try Row.fetchCursor(db, sql: "SELECT fingerprint, subject FROM identifier ORDER BY subject")
        while let row = try identifiers.next() {
            guard let fingerprint = Fingerprint(bytes: row[0] as Data), let number = UInt32(exactly: row[1] as Int64) else {
                throw SubjectRows.damaged
            }
            index.link(fingerprint, to: number)
        }
        let aliases = try Row.fetchCursor(db, sql: "SELECT number, subject FROM alias")
        while let row = try aliases.next() {
            guard let loser = UInt32(exactly: row[0] as Int64), let keeper = UInt32(exactly: row[1] as Int64) else {
                throw SubjectRows.damaged
            }
            index.merge(loser, into: keeper)
        }
        index.advance(to: try Int64.fetchOne(db, sql: "SELECT sequence FROM store_state") ?? 0)
    }
}
