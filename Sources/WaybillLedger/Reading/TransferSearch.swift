package import WaybillCore

/// Finds transfers in every shard of the log, newest first. A place in the whole is a place in one shard, named by its origin.
package struct TransferSearch {
    package struct Page<Item: Sendable>: Sendable {
        package var items: [Item]
        /// Give it back to go on; nil: that was all.
        package var next: ExportCursor?
        package init(items: [Item], next: ExportCursor?) {
            self.items = items
            self.next = next
        }
    }

    private struct Shard {
        var origin: String
        var size: UInt64
        var finder: TransferFinder
    }
    /// Oldest first.
    private let shards: [Shard]

    /// `logs`: oldest first. Throws if one cannot be read.
    package init(_ logs: [any LogReader], index: any TransferIndex) throws {
        shards = try logs.compactMap { log in
            guard let origin = try log.identity()?.origin, let size = try log.head()?.size else { return nil }
            return Shard(origin: origin, size: size, finder: TransferFinder(log: log, index: index))
        }
    }

    /// Whether a list may go on there; otherwise the cursor is another log's.
    package func knows(_ cursor: ExportCursor) -> Bool { shards.contains { $0.origin == cursor.origin } }

    package func list(
        _ filter: TransferFilter = TransferFilter(), limit: Int, from cursor: ExportCursor? = nil
    ) throws -> Page<IndexedTransfer> {
        try pages(limit, cursor) { finder, limit, below in try finder.list(filter, limit: limit, below: below) }
    }

    package func disclosures(
        of trace: SubjectTrace, _ filter: TransferFilter = TransferFilter(), limit: Int, from cursor: ExportCursor? = nil
    ) throws -> Page<TransferFinder.Disclosure> {
        try pages(limit, cursor) { finder, limit, below in
            try finder.disclosures(of: trace, filter, limit: limit, below: below)
        }
    }

    /// The time before which disclosures are not known any more; nil: all are there that these shards have.
    package func disclosuresPrunedBefore() throws -> Timestamp? {
        try shards.compactMap { try $0.finder.disclosuresPrunedBefore() }.max()
    }

    package func statistics(_ filter: TransferFilter, by step: TransferStatistics.Step) throws -> TransferStatistics {
        var all: [String: TransferStatistics.Counts] = [:]
        for shard in shards {
            for (name, counts) in try shard.finder.statistics(filter, by: step).periods {
                all[name, default: TransferStatistics.Counts()].add(counts)
            }
        }
        return TransferStatistics(periods: all.sorted { $0.key < $1.key }.map { (name: $0.key, counts: $0.value) })
    }

    private func pages<Item>(
        _ limit: Int, _ cursor: ExportCursor?, _ page: (TransferFinder, Int, UInt64?) throws -> TransferFinder.Page<Item>
    ) throws -> Page<Item> {
        var found: [Item] = []
        var below = cursor?.next
        let last = cursor.flatMap { cursor in shards.lastIndex { $0.origin == cursor.origin } } ?? shards.count - 1
        for i in stride(from: last, through: 0, by: -1) {
            let got = try page(shards[i].finder, limit - found.count, below)
            found += got.items
            if let next = got.next { return Page(items: found, next: ExportCursor(origin: shards[i].origin, next: next)) }
            below = nil
            guard found.count == limit else { continue }
            return Page(items: found, next: i == 0 ? nil : ExportCursor(origin: shards[i - 1].origin, next: shards[i - 1].size))
        }
        return Page(items: found, next: nil)
    }
}
