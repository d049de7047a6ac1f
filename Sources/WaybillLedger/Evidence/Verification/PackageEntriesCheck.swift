import WaybillCore

/// `entries.ndjson` with `index.csv` beside it, line by line: hash, place in the tree, slice, opening; then `gaps.json` and `agreements/`.
struct PackageEntriesCheck {
    private let files: any PackageFiles
    private let scope: PackageScope
    private let listed: PackageListing
    private var hashes: PackageHashes
    private var slice: PackageSlice
    private var openings: LineReader?
    /// A sequence is judged up to its first fault; hashes are judged to the end.
    private var isSliceSound = true
    private var cited: [String: TreeHash] = [:]
    private var lastPolicies: [UInt8] = []
    private var scratch: [CanonicalScanner.Member] = []

    init(files: any PackageFiles, scope: PackageScope, hashes: PackageHashes, listed: PackageListing) {
        self.files = files
        self.scope = scope
        self.hashes = hashes
        self.listed = listed
        slice = PackageSlice(scope)
    }

    mutating func hash(of index: UInt64) throws -> TreeHash? { try hashes.entry(index) }

    mutating func run(_ report: inout PackageReport, progress: (Int) -> Void) throws {
        guard let entriesFile = try files.open(PackageLayout.entries), let indexFile = try files.open(PackageLayout.index) else {
            return report.add(.form, PackageLayout.entries, "The entries or their index are missing.")
        }
        if let file = try files.open(PackageLayout.openings) { openings = LineReader(file, lineBytesMax: PackageLayout.lineBytesMax) }
        if (openings == nil) != (slice.vendor != nil) {
            return report.add(.form, PackageLayout.openings, "Openings are there for a vendor, or missing for a person.")
        }
        var entries = LineReader(entriesFile, lineBytesMax: EntryForm.entryBytesMax)
        var rows = LineReader(indexFile, lineBytesMax: 256)
        if try rows.next({ Array($0) + [0x0a] }) != Array(PackageLayout.indexHeader.utf8) {
            return report.add(.form, "\(PackageLayout.index):1", "The index does not begin with its head.")
        }
        var (line, last): (Int, UInt64?) = (0, nil)
        while let index = try next(&entries, &rows, line + 1, last, &report) {
            (line, last) = (line + 1, index)
            if line % 8_192 == 0 { progress(line) }
        }
        report.entries = UInt64(line)
        if entries.isTorn {
            report.add(.tree, "\(PackageLayout.entries):\(line + 1)", "The entries end within a line, or a line is too long.")
        }
        if try rows.next({ _ in () }) != nil || rows.isTorn {
            report.add(.tree, "\(PackageLayout.index):\(line + 2)", "The index has a row without an entry.")
        }
        if try openings?.next({ _ in () }) != nil || openings?.isTorn == true {
            report.add(.opening, PackageLayout.openings, "There is an opening without an intent.")
        }
        try finish(&report)
    }

    /// One entry. Nil: that was all, or the two files do not go on together.
    private mutating func next(
        _ entries: inout LineReader, _ rows: inout LineReader, _ line: Int, _ last: UInt64?, _ report: inout PackageReport
    ) throws -> UInt64? {
        let place = "\(PackageLayout.entries):\(line)"
        var row: [UInt8] = []
        return try entries.next { bytes -> UInt64? in
            guard let found = try rows.next({ Array($0) + [0x0a] }), let index = PackageEntriesCheck.number(found),
                last.map({ $0 < index }) ?? true
            else {
                report.add(.tree, "\(PackageLayout.index):\(line + 1)", "The row is missing, damaged or out of order.")
                return nil
            }
            let leaf = MerkleHashing.leaf(bytes)
            guard try hashes.entry(index) == leaf else {
                report.add(.tree, place, "The line is not entry \(index) of the log: its hash is not in the tree.", index: index)
                isSliceSound = false
                return index
            }
            guard isSliceSound else { return index }
            if let what = slice.take(bytes, index, leaf, row: &row) {
                isSliceSound = false
                report.add(what.contains("outcome") ? .outcome : .sequence, place, what, index: index)
            } else if row != found {
                report.add(.tree, "\(PackageLayout.index):\(line + 1)", "The row says something else than the entry.", index: index)
            } else {
                try checkIntent(bytes, index, place, &report)
            }
            return index
        } ?? nil
    }

    /// Opening and agreements of an intent of the period.
    private mutating func checkIntent(_ bytes: UnsafeRawBufferPointer, _ index: UInt64, _ place: String, _ report: inout PackageReport)
        throws
    {
        guard index >= scope.first, index < scope.end, let entry = EntryReading(bytes, &scratch), entry.kindFast == .intent else { return }
        if let policies = entry.value("pol"), !policies.elementsEqual(lastPolicies) {
            lastPolicies = Array(policies)
            for policy in CanonicalParser.parse(lastPolicies)?.values ?? [] {
                guard let members = policy.members, let id = members["id"]?.text, let version = members["ver"]?.integer,
                    var digits = members["h"]?.text, let digest = digits.withUTF8({ TreeHash(hexDigits: UnsafeRawBufferPointer($0)) })
                else { continue }
                cited["\(PackageLayout.agreements)\(id)@\(version).yaml"] = digest
            }
        }
        guard openings != nil else { return }
        let line = try openings?.next { Array($0) }
        let what = line.map { OpeningCheck.fault($0, intent: entry, index: index) } ?? "The intent has no opening."
        if let what { report.add(.opening, PackageLayout.openings, what, index: index) }
    }

    private func finish(_ report: inout PackageReport) throws {
        guard isSliceSound, report.isSound else { return }
        report.isComplete = slice.vendor?.isComplete
        if try files.whole(PackageLayout.gaps, bytesMax: 1 << 30) != slice.gaps {
            report.add(.sequence, PackageLayout.gaps, "The file says something else than the entries.")
        }
        for name in listed.names where name.hasPrefix(PackageLayout.agreements) && listed.digests[name] != cited[name] {
            report.add(.agreement, name, "The file is not the agreement version that entries cite.")
        }
    }

    private static func number(_ row: [UInt8]) -> UInt64? {
        let digits = row.prefix { $0 != 0x2c }
        guard (1...16).contains(digits.count), digits.allSatisfy({ $0 &- 48 < 10 }) else { return nil }
        return digits.reduce(0) { $0 * 10 + UInt64($1 - 48) }
    }
}
