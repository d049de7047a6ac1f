import Foundation
import GRDB
package import WaybillCore

extension SQLiteConsentStore: SubjectRecords {
    package func record(of identifier: Identifier) async throws(ConsentStoreError) -> KnownSubject? {
        try await perform { store, db in
            let fingerprint = Data(store.index.fingerprint(identifier).bytes)
            let number = try Int64.fetchOne(db, sql: "SELECT subject FROM identifier WHERE fingerprint = ?", arguments: [fingerprint])
            return try number.flatMap { try store.record($0, db) }
        }
    }

    package func record(number: UInt32) async throws(ConsentStoreError) -> KnownSubject? {
        try await perform { store, db in
            let keeper = try Int64.fetchOne(db, sql: "SELECT subject FROM alias WHERE number = ?", arguments: [Int64(number)])
            return try store.record(keeper ?? Int64(number), db)
        }
    }

    package func changes(before sequence: Int64?, limit: Int) async throws(ConsentStoreError) -> [ConsentChange] {
        try await perform { store, db in
            let last = try Int64.fetchOne(db, sql: "SELECT sequence FROM store_state") ?? 0
            var found: [ConsentChange] = []
            let rows = SubjectRows(db: db, sealer: store.sealer)
            let sql = "SELECT subject FROM consent_event INDEXED BY consent_event_by_sequence WHERE sequence < ? ORDER BY sequence DESC LIMIT ?"
            let below = min(sequence ?? .max, last + 1)
            var histories: [UInt32: SubjectHistory] = [:]
            let pairs = try Row.fetchAll(
                db, sql: sql.replacing("SELECT subject", with: "SELECT subject, sequence"), arguments: [below, limit])
            for pair in pairs {
                guard let number = UInt32(exactly: pair[0] as Int64) else { throw SubjectRows.damaged }
                if histories[number] == nil { histories[number] = try rows.history(of: number) }
                let sequence: Int64 = pair[1]
                guard var event = histories[number]?.events.first(where: { $0.sequence == sequence }) else { continue }
                event.proof = event.proof.map { _ in SubjectRows.notedProof }
                found.append(ConsentChange(number: number, event: event))
            }
            return found
        }
    }

    package func counts() async throws(ConsentStoreError) -> [ConsentCount] {
        try await perform { _, db in
            try Row.fetchAll(db, sql: "SELECT purpose, state, events FROM consent_count ORDER BY purpose, state").map { row in
                guard let state = ConsentEvent.State(rawValue: row[1]) else { throw SubjectRows.damaged }
                let purpose: String = row[0]
                return ConsentCount(purpose: purpose.isEmpty ? nil : purpose, state: state, events: row[2])
            }
        }
    }

    private func record(_ number: Int64, _ db: Database) throws -> KnownSubject? {
        let erasure = try ErasureRows(db: db, sealer: erasureSealer).erasure(of: number)
        guard let short = UInt32(exactly: number), !(erasure?.step.isFinal ?? false),
            let history = try SubjectRows(db: db, sealer: sealer).history(of: short, proofs: .opened)
        else { return nil }
        let rows = try Row.fetchAll(
            db, sql: "SELECT fingerprint, sealed FROM identifier WHERE subject = ? ORDER BY scheme, fingerprint", arguments: [number])
        let identifiers = try rows.map { row in
            guard let fingerprint = Fingerprint(bytes: row[0] as Data) else { throw SubjectRows.damaged }
            return Identifier(bytes: try sealer.open(Array(row[1] as Data), context: SealContext.identifier(fingerprint)))
        }
        return KnownSubject(identifiers: identifiers, history: history, isErasing: erasure != nil)
    }
}
