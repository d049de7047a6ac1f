import WaybillCore

extension LogReader {
    /// The highest consent sequence that transfers of one run refer to, searched backwards; nil: none refers to any.
    package func consentReferred(epoch: Int, before end: UInt64, commitsMax: Int) throws -> Int64? {
        var highest: Int64?
        var scratch = [CanonicalScanner.Member]()
        var (at, left) = (end, commitsMax)
        while at > 0, left > 0 {
            let commits = try commits(before: at, limit: min(left, 64))
            guard let last = commits.last else { break }
            for commit in commits where commit.epoch == epoch {
                commit.body.withUnsafeBytes { bytes in
                    _ = EntryBundle.forEach(bytes) { _, range in
                        guard let entry = EntryReading(UnsafeRawBufferPointer(rebasing: bytes[range]), &scratch), entry.kindFast == .intent,
                            let sequence = entry.int("cseq")
                        else { return }
                        highest = max(highest ?? 0, Int64(sequence))
                    }
                }
            }
            guard last.epoch == epoch else { break }
            at = last.first
            left -= commits.count
        }
        return highest
    }
}
