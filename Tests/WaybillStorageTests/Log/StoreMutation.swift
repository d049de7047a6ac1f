import WaybillCore
import WaybillLedger

@testable import WaybillStorage

/// Everything that is done to a store to see whether it is noticed.
enum StoreMutation: Sendable, CaseIterable {
    case flipColumn, deleteRow, repeatRow, swapRows, moveRow
    case swapEntries, removeEntry, addEntry, changeEntry
    case forgeRemoval, forgeAddition, forgeChange, forgeTail
    case cutTail, rollBack, cutFile
    case flipFile, scribbleFile, zeroPage, swapPages
    case changeLayout, flipOutside

    static let columns: [(table: String, columns: [String])] = [
        ("commits", ["first", "n", "ep", "node", "t", "root", "oldest_open", "sealed_to", "body", "body", "body"]),
        ("tiles", ["id", "body"]),
        ("checkpoints", ["id", "origin", "size", "keep", "note"]), ("side", ["first", "month", "body", "body"]),
        ("sightings", ["id", "number", "salt", "fingerprints", "sealed"]),
        ("identity", ["origin", "configured", "generation", "previous"]),
    ]

    /// What was done; nil if this one came to nothing and another must be drawn.
    func apply(to store: inout MutatedStore, of original: MutationOriginal, _ chance: inout Chance) throws -> String? {
        switch self {
        case .flipColumn: return flipColumn(store, &chance)
        case .deleteRow, .repeatRow, .swapRows, .moveRow: return changeRow(store, &chance)
        case .swapEntries, .removeEntry, .addEntry, .changeEntry, .forgeRemoval, .forgeAddition, .forgeChange, .forgeTail:
            return changeEntries(store, &chance)
        case .cutTail: return cutTail(store, &chance)
        case .rollBack:
            let at = Int.random(in: 0..<original.earlier.count, using: &chance)
            try store.write(original.earlier[at])
            return "as after epoch \(at + 1)"
        case .flipOutside:
            let bit = Int.random(in: 0..<store.outside.count * 8, using: &chance)
            store.outside[bit / 8] ^= 1 << UInt8(bit % 8)
            return "bit \(bit) of the checkpoint outside"
        case .changeLayout: return changeLayout(store, &chance)
        case .cutFile, .flipFile, .scribbleFile, .zeroPage, .swapPages:
            var bytes = original.file
            let what = changeFile(&bytes, &chance)
            if what != nil { try store.write(bytes) }
            return what
        }
    }

    private func changeFile(_ bytes: inout [UInt8], _ chance: inout Chance) -> String? {
        let page = 4_096
        let at = Int.random(in: 0..<bytes.count / page, using: &chance) * page
        switch self {
        case .cutFile:
            let size = Int.random(in: 0..<bytes.count, using: &chance)
            bytes.removeLast(bytes.count - size)
            return "cut to \(size) bytes"
        case .flipFile:
            let bit = Int.random(in: 0..<bytes.count * 8, using: &chance)
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            return "bit \(bit % 8) of byte \(bit / 8)"
        case .scribbleFile:
            // Often where SQLite keeps its own numbers: the start of a page.
            let length = Int.random(in: 1...64, using: &chance)
            let start = Bool.random(using: &chance) ? at : Int.random(in: 0..<bytes.count - length, using: &chance)
            for i in start..<start + length { bytes[i] = UInt8.random(in: 0...255, using: &chance) }
            return "\(length) random bytes at \(start)"
        case .zeroPage:
            for i in at..<at + page { bytes[i] = 0 }
            return "page \(at / page + 1) zeroed"
        default:
            let other = Int.random(in: 0..<bytes.count / page, using: &chance) * page
            guard other != at else { return nil }
            for i in 0..<page { bytes.swapAt(at + i, other + i) }
            return "pages \(at / page + 1) and \(other / page + 1) swapped"
        }
    }

    private func flipColumn(_ store: borrowing MutatedStore, _ chance: inout Chance) -> String? {
        guard let (table, columns) = Self.columns.randomElement(using: &chance), let column = columns.randomElement(using: &chance) else {
            return nil
        }
        var c = chance
        var what: String?
        let isDone = store.change { db throws(SQLiteFailure) in
            guard let row = try rows(&db, table).randomElement(using: &c) else { return }
            var kind = ""
            var value = [UInt8]()
            var number: Int64 = 0
            try db.run("SELECT typeof(\(column)), CAST(\(column) AS BLOB), \(column) FROM \(table) WHERE rowid = ?1", [.int(row)]) {
                kind = $0.text(0)
                value = $0.blob(1)
                if kind == "integer" { number = $0.int(2) }
            }
            if kind == "integer" {
                let bit = Int.random(in: 0..<64, using: &c)
                try db.run("UPDATE \(table) SET \(column) = ?1 WHERE rowid = ?2", [.int(number ^ (1 << Int64(bit))), .int(row)])
                what = "bit \(bit) of \(table).\(column), row \(row)"
            } else {
                // A text that is empty can only grow.
                if value.isEmpty { value = [UInt8(ascii: "x")] }
                let bit = Int.random(in: 0..<value.count * 8, using: &c)
                value[bit / 8] ^= 1 << UInt8(bit % 8)
                let new = kind == "text" ? "CAST(?1 AS TEXT)" : "?1"
                try db.run("UPDATE \(table) SET \(column) = \(new) WHERE rowid = ?2", [.blob(value), .int(row)])
                what = "bit \(bit) of \(table).\(column), row \(row)"
            }
        }
        chance = c
        return isDone ? what : nil
    }

    private func rows(_ db: inout LogConnection, _ table: String) throws(SQLiteFailure) -> [Int64] {
        var rows = [Int64]()
        try db.run("SELECT rowid FROM \(table)") { rows.append($0.int(0)) }
        return rows
    }

    private func changeRow(_ store: borrowing MutatedStore, _ chance: inout Chance) -> String? {
        guard let (table, columns) = Self.columns.randomElement(using: &chance) else { return nil }
        var c = chance
        var what: String?
        let isDone = store.change { db throws(SQLiteFailure) in
            let all = try rows(&db, table)
            guard let row = all.randomElement(using: &c), let other = all.randomElement(using: &c) else { return }
            let key = columns[0] == "origin" ? "id" : columns[0]
            let rest = Set(columns.filter { $0 != key }).sorted().joined(separator: ", ")
            switch self {
            case .deleteRow:
                try db.run("DELETE FROM \(table) WHERE rowid = ?1", [.int(row)])
                what = "row \(row) of \(table) deleted"
            case .repeatRow, .moveRow:
                let free = (all.max() ?? 0) + Int64.random(in: 1...3, using: &c)
                let place = Bool.random(using: &c) ? free : row &+ Int64.random(in: -3...3, using: &c)
                if self == .moveRow {
                    // The order of first-seen subjects means nothing.
                    guard table != "sightings", place != row else { return }
                    try db.run("UPDATE \(table) SET \(key) = ?1 WHERE rowid = ?2", [.int(place), .int(row)])
                } else {
                    try db.run(
                        "INSERT INTO \(table)(\(key), \(rest)) SELECT ?1, \(rest) FROM \(table) WHERE rowid = ?2", [.int(place), .int(row)])
                }
                what = "row \(row) of \(table) \(self == .moveRow ? "moved" : "repeated") at \(place)"
            default:
                guard row != other, table != "sightings", table != "identity" else { return }
                try db.execute("CREATE TEMP TABLE held AS SELECT * FROM \(table) WHERE rowid IN (\(row), \(other))")
                try db.execute("DELETE FROM \(table) WHERE rowid IN (\(row), \(other))")
                try db.execute(
                    "INSERT INTO \(table)(\(key), \(rest)) SELECT CASE \(key) WHEN \(row) THEN \(other) ELSE \(row) END, \(rest) FROM held")
                what = "rows \(row) and \(other) of \(table) swapped"
            }
        }
        chance = c
        return isDone ? what : nil
    }

    private func cutTail(_ store: borrowing MutatedStore, _ chance: inout Chance) -> String? {
        var c = chance
        var what: String?
        let isDone = store.change { db throws(SQLiteFailure) in
            let all = try rows(&db, "commits").sorted()
            let first = all[Int.random(in: 1..<all.count, using: &c)]
            try db.execute("DELETE FROM commits WHERE first >= \(first); DELETE FROM side WHERE first >= \(first)")
            let isThorough = Bool.random(using: &c)
            if isThorough {
                try db.execute("DELETE FROM checkpoints WHERE size > \(first)")
                try db.execute("DELETE FROM tiles WHERE ((id & 0xffffffffffffff) + 1) * 256 > \(first)")
            }
            what = "cut at entry \(first)\(isThorough ? " with everything behind it" : "")"
        }
        chance = c
        return isDone ? what : nil
    }

    private func changeLayout(_ store: borrowing MutatedStore, _ chance: inout Chance) -> String? {
        let changes = [
            "DROP TABLE commits", "DROP TABLE tiles", "DROP TABLE side", "DROP TABLE sightings", "DROP TABLE identity",
            "DROP TABLE checkpoints",
            "DROP INDEX sightings_number", "CREATE TABLE notes(text TEXT)", "CREATE VIEW v AS SELECT * FROM commits",
            "CREATE TRIGGER t AFTER INSERT ON commits BEGIN DELETE FROM side; END", "CREATE INDEX more ON commits(t)",
            "ALTER TABLE side ADD COLUMN more TEXT", "ALTER TABLE tiles RENAME COLUMN body TO content", "PRAGMA user_version = 0",
            "PRAGMA user_version = 77", "PRAGMA application_id = 1", "DELETE FROM commits", "DELETE FROM side", "DELETE FROM sightings",
            "DELETE FROM checkpoints", "DELETE FROM tiles", "DELETE FROM identity",
            "UPDATE commits SET body = zeroblob(20000000) WHERE first = 0",
            "UPDATE side SET body = zeroblob(20000000)", "UPDATE commits SET n = 9223372036854775807",
            "UPDATE commits SET first = -first - 1 WHERE first > 9", "UPDATE sightings SET number = 4294967295",
        ]
        let change = changes[Int.random(in: 0..<changes.count, using: &chance)]
        return store.change { db throws(SQLiteFailure) in try db.execute(change) } ? change : nil
    }
}

// Entries within their commits; the forged kinds also mend all that shows it and needs no key.
extension StoreMutation {
    private struct Row {
        var first: UInt64
        var entries: [[UInt8]]
    }

    private func changeEntries(_ store: borrowing MutatedStore, _ chance: inout Chance) -> String? {
        var c = chance
        var what: String?
        let isDone = store.change { db throws(SQLiteFailure) in
            var rows = [Row]()
            try db.run("SELECT first, body FROM commits ORDER BY first") {
                rows.append(Row(first: UInt64($0.int(0)), entries: Tile.entries(ofBundle: $0.blob(1)) ?? []))
            }
            let at = Int.random(in: 0..<rows.count, using: &c)
            let i = Int.random(in: 0..<rows[at].entries.count, using: &c)
            guard mutate(&rows, at, i, &c) else { return }
            what = "entry \(i) of the commit at \(rows[at].first)"
            if isForged { return try forge(rows, &db) }
            let counts = Bool.random(using: &c)
            try db.run(
                counts
                    ? "UPDATE commits SET body = ?1, n = ?2 WHERE first = ?3" : "UPDATE commits SET body = ?1 WHERE first = ?3 AND ?2 >= 0",
                [.blob(Tile.bundle(rows[at].entries) ?? []), .int(Int64(rows[at].entries.count)), .int(Int64(rows[at].first))])
        }
        chance = c
        return isDone ? what : nil
    }

    private var isForged: Bool { [.forgeRemoval, .forgeAddition, .forgeChange, .forgeTail].contains(self) }

    private func mutate(_ rows: inout [Row], _ at: Int, _ i: Int, _ c: inout Chance) -> Bool {
        switch self {
        case .swapEntries:
            guard rows[at].entries.count > 1 else { return false }
            rows[at].entries.swapAt(i, (i + 1) % rows[at].entries.count)
        case .removeEntry, .forgeRemoval: rows[at].entries.remove(at: i)
        case .addEntry, .forgeAddition:
            let other = rows.randomElement(using: &c)?.entries.randomElement(using: &c) ?? []
            rows[at].entries.insert(other, at: i)
        case .changeEntry:
            let bit = Int.random(in: 0..<rows[at].entries[i].count * 8, using: &c)
            rows[at].entries[i][bit / 8] ^= 1 << UInt8(bit % 8)
        case .forgeChange:
            // A digit for another: the entry stays canonical.
            let digits = rows[at].entries[i].indices.filter { (48...57).contains(rows[at].entries[i][$0]) }
            guard let digit = digits.randomElement(using: &c) else { return false }
            rows[at].entries[i][digit] = rows[at].entries[i][digit] == 57 ? 56 : rows[at].entries[i][digit] + 1
        default:
            let cut = Int.random(in: 1...4, using: &c)
            for _ in 0..<cut { if let last = rows.indices.last, !rows[last].entries.isEmpty { rows[last].entries.removeLast() } }
        }
        return true
    }

    private func forge(_ rows: [Row], _ db: inout LogConnection) throws(SQLiteFailure) {
        var tree = TreeBuilder()
        try db.execute("DELETE FROM tiles; UPDATE commits SET first = -first - 1; UPDATE side SET first = -first - 1")
        for row in rows {
            let old: [SQLiteValue] = [.int(-Int64(row.first) - 1)]
            guard !row.entries.isEmpty else {
                try db.run("DELETE FROM commits WHERE first = ?1", old)
                try db.run("DELETE FROM side WHERE first = ?1", old)
                continue
            }
            let first = Int64(tree.size)
            for entry in row.entries { tree.append(MerkleHashing.leaf(entry)) }
            for (name, body) in tree.takeFullTiles() {
                try db.run("INSERT INTO tiles(id, body) VALUES (?1, ?2)", [.int(LogSchema.id(name)), .blob(body)])
            }
            try db.run(
                "UPDATE commits SET first = ?2, n = ?3, root = ?4, body = ?5 WHERE first = ?1",
                old + [.int(first), .int(Int64(row.entries.count)), .blob(tree.root.bytes), .blob(Tile.bundle(row.entries) ?? [])])
            try db.run("UPDATE side SET first = ?2 WHERE first = ?1", old + [.int(first)])
        }
    }
}
