import WaybillCore

/// Who tried in vain too often waits, twice as long each time, and never for good: nobody can shut a named person out.
struct AttemptLimits: Sendable {
    /// Attempts in vain that cost nothing.
    var free: Int
    var firstSeconds: Int64
    var secondsMax: Int64 = 15 * 60
    /// Without an attempt in vain: forgotten.
    var forgetSeconds: Int64 = 60 * 60
    /// Who is counted at once; beyond it who tried longest ago is forgotten.
    var rowsMax = 10_000

    private struct Row { var failures: Int, last: Timestamp, until: Timestamp }
    private var rows: [String: Row] = [:]

    init(free: Int, firstSeconds: Int64) {
        self.free = free
        self.firstSeconds = firstSeconds
    }

    /// Seconds to wait; nil: none.
    func wait(_ key: String, now: Timestamp) -> Int64? {
        guard let row = rows[key], row.until > now else { return nil }
        return max(1, row.until.seconds - now.seconds)
    }

    mutating func failed(_ key: String, now: Timestamp) {
        var row = rows[key] ?? Row(failures: 0, last: now, until: now)
        if row.last.adding(seconds: forgetSeconds) < now { row.failures = 0 }
        row.failures += 1
        row.last = now
        if row.failures >= free {
            row.until = now.adding(seconds: min(firstSeconds << Int64(min(row.failures - free, 20)), secondsMax))
        }
        if rows[key] == nil, rows.count >= rowsMax, let oldest = rows.min(by: { $0.value.last < $1.value.last }) { rows[oldest.key] = nil }
        rows[key] = row
    }

    /// The attempt that was counted last was not in vain; those before it stay.
    mutating func forgive(_ key: String, now: Timestamp) {
        rows[key]?.failures -= 1
        rows[key]?.until = now
    }

    mutating func succeeded(_ key: String) { rows[key] = nil }
}
