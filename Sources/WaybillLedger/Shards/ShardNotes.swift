import WaybillCore

/// Administrative acts about the shards of a log: written as `config` entries, read again by verifiers.
package enum ShardAct {
    /// Last act of a shard: the log goes on in another file under `next`.
    static let end = "shard_end"
    /// First act of a shard; it cites the last checkpoint of the one before.
    static let begin = "shard"
    static let sidePruned = "side_pruned"
    static let deleted = "shard_deleted"

    package static func end(next origin: String) -> LogNotice { .config(act: end, detail: ["next": origin]) }

    /// Side rows of a month go: commitments, body keys and decision lines. Entered before the first of them does.
    package static func sidePruned(_ month: LogMonth, keptMonths: Int) -> LogNotice {
        .config(act: sidePruned, detail: ["kept_months": String(keptMonths), "month": month.description])
    }

    /// A whole shard goes; `last` is the checkpoint it ended with.
    package static func deleted(_ last: Checkpoint) -> LogNotice {
        .config(act: deleted, detail: ["origin": last.origin, "root": Base64.encode(last.root.bytes), "size": String(last.size)])
    }
}

/// What later shards say about an earlier one.
package struct LaterShards: Sendable {
    /// Months whose side rows were deleted.
    package var prunedMonths: Set<LogMonth> = []
    /// Who has the first-seen subjects now; nil: the shard itself, unless it has ended.
    package var sightings: (any LogReader)?
    /// One of them goes on from where the shard ends, so that the end is vouched for by a later key.
    package var goOn = false
    package init() {}
}

/// What the entries of one shard say about shards and side rows.
package struct ShardNotes: Sendable, Equatable {
    /// The checkpoint of the shard before, as the first entry cites it; nil: the log begins here.
    package var cited: Checkpoint?
    /// Origins of shards that were deleted whole.
    package var deletedOrigins: Set<String> = []
    /// Months whose side rows were deleted.
    package var prunedMonths: Set<LogMonth> = []
    /// Its last act says that another shard follows.
    package var hasEnded = false

    package init() {}

    /// Takes in a `config` entry.
    mutating func note(_ entry: EntryReading, isFirst: Bool) {
        guard let act = entry.string("act"), case .object(let detail) = entry.parsed("d") else { return }
        hasEnded = act == ShardAct.end
        switch act {
        case ShardAct.begin where isFirst: cited = ShardNotes.citation(detail)
        case ShardAct.sidePruned:
            if case .string(let text) = detail["month"], let month = LogMonth(text) { prunedMonths.insert(month) }
        case ShardAct.deleted:
            if case .string(let origin) = detail["origin"] { deletedOrigins.insert(origin) }
        default: break
        }
    }

    private static func citation(_ detail: [String: CanonicalValue]) -> Checkpoint? {
        guard case .string(let origin) = detail["cited_origin"], case .string(let size) = detail["cited_size"], let size = UInt64(size),
            case .string(let root) = detail["cited_root"], let bytes = Base64.decode(root[...]), let root = TreeHash(bytes)
        else { return nil }
        return Checkpoint(origin: origin, size: size, root: root)
    }
}
