import GRDB
import WaybillCore
package import WaybillLedger

extension ControlDatabase.Part {
    static let witnesses = ControlDatabase.Part(
        name: "witnesses",
        migrations: [
            """
            CREATE TABLE witness(vkey TEXT PRIMARY KEY, origin TEXT NOT NULL, size INTEGER NOT NULL, t INTEGER NOT NULL) STRICT;
            CREATE TABLE cosigned(
                id INTEGER PRIMARY KEY CHECK (id = 1), origin TEXT NOT NULL, size INTEGER NOT NULL, note TEXT NOT NULL, t INTEGER NOT NULL
            ) STRICT;
            """
        ])
}

/// What witnesses cosigned, in the control database.
package struct WitnessTable: WitnessMemory {
    private let database: ControlDatabase

    package init(_ database: ControlDatabase) { self.database = database }

    package func read() throws -> WitnessBook {
        do {
            return try database.queue.read { database in
                var book = WitnessBook()
                book.records = try Row.fetchAll(database, sql: "SELECT vkey, origin, size, t FROM witness ORDER BY vkey").map { row in
                    WitnessRecord(vkey: row[0], origin: row[1], size: UInt64(bitPattern: row[2]), time: Timestamp(nanoseconds: row[3]))
                }
                book.cosigned = try Row.fetchOne(database, sql: "SELECT origin, size, note, t FROM cosigned").map { row in
                    CosignedCheckpoint(origin: row[0], size: UInt64(bitPattern: row[1]), note: row[2], time: Timestamp(nanoseconds: row[3]))
                }
                return book
            }
        } catch {
            throw ControlDatabaseError(error)
        }
    }

    package func write(_ book: WitnessBook) throws {
        do {
            try database.queue.write { database in
                try database.execute(sql: "DELETE FROM witness; DELETE FROM cosigned")
                for record in book.records {
                    try database.execute(
                        sql: "INSERT INTO witness(vkey, origin, size, t) VALUES (?, ?, ?, ?)",
                        arguments: [record.vkey, record.origin, Int64(bitPattern: record.size), record.time.nanoseconds])
                }
                if let cosigned = book.cosigned {
                    try database.execute(
                        sql: "INSERT INTO cosigned(id, origin, size, note, t) VALUES (1, ?, ?, ?, ?)",
                        arguments: [cosigned.origin, Int64(bitPattern: cosigned.size), cosigned.note, cosigned.time.nanoseconds])
                }
            }
        } catch {
            throw ControlDatabaseError(error)
        }
    }
}
