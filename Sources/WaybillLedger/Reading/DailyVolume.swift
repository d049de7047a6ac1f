package import WaybillCore

/// What one agreement permitted since midnight UTC, for volume budgets that survive a restart.
package struct DailyVolume: Sendable, Equatable {
    package var records = 0
    /// Numbers of the subjects, each once.
    package var subjects: Set<UInt32> = []
    package init(records: Int = 0, subjects: Set<UInt32> = []) {
        self.records = records
        self.subjects = subjects
    }
}

extension TransferReader {
    /// By agreement id. A transfer under several agreements counts for each. Reads the day's entries once; call it at start.
    package func recordsToday(now: Timestamp) throws -> [String: DailyVolume] {
        let from = try reader.firstEntry(notBefore: now.day.start)
        var volumes = [String: DailyVolume]()
        var agreements = [UInt64: [String]]()
        var scratch = [CanonicalScanner.Member]()
        try reader.forEachEntry(from: from) { index, bytes in
            guard let entry = EntryReading(bytes, &scratch), entry.kindFast == .intent, case .array(let policies) = entry.parsed("pol")
            else { return }
            let ids = policies.compactMap { policy -> String? in
                guard case .object(let members) = policy, case .string(let id) = members["id"] else { return nil }
                return id
            }
            for id in Set(ids) { volumes[id, default: DailyVolume()].records += entry.int("n") ?? 0 }
            agreements[index] = ids
        }
        try addSubjects(from: from, agreements, to: &volumes)
        return volumes
    }

    private func addSubjects(from: UInt64, _ agreements: [UInt64: [String]], to volumes: inout [String: DailyVolume]) throws {
        var at = try reader.commits(from: from, limit: 1).first?.first ?? from
        while true {
            let rows = try reader.sideRows(from: at, limit: 64)
            guard let last = rows.last else { return }
            at = last.first + 1
            for row in rows {
                for record in SideRecord.records(inRow: row.body, first: row.first) ?? [] {
                    for id in agreements[record.index] ?? [] { volumes[id]?.subjects.formUnion(record.commitments.lazy.map(\.number)) }
                }
            }
        }
    }
}
