import WaybillCore

/// Finds the entries of a vendor's package in one pass over the log: the vendor's intents and denials of the period, the outcomes of
/// those intents wherever they stand, the log's own entries (seals, starts, changes of keys and names), and what shows the edges: the
/// start of the run before, the vendor's neighbouring intents, the next seal. Never an entry of another vendor.
struct VendorSelection {
    /// How far behind the first entry of a run its start may stand: a crash leaves outcomes to be entered before it.
    private static let startEntriesMax: UInt64 = 20_000
    private let reader: any LogReader
    private let scope: PackageScope
    private let vendor: [UInt8]
    private var scratch: [CanonicalScanner.Member] = []
    private var counting = ReportCounting()

    init(reader: any LogReader, scope: PackageScope, vendor: String) {
        self.reader = reader
        self.scope = scope
        self.vendor = CanonicalValue.string(vendor).bytes
    }

    /// Throws unless there is at least one intent or denial. `progress` hears of entries seen and entries to see.
    mutating func copy(into entries: inout PackageEntries, progress: (UInt64, UInt64) throws -> Void) throws -> ReportCounting {
        let edge = try edgeBefore()
        for (index, bytes) in edge { try bytes.withUnsafeBytes { try entries.add($0, index) } }
        let epoch = scope.end > scope.first ? try reader.commits(from: scope.end - 1, limit: 1).first.map { ($0.node, $0.epoch) } : nil
        var search = EdgeSearch(nodeAndEpoch: epoch, needsSeal: true, needsNext: true)
        var at = scope.first
        while at < scope.size {
            let commits = try reader.commits(from: at, limit: 32)
            guard !commits.isEmpty else { break }
            for commit in commits where at < scope.size {
                if commit.first >= scope.end {
                    search.look(at: commit, end: scope.end)
                    if search.isDone, !entries.slice.pairs.hasOpen { return counting }
                }
                guard commit.first <= at, commit.end > at else {
                    throw LogStoreError.broken("Entry \(at) is missing from the log's store; run waybill log verify.")
                }
                try take(commit, from: at, &search, &entries)
                at = commit.end
            }
            try progress(min(at, scope.end) - scope.first, scope.end - scope.first)
        }
        return counting
    }

    private mutating func take(_ commit: StoredCommit, from low: UInt64, _ search: inout EdgeSearch, _ entries: inout PackageEntries) throws
    {
        let whole = try commit.body.withUnsafeBytes { bytes in
            try EntryBundle.forEach(bytes) { offset, range in
                let index = commit.first + UInt64(offset)
                guard index >= low, index < scope.size else { return }
                let bytes = UnsafeRawBufferPointer(rebasing: bytes[range])
                guard let entry = EntryReading(bytes, &scratch), let kind = entry.kindFast else {
                    throw PackageError("Entry \(index) of the log is damaged; run waybill log verify.")
                }
                guard
                    index < scope.end
                        ? belongs(entry, kind, entries.slice.pairs) : search.wants(entry, kind, commit, vendor, entries.slice.pairs)
                else { return }
                if index < scope.end || kind == .outcome { counting.take(entry, kind) }
                try entries.add(bytes, index)
            }
        }
        guard whole == commit.count else {
            throw LogStoreError.broken("The commit at entry \(commit.first) is damaged; run waybill log verify.")
        }
    }

    private func belongs(_ entry: EntryReading, _ kind: EntryKind, _ pairs: TransferPairs) -> Bool {
        switch kind {
        case .intent, .denied: entry.value("vendor")?.elementsEqual(vendor) ?? false
        case .outcome: entry.text("xid").flatMap { TransferKey($0) }.map { pairs.isOpen($0) } ?? false
        case .seal, .keychange: true
        case .config: entry.string("act").map { VendorSlice.acts.contains($0) } ?? false
        case .erasure: false
        }
    }

    /// The start of the run that the period begins in or follows, and the vendor's last intent of that run before the period.
    private mutating func edgeBefore() throws -> [(index: UInt64, bytes: [UInt8])] {
        guard scope.first > 0, let last = try reader.commits(from: scope.first - 1, limit: 1).first else { return [] }
        var found: [(index: UInt64, bytes: [UInt8])] = []
        let start = try startOfRun(last)
        try reader.forEachEntry(from: start, to: min(start + VendorSelection.startEntriesMax, scope.first)) { index, bytes in
            guard found.isEmpty, let entry = EntryReading(bytes, &scratch), entry.kindFast == .config, entry.string("act") == "start" else {
                return
            }
            found.append((index, Array(bytes)))
        }
        if let previous = try previousIntent(above: max(start, scope.first - min(scope.first, PackageLayout.neighbourEntriesMax))) {
            found.append(previous)
        }
        return found
    }

    /// The first entry of the commit's epoch: epochs follow one another, so halving finds it.
    private func startOfRun(_ commit: StoredCommit) throws -> UInt64 {
        var (low, high) = (UInt64(0), commit.first)
        while low < high {
            let middle = low + (high - low) / 2
            guard let found = try reader.commits(from: middle, limit: 1).first else { return high }
            if found.epoch < commit.epoch { low = found.end } else { high = found.first <= low ? low : min(middle, found.first) }
        }
        return low
    }

    private mutating func previousIntent(above bottom: UInt64) throws -> (index: UInt64, bytes: [UInt8])? {
        var at = scope.first
        while at > bottom {
            let commits = try reader.commits(before: at, limit: 32)
            guard !commits.isEmpty else { return nil }
            for commit in commits {
                var found: (index: UInt64, bytes: [UInt8])?
                commit.body.withUnsafeBytes { bytes in
                    _ = EntryBundle.forEach(bytes) { offset, range in
                        let index = commit.first + UInt64(offset)
                        let bytes = UnsafeRawBufferPointer(rebasing: bytes[range])
                        guard index < scope.first, index >= bottom, let entry = EntryReading(bytes, &scratch), entry.kindFast == .intent,
                            entry.value("vendor")?.elementsEqual(vendor) == true
                        else { return }
                        found = (index, Array(bytes))
                    }
                }
                if let found { return found }
                at = commit.first
            }
        }
        return nil
    }
}

/// What is still wanted of the entries behind the period.
private struct EdgeSearch {
    /// Of the period's last entry.
    var nodeAndEpoch: (node: String, epoch: Int)?
    var needsSeal: Bool
    var needsNext: Bool

    var isDone: Bool { !needsSeal && !needsNext }

    /// Another epoch has its own sequence, and far behind the period the next intent is not worth the reading.
    mutating func look(at commit: StoredCommit, end: UInt64) {
        let isSameRun = nodeAndEpoch.map { $0.node == commit.node && $0.epoch == commit.epoch } ?? false
        if !isSameRun || commit.first - end > PackageLayout.neighbourEntriesMax { needsNext = false }
    }

    mutating func wants(
        _ entry: EntryReading, _ kind: EntryKind, _ commit: StoredCommit, _ vendor: [UInt8], _ pairs: TransferPairs
    ) -> Bool {
        switch kind {
        case .outcome: return entry.text("xid").flatMap { TransferKey($0) }.map { pairs.isOpen($0) } ?? false
        case .seal:
            defer { needsSeal = false }
            return needsSeal
        case .intent:
            guard needsNext, entry.value("vendor")?.elementsEqual(vendor) == true else { return false }
            needsNext = false
            return true
        default: return false
        }
    }
}
