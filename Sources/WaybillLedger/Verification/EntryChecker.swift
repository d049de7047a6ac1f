import WaybillCore

/// Follows the entries one by one and says what cannot be: sequences, seals, times, origins, intents and outcomes.
struct EntryChecker {
    /// One run of one node.
    private struct Epoch {
        var node: String
        var number: Int
        var nseq: UInt64 = 0
        var vseqs: [String: UInt64] = [:]
        var active: [String: Seal.Head] = [:]
        var isSealed = false
    }

    /// What stands in an intent or denial about its side record.
    struct Committed {
        var xid: TransferKey
        var subjects: (count: UInt64, root: TreeHash)?
        var lines: (count: UInt64, root: TreeHash)
    }

    /// What is wrong with one entry.
    struct Finding {
        var kind: FaultKind
        var what: String
        init(_ kind: FaultKind, _ what: String) {
            self.kind = kind
            self.what = what
        }
    }

    private struct EpochName: Hashable {
        var node: String
        var number: Int
    }

    private var epochs: [Epoch] = []
    private var positions: [EpochName: Int] = [:]
    private var current = 0
    private var scratch: [CanonicalScanner.Member] = []
    private(set) var origin: String?
    private(set) var origins: Set<String> = []
    private(set) var keys = KeyTrail()
    /// What the present origin says it goes on from.
    private(set) var cited: Checkpoint?
    private(set) var open = OpenTransfers()
    private(set) var openCount = 0
    private(set) var sealedTo: UInt64 = 0
    private(set) var lastEntryWasStopSeal = false
    private(set) var notes = ShardNotes()
    private var commitTime: [UInt8] = []

    mutating func begin(_ commit: StoredCommit) {
        commitTime = EntryTime.text(commit.time)
        guard epochs.isEmpty || epochs[current].node != commit.node || epochs[current].number != commit.epoch else { return }
        let name = EpochName(node: commit.node, number: commit.epoch)
        if let known = positions[name] {
            current = known
        } else {
            epochs.append(Epoch(node: commit.node, number: commit.epoch))
            current = epochs.count - 1
            positions[name] = current
        }
    }

    /// Nil: sound. `committed` is filled for intents and denials if wanted.
    mutating func check(_ bytes: UnsafeRawBufferPointer, index: UInt64, leaf: TreeHash, committed: inout Committed?) -> Finding? {
        committed = nil
        guard let entry = EntryReading(bytes, &scratch) else { return Finding(.entry, "The entry is not in canonical form.") }
        guard let kind = entry.kindFast, EntryKeys.fit(scratch, kind) else {
            return Finding(.entry, "The entry is of no known kind, or has other members.")
        }
        guard entry.unsigned("v") == UInt64(EntryForm.version) else { return Finding(.entry, "The entry is of an unknown version.") }
        guard let time = entry.text("t"), time.elementsEqual(commitTime) else {
            return Finding(.time, "The entry's time is not its commit's.")
        }
        if let fault = checkOrigin(entry, kind) ?? checkSequence(entry, kind) { return fault }
        lastEntryWasStopSeal = false
        switch kind {
        case .intent: return checkIntent(entry, index, leaf, &committed)
        case .outcome: return checkOutcome(entry)
        case .denied:
            guard let xid = entry.text("xid").flatMap({ TransferKey($0) }), let lines = entry.root("dec") else {
                return Finding(.entry, "The denial is incomplete.")
            }
            committed = Committed(xid: xid, subjects: nil, lines: lines)
            return nil
        case .seal: return checkSeal(entry, index)
        case .config:
            if let cited = Checkpoint(cited: entry) { self.cited = cited }
            notes.note(entry, isFirst: index == 0)
            return keys.check(entry, kind).map { Finding(.identity, $0) }
        case .keychange: return keys.check(entry, kind).map { Finding(.identity, $0) }
        case .erasure: return nil
        }
    }

    private mutating func checkOrigin(_ entry: EntryReading, _ kind: EntryKind) -> Finding? {
        guard let log = entry.text("log") else { return Finding(.identity, "The entry names no log.") }
        if let origin, origin.utf8.elementsEqual(log) { return nil }
        let text = String(decoding: log, as: UTF8.self)
        let isFirst = origin == nil
        let act = kind == .config ? entry.string("act") : nil
        origin = text
        cited = nil
        guard isFirst || act == "acknowledge" || act == "origin", origins.insert(text).inserted else {
            return Finding(.identity, "The entry belongs to another log.")
        }
        return nil
    }

    private mutating func checkSequence(_ entry: EntryReading, _ kind: EntryKind) -> Finding? {
        let epoch = epochs[current]
        guard entry.unsigned("ep") == UInt64(exactly: epoch.number), let node = entry.text("node"), epoch.node.utf8.elementsEqual(node)
        else {
            return Finding(.sequence, "The entry is not of its commit's node and epoch.")
        }
        guard let nseq = entry.unsigned("nseq"), nseq == epoch.nseq + 1 else {
            return Finding(.sequence, "The node's sequence has a gap: \(epoch.nseq + 1) was expected.")
        }
        epochs[current].nseq = nseq
        return nil
    }

    private mutating func checkIntent(_ entry: EntryReading, _ index: UInt64, _ leaf: TreeHash, _ committed: inout Committed?) -> Finding? {
        guard let key = entry.text("xid").flatMap({ TransferKey($0) }), let vendor = entry.string("vendor"),
            let vseq = entry.unsigned("vseq"),
            let lines = entry.root("dec"), let subjects = entry.root("subj")
        else { return Finding(.entry, "The intent is incomplete.") }
        let expected = (epochs[current].vseqs[vendor] ?? 0) + 1
        guard vseq == expected else { return Finding(.sequence, "The vendor's sequence has a gap: \(expected) was expected.") }
        epochs[current].vseqs[vendor] = vseq
        epochs[current].active[vendor] = Seal.Head(vseq: vseq, leaf: leaf)
        committed = Committed(xid: key, subjects: subjects, lines: lines)
        guard open[key] == nil else { return Finding(.outcome, "The transfer already has an intent without an outcome.") }
        open.open(key, OpenTransfers.Intent(index: index, leaf: leaf))
        openCount += 1
        return nil
    }

    private mutating func checkOutcome(_ entry: EntryReading) -> Finding? {
        guard let key = entry.text("xid").flatMap({ TransferKey($0) }), let intent = open[key] else {
            return Finding(.outcome, "The outcome has no open intent.")
        }
        open.close(key)
        open.trim()
        openCount -= 1
        guard let leaf = entry.text("il").flatMap({ TreeHash(hexDigits: $0) }), leaf == intent.leaf else {
            return Finding(.outcome, "The outcome does not cite its intent's leaf hash.")
        }
        return nil
    }

    private mutating func checkSeal(_ entry: EntryReading, _ index: UInt64) -> Finding? {
        guard case .object(let of) = entry.parsed("of"), case .array(let heads) = entry.parsed("heads"), case .int(let number) = of["ep"],
            case .string(let node) = of["node"], case .int(let nseq) = of["nseq"],
            let why = entry.string("why").flatMap({ Seal.Why(rawValue: $0) }),
            let sealed = positions[EpochName(node: node, number: number)]
        else { return Finding(.seal, "The seal is incomplete, or seals an epoch that is not there.") }
        guard (why == .dead) == (sealed != current) else { return Finding(.seal, "The seal seals the wrong epoch.") }
        let expected = epochs[sealed].nseq - (sealed == current ? 1 : 0)
        guard nseq == Int(expected) else {
            return Finding(.seal, "The seal says that its epoch ended at \(nseq), but it holds \(expected) entries.")
        }
        let active = epochs[sealed].active.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { vendor, head in
            CanonicalValue.object(["h": .string(head.leaf.description), "vendor": .string(vendor), "vseq": .int(Int(head.vseq))])
        }
        guard heads == active else { return Finding(.seal, "The seal's heads are not those of the vendors active since the last seal.") }
        epochs[sealed].active = [:]
        epochs[sealed].isSealed = why != .minute
        if epochs[sealed].isSealed { epochs[sealed].vseqs = [:] }
        sealedTo = index + 1
        lastEntryWasStopSeal = why == .stop
        return nil
    }

    /// What is wrong once the last entry was read.
    func faultsAtEnd() -> [VerificationReport.Fault] {
        var faults = epochs.enumerated().filter { $0.offset != epochs.count - 1 && !$0.element.isSealed }.map { _, epoch in
            VerificationReport.Fault(index: nil, kind: .seal, what: "Epoch \(epoch.number) of node \(epoch.node) was never sealed.")
        }
        if let oldest = openBefore(firstOfLastEpoch) {
            faults.append(.init(index: oldest, kind: .outcome, what: "The intent has no outcome, though its epoch is over."))
        }
        return faults
    }

    /// Set when the last epoch began.
    var firstOfLastEpoch: UInt64 = 0

    private func openBefore(_ index: UInt64) -> UInt64? {
        let oldest = open.oldest(closing: [], size: .max)
        return oldest < index ? oldest : nil
    }
}

extension EntryReading {
    var kindFast: EntryKind? {
        guard let text = text("kind"), let first = text.first else { return nil }
        let kind: EntryKind? =
            switch first {
            case UInt8(ascii: "i"): .intent
            case UInt8(ascii: "o"): .outcome
            case UInt8(ascii: "d"): .denied
            case UInt8(ascii: "s"): .seal
            case UInt8(ascii: "c"): .config
            case UInt8(ascii: "k"): .keychange
            case UInt8(ascii: "e"): .erasure
            default: nil
            }
        guard let kind, kind.rawValue.utf8.elementsEqual(text) else { return nil }
        return kind
    }

    func parsed(_ name: StaticString) -> CanonicalValue? { value(name).flatMap { CanonicalParser.parse(Array($0)) } }

    /// `{"n":…,"root":"…"}`
    func root(_ name: StaticString) -> (count: UInt64, root: TreeHash)? {
        guard let value = value(name), value.count > 79, value.starts(with: "{\"n\":".utf8) else { return nil }
        var count: UInt64 = 0
        var at = 5
        while at < value.count, value[at] &- 48 < 10 {
            count = count &* 10 &+ UInt64(value[at] &- 48)
            at += 1
        }
        guard value.count == at + 75, value[at...].starts(with: ",\"root\":\"".utf8),
            let root = TreeHash(hexDigits: UnsafeRawBufferPointer(rebasing: value[(at + 9)..<(at + 73)]))
        else { return nil }
        return (count, root)
    }
}

extension Checkpoint {
    /// The one that an entry about a new origin cites.
    fileprivate init?(cited entry: EntryReading) {
        guard case .object(let detail) = entry.parsed("d"), case .string(let origin) = detail["cited_origin"],
            case .string(let size) = detail["cited_size"], let size = UInt64(size), case .string(let root) = detail["cited_root"],
            let root = Base64.decode(root).flatMap({ TreeHash($0) })
        else { return nil }
        self.init(origin: origin, size: size, root: root)
    }
}
