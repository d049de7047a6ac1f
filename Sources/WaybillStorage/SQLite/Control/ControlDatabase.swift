import Foundation
import GRDB
import WaybillCore

/// The control tables in one SQLite file: what people decided, engagements, how far each sink is. Holds no personal data of customers.
///
/// Each part brings its tables; one process writes at a time (the gate, or a command that holds the store's lock).
package struct ControlDatabase: Sendable {
    /// A part's tables: migrations in the order of their making, each never changed once released.
    struct Part: Sendable {
        var name: String
        var migrations: [String]
    }
    /// Every part, one line each.
    static let parts: [Part] = [
        .access,
        .engagements,
        .suspensions,
        .witnesses,
        .sinkCursors,
        .subjectRegister,
        .idempotency,
        .agreements,
    ]

    let queue: DatabaseQueue

    /// Creates the file (0600) if it is missing and brings its tables up to date. Blocks. Throws one sentence with the remedy.
    package init(path: String) throws(ControlDatabaseError) {
        do {
            try PrivateFile.create(path)
            var configuration = Configuration()
            configuration.label = "waybill.control"
            configuration.busyMode = .timeout(5)
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL") }
            queue = try DatabaseQueue(path: path, configuration: configuration)
            guard try !queue.read(Self.migrator.hasBeenSuperseded) else {
                throw ControlDatabaseError(
                    "The control store was made by a newer Waybill; run that version, or restore a backup of this one's.")
            }
            try Self.migrator.migrate(queue)
        } catch {
            throw ControlDatabaseError(error)
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for part in parts {
            for (i, sql) in part.migrations.enumerated() {
                migrator.registerMigration("\(part.name)-\(i + 1)") { try $0.execute(sql: sql) }
            }
        }
        return migrator
    }
}

/// One sentence with the remedy.
package struct ControlDatabaseError: Error, Sendable, CustomStringConvertible {
    package var message: String
    package init(_ message: String) { self.message = message }
    package var description: String { message }

    /// Database errors can quote values in their text: only the code is kept.
    init(_ error: any Error) {
        switch error {
        case let error as ControlDatabaseError: self = error
        case let error as DatabaseError: self.init(ConsentStoreError(error).message.replacing("The store", with: "The control store"))
        default: self.init("The control store failed; check the disk, then start again.")
        }
    }
}
