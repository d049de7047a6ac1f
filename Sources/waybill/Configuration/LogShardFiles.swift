import WaybillCore
import WaybillLedger

/// One file of the transfer log.
struct LogShardFile: Sendable, Hashable {
    var path: String
    /// Nil: the first file, `waybill-log.db`, whose half-year stands in it.
    var half: HalfYear?
}

// The first shard is `waybill-log.db`, each later one has its half-year in its name, and the newest takes the entries. So no file that
// somebody may be reading ever changes its name.
extension Settings {
    /// Of the shards, the one that takes entries.
    var logStore: String {
        // What cannot be listed cannot be opened either; whoever opens it says why.
        do throws(SystemError) { return try logShards().last?.path ?? firstLogStore } catch { return firstLogStore }
    }

    /// Every shard that is there, oldest first.
    func logShards() throws(SystemError) -> [LogShardFile] {
        guard try Files.facts(stateDirectory) != nil else { return [] }
        let (prefix, suffix) = shardAffixes
        let dated = try Files.names(in: stateDirectory).compactMap { name -> LogShardFile? in
            guard name.hasPrefix(prefix), name.hasSuffix(suffix), name.utf8.count > prefix.utf8.count + suffix.utf8.count else {
                return nil
            }
            return HalfYear(name.dropFirst(prefix.count).dropLast(suffix.count)).map {
                LogShardFile(path: Files.resolve(name, against: stateDirectory), half: $0)
            }
        }
        let first = try Files.facts(firstLogStore) != nil ? [LogShardFile(path: firstLogStore, half: nil)] : []
        return first + dated.sorted { a, b in a.path < b.path }
    }

    func logShard(_ half: HalfYear) -> LogShardFile { LogShardFile(path: beside(store, "-log-\(half)"), half: half) }

    /// What stands around the half-year in a file's name.
    private var shardAffixes: (String, String) {
        let half = HalfYear(Timestamp(nanoseconds: 0))
        let name = beside(store, "-log-\(half)")
        let directory = Files.parent(of: store)
        let last = name.hasPrefix(directory + "/") ? String(name.dropFirst(directory.count + 1)) : name
        guard let at = last.ranges(of: half.description).last else { return (last, "") }
        return (String(last[..<at.lowerBound]), String(last[at.upperBound...]))
    }
}
