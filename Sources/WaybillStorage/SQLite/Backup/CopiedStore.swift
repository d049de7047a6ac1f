import Foundation
import GRDBSQLite
package import WaybillCore

/// What a copy of a database says about itself, read without changing it.
package struct CopiedStore: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    /// Of the last change to consents and facts. Throws if the copy is no consent store, or was made with another master key.
    package func consentSequence(keyring: Keyring) throws(BackupStoreError) -> Int64 {
        let expected = Fingerprinter(key: keyring.fingerprints).fingerprint(of: Array("key check\0".utf8)).bytes
        var found: (sequence: Int64, key: [UInt8]?)?
        try query("SELECT sequence, key_check FROM store_state") { found = ($0.int(0), $0.isNull(1) ? nil : $0.blob(1)) }
        guard let found else { throw BackupStoreError("\(path) is no consent store; take another backup") }
        guard found.key == nil || found.key == expected else {
            throw BackupStoreError("\(path) was made with another master key; put that key back first")
        }
        return found.sequence
    }

    /// Throws if a page or an index of the copy is not what it must be.
    package func checkPages() throws(BackupStoreError) {
        var answers: [String] = []
        try query("PRAGMA quick_check(1)") { answers.append($0.text(0)) }
        guard answers == ["ok"] else { throw BackupStoreError("\(path) is damaged; take another backup") }
    }

    private func query(_ sql: String, _ row: (SQLiteRow) -> Void) throws(BackupStoreError) {
        do throws(SQLiteFailure) {
            var connection = try LogConnection(path: path, flags: SQLITE_OPEN_READONLY)
            connection.setBusyTimeout(milliseconds: 5_000)
            try connection.run(sql) { next throws(SQLiteFailure) in row(next) }
        } catch {
            throw BackupStoreError("\(path) cannot be read (\(error.message)); take another backup")
        }
    }
}
