package import WaybillCore

/// What an index keeps of entries `low..<high`, all of them.
package struct IndexBatch: Sendable {
    /// A transfer that named a subject, and one line about it.
    package struct Mark: Sendable {
        package var number: UInt32
        package var index: UInt64
        /// `{"b":basis,"c":[codes],"d":decision,"f":[fields]` without its end; empty: it cannot be told which lines were about the subject.
        package var line: [UInt8]
    }
    package var low: UInt64
    package var high: UInt64
    /// The tree's root over the entries below `high`.
    package var root: TreeHash
    /// In order.
    package var transfers: [IndexedTransfer] = []
    /// Outcomes of transfers before `low`, by their intents' indexes.
    package var endings: [(intent: UInt64, ending: IndexedTransfer.Ending)] = []
    package var marks: [Mark] = []

    package init(low: UInt64, high: UInt64, root: TreeHash) {
        self.low = low
        self.high = high
        self.root = root
    }
}

/// Reads from the log what an index keeps, in order. Remembers terms and open transfers from one batch to the next.
package struct LogDigester {
    private struct Known {
        var terms: SharedTransferTerms
        var codes: [UInt8]
        var droppedMembers: Int
    }
    /// Beyond it, what was seen is forgotten and made anew.
    private static let knownMax = 65_536
    private static let commitsAtOnce = 32

    private let reader: any LogReader
    private var known: [ByteText: Known] = [:]
    private var shared: [TransferTerms: SharedTransferTerms] = [:]
    private var texts: Set<ByteText> = []
    private var open: [TransferKey: UInt64]
    private var scratch = [CanonicalScanner.Member]()
    private var key = ByteText(bytes: [])
    private var side = SideScan()

    /// `open`: transfers before the first batch that have no outcome yet, by the indexes of their intents.
    package init(reader: any LogReader, open: [TransferID: UInt64]) {
        self.reader = reader
        self.open = Dictionary(open.map { (TransferKey($0.key), $0.value) }, uniquingKeysWith: max)
    }

    /// Whole commits from `low` on, at least `entriesMin` if there are so many; nil: there is nothing.
    ///
    /// `marks`: also who was named; it takes a second reading.
    package mutating func next(
        from low: UInt64, below size: UInt64 = .max, entriesMin: Int, marks: Bool = true
    ) throws -> IndexBatch? {
        var batch: IndexBatch?
        var at = low
        while at < size, at - low < UInt64(entriesMin) {
            let commits = try reader.commits(from: at, limit: Self.commitsAtOnce)
            guard let last = commits.last else { break }
            var current = batch ?? IndexBatch(low: low, high: low, root: last.root)
            for commit in commits {
                guard commit.first == at else {
                    throw LogStoreError.broken("Entry \(at) is missing from the log's store; run waybill log verify.")
                }
                try add(commit, to: &current)
                at = commit.end
                (current.high, current.root) = (at, commit.root)
            }
            batch = current
        }
        guard var batch else { return nil }
        if marks { try addMarks(to: &batch) }
        return batch
    }

    private mutating func add(_ commit: StoredCommit, to batch: inout IndexBatch) throws {
        let milliseconds = commit.time.milliseconds
        let count = commit.body.withUnsafeBytes { bytes in
            EntryBundle.forEach(bytes) { offset, range in
                let index = commit.first + UInt64(offset)
                guard let entry = EntryReading(UnsafeRawBufferPointer(rebasing: bytes[range]), &scratch) else { return }
                switch entry.kindFast {
                case .intent, .denied: add(entry, index, milliseconds, to: &batch)
                case .outcome: end(entry, index, in: &batch)
                default: break
                }
            }
        }
        guard count == commit.count else {
            throw LogStoreError.broken("The commit at entry \(commit.first) is damaged; run waybill log verify.")
        }
    }

    private mutating func add(_ entry: EntryReading, _ index: UInt64, _ milliseconds: Int64, to batch: inout IndexBatch) {
        guard let xid = entry.text("xid").flatMap({ TransferKey($0) }), let known = terms(of: entry, index) else { return }
        if known.terms.terms.decision != .deny { open[xid] = index }
        batch.transfers.append(
            IndexedTransfer(
                index: index, milliseconds: milliseconds, xid: xid.xid, terms: known.terms, records: entry.int("n") ?? 0,
                denied: entry.int("nd") ?? 0, droppedMembers: known.droppedMembers, codes: known.codes))
    }

    private mutating func end(_ entry: EntryReading, _ index: UInt64, in batch: inout IndexBatch) {
        guard let xid = entry.text("xid").flatMap({ TransferKey($0) }), let intent = open.removeValue(forKey: xid),
            let result = entry.string("res").flatMap({ TransferOutcome.Result(rawValue: $0) })
        else { return }
        let ending = IndexedTransfer.Ending(
            index: index, result: result, status: entry.int("http") ?? 0, sentBytes: entry.int("sent") ?? 0,
            milliseconds: entry.int("ms") ?? 0, reason: entry.text("reason").map { text(Array($0)) } ?? [])
        if intent < batch.low { return batch.endings.append((intent, ending)) }
        if let at = batch.transfers.position(of: intent) { batch.transfers[at].ending = ending }
    }

    /// The members that are alike in very many entries, as they stand there, are the key under which their meaning is remembered.
    private mutating func terms(of entry: EntryReading, _ index: UInt64) -> Known? {
        key.bytes.removeAll(keepingCapacity: true)
        for name in Self.constantMembers {
            // A member that is missing leaves a mark, too: no two entries with different members give one key.
            key.bytes.append(0)
            if let value = entry.value(packed: name) { key.bytes.append(contentsOf: value) }
        }
        key.bytes.append(entry.value("nd").map { $0.elementsEqual([0x30]) } ?? true ? 0 : 1)
        if let found = known[key] { return found }
        guard let summary = TransferSummary(entry, index: index), let codes = entry.value("codes") else { return nil }
        func texts(_ name: StaticString) -> [String] { entry.parsed(name)?.strings ?? [] }
        let terms = TransferTerms(summary, bases: texts("basis"), mechanisms: texts("mech"), regimes: texts("regimes"))
        if known.count >= Self.knownMax { (known, shared, self.texts) = ([:], [:], []) }
        let one = shared[terms] ?? SharedTransferTerms(terms)
        shared[terms] = one
        let found = Known(terms: one, codes: text(Array(codes)), droppedMembers: summary.droppedMembers)
        known[key] = found
        return found
    }

    private static let constantMembers: [UInt64] = {
        let names: [StaticString] = [
            "basis", "caller", "codes", "dropped", "dst", "endp", "fields", "kind", "mech", "op", "pol", "purposes", "regimes", "region",
            "route", "vendor",
        ]
        return names.map(CanonicalScanner.pack)
    }()

    /// Equal texts share their memory.
    private mutating func text(_ bytes: [UInt8]) -> [UInt8] { texts.insert(ByteText(bytes: bytes)).memberAfterInsert.bytes }

    private mutating func addMarks(to batch: inout IndexBatch) throws {
        var at = batch.low
        while at < batch.high {
            let rows = try reader.sideRows(from: at, limit: Self.commitsAtOnce)
            guard let last = rows.last else { return }
            for row in rows where row.first < batch.high {
                let isWhole = row.body.withUnsafeBytes { bytes in
                    var side = side
                    return side.scan(bytes, first: row.first) { index, marks in
                        for (number, line) in marks {
                            let core = line.map { text(Array(bytes[$0])) } ?? []
                            batch.marks.append(IndexBatch.Mark(number: number, index: index, line: core))
                        }
                    }
                }
                guard isWhole else {
                    throw LogStoreError.broken("The side records at entry \(row.first) are damaged; run waybill log verify.")
                }
            }
            at = last.first + 1
        }
    }
}

/// Bytes that are hashed at once; an array hashes each by itself.
private struct ByteText: Hashable {
    var bytes: [UInt8]
    func hash(into hasher: inout Hasher) { bytes.withUnsafeBytes { hasher.combine(bytes: $0) } }
}

extension [IndexedTransfer] {
    /// Of the transfer with this index; they stand in order.
    func position(of index: UInt64) -> Int? {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].index < index { low = middle + 1 } else { high = middle }
        }
        return low < count && self[low].index == index ? low : nil
    }
}
