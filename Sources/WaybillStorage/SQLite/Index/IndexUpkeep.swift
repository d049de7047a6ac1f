import GRDBSQLite
import WaybillCore
import WaybillLedger

// Positions, and what is taken out again.
extension LogConnection {
    mutating func indexPosition(of first: TreeHash) throws(SQLiteFailure) -> IndexPosition? {
        var found: IndexPosition?
        let sql = "SELECT id, next, root, sighting, pruned, (SELECT forgotten FROM state) FROM log WHERE first = ?1"
        try run(sql, [.blob(first.bytes)]) { row throws(SQLiteFailure) in
            guard let root = TreeHash(row.blob(2)) else { throw SQLiteFailure(code: SQLITE_CORRUPT, message: "a root has a wrong length") }
            found = IndexPosition(
                log: row.int(0), next: UInt64(clamping: row.int(1)), root: root, sighting: row.int(3), pruned: UInt64(clamping: row.int(4)),
                forgotten: row.int(5))
        }
        return found
    }

    mutating func forgottenCount() throws(SQLiteFailure) -> Int64 { try LogSchema.integer(&self, "SELECT forgotten FROM state") }

    /// Whether nobody took in anything, or forgot anybody, since.
    mutating func stands(at position: IndexPosition) throws(SQLiteFailure) -> Bool {
        var isThere = false
        let sql = "SELECT next, root, sighting, (SELECT forgotten FROM state) FROM log WHERE id = ?1"
        try run(sql, [.int(position.log)]) { row in
            isThere =
                row.int(0) == Int64(clamping: position.next) && row.blob(1) == position.root.bytes && row.int(2) == position.sighting
                && row.int(3) == position.forgotten
        }
        return isThere
    }

    mutating func openTransfers(_ position: IndexPosition, from low: UInt64) throws(SQLiteFailure) -> [TransferID: UInt64] {
        var found: [TransferID: UInt64] = [:]
        let sql = "SELECT key, xid FROM transfer INDEXED BY transfer_open WHERE state = 0 AND key >= ?1 AND key < ?2"
        try run(sql, [.int(IndexSchema.key(position.log, low)), .int(IndexSchema.key(position.log, position.next))]) { row in
            if let xid = row.transferID(1) { found[xid] = IndexSchema.index(row.int(0)) }
        }
        return found
    }

    mutating func clear(_ position: IndexPosition) throws(SQLiteFailure) {
        let (low, high) = (IndexSchema.key(position.log, 0), IndexSchema.key(position.log + 1, 0))
        try run("DELETE FROM transfer WHERE key >= ?1 AND key < ?2", [.int(low), .int(high)])
        for table in ["mark", "sighting"] {
            try run(
                "DELETE FROM \(table) WHERE segment >= ?1 AND segment < ?2",
                [.int(IndexSchema.segment(low)), .int(IndexSchema.segment(high))])
        }
        for table in ["tally", "tally_code"] { try run("DELETE FROM \(table) WHERE log = ?1", [.int(position.log)]) }
        try run("DELETE FROM log WHERE id = ?1", [.int(position.log)])
    }

    mutating func prune(_ position: IndexPosition, below index: UInt64) throws(SQLiteFailure) {
        let (low, high) = (IndexSchema.key(position.log, 0), IndexSchema.key(position.log, index))
        let last = IndexSchema.segment(high)
        try run("DELETE FROM mark WHERE segment >= ?1 AND segment < ?2", [.int(IndexSchema.segment(low)), .int(last)])
        try run("DELETE FROM mark WHERE segment = ?1 AND at < ?2", [.int(last), .int(IndexSchema.offset(high))])
        try run("UPDATE log SET pruned = ?2 WHERE id = ?1", [.int(position.log), .int(Int64(clamping: index))])
    }

    mutating func forget(_ numbers: [UInt32], _ fingerprints: [WaybillLedger.Fingerprint]) throws(SQLiteFailure) {
        try run("UPDATE state SET forgotten = forgotten + 1")
        var logs: [(id: Int64, next: Int64, sighting: Int64)] = []
        try run("SELECT id, next, sighting FROM log") { logs.append(($0.int(0), $0.int(1), $0.int(2))) }
        for log in logs {
            let base = IndexSchema.segment(IndexSchema.key(log.id, 0))
            for segment in 0...IndexSchema.segment(log.next) {
                for number in numbers {
                    try run(
                        "DELETE FROM mark WHERE segment = ?1 AND subject = ?2", [.int(base + segment), .int(IndexSchema.subject(number))])
                }
            }
            for segment in 0...IndexSchema.segment(log.sighting) {
                for fingerprint in fingerprints {
                    try run(
                        "DELETE FROM sighting WHERE segment = ?1 AND print = ?2", [.int(base + segment), .int(fingerprint.prefix)])
                }
            }
        }
    }
}

extension WaybillLedger.Fingerprint {
    /// Its first 8 bytes, as the index finds it by.
    var prefix: Int64 { withUnsafeBytes(of: bytes) { Int64(bigEndian: $0.loadUnaligned(as: Int64.self)) } }
}

extension SQLiteRow {
    func transferID(_ column: Int32) -> TransferID? {
        let bytes = blob(column)
        return bytes.count == 16 ? TransferID(bytes: InlineArray { bytes[$0] }) : nil
    }
}
