import ArgumentParser
import WaybillCore
import WaybillLedger
import WaybillStorage

/// Which transfers a command is about.
struct TransferFilterOptions: ParsableArguments {
    @Option(name: .long, help: "Only to this vendor.")
    var vendor: String?
    @Option(name: .long, help: ArgumentHelp("Only under this agreement, or one version of it.", valueName: "id or id@version"))
    var agreement: String?
    @Option(name: .long, help: "Only for this purpose.")
    var purpose: String?
    @Option(name: .long, help: "Only of this caller.")
    var caller: String?
    @OptionGroup var range: TimeRange

    var filter: TransferFilter {
        get throws {
            var filter = TransferFilter()
            filter.vendor = vendor
            filter.agreement = agreement
            filter.purpose = purpose
            filter.caller = caller
            (filter.since, filter.until) = try range.times
            return filter
        }
    }
}

/// A list page by page, newest first.
struct PageOptions: ParsableArguments {
    static let tableLines = 100
    /// Read at once, so that a long list needs no memory.
    private static let itemsAtOnce = 10_000

    @Option(name: .long, help: ArgumentHelp("At most so many; 0 is all. Default: 100 in a table, else all.", valueName: "count"))
    var limit: Int?
    @Option(name: .long, help: ArgumentHelp("Go on where a list ended that printed this.", valueName: "cursor"))
    var cursor: String?

    func validate() throws {
        if let limit, limit < 0 { throw ValidationError("--limit must not be negative") }
        if let cursor, ExportCursor(cursor) == nil { throw ValidationError("--cursor is what an earlier list printed as the next one") }
    }

    /// Gives pages until there are enough. Returns the cursor to go on from; nil: that was all.
    func forEachPage<Item>(
        _ format: OutputFormat, of search: TransferSearch,
        page: (_ limit: Int, _ from: ExportCursor?) throws -> TransferSearch.Page<Item>, print: ([Item]) throws -> Void
    ) throws -> String? {
        let most = limit ?? (format == .table ? Self.tableLines : 0)
        var left = most == 0 ? Int.max : most
        var next = cursor.flatMap { ExportCursor($0) }
        if let next, !search.knows(next) {
            throw CommandFailure("the cursor is of the log \(next.origin), which is not here", remedy: "list from the beginning")
        }
        repeat {
            let found = try reading { try page(min(left, Self.itemsAtOnce), next) }
            try reading { try print(found.items) }
            left -= found.items.count
            next = found.next
        } while next != nil && left > 0
        return next?.description
    }

    /// Tells where formats without a place for it say nothing.
    func tell(next: String?, _ format: OutputFormat) {
        guard let next, format != .json else { return }
        StandardStreams.writeError("waybill: there are more: --cursor \(next) goes on, --limit 0 shows all\n")
    }
}
