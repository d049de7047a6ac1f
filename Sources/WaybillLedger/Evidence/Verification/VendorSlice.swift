import WaybillCore

/// Follows the entries of a vendor's package and says what cannot be, or is missing: each run of a node counts the vendor's intents
/// without gaps, seals name the last one, and the entries at both edges show that nothing of the period lies outside.
///
/// The writer uses it too: what it cannot follow is not packed.
struct VendorSlice {
    /// One epoch of one node, as far as the package shows it.
    private struct Run {
        enum Start: String { case first, previous, unproven }
        var node: String
        var epoch: Int
        var start: Start
        var first: UInt64
        var last: UInt64
        var lastLeaf: TreeHash
        var intents = 0
        var sinceSeal = 0
        var hasNext = false
        var sealedLast: UInt64?

        /// By what the end is shown.
        var end: String { hasNext ? "next" : sealedLast == last ? "seal" : "unproven" }
    }
    /// Acts about the log itself: no other vendor stands in them.
    static let acts = ["start", "acknowledge", "origin"]

    private let scope: PackageScope
    private let period: EntryPeriod
    private let vendor: String
    private(set) var pairs = TransferPairs()
    private(set) var denied = 0
    private(set) var refused: [String: Int] = [:]
    private(set) var deadEpochs = 0
    private var runs: [Run] = []
    private var seals: [CanonicalValue] = []
    private var lastEpochs: [String: Int] = [:]
    private var startIsShown: Bool
    private var endIsShown: Bool

    init(_ scope: PackageScope, vendor: String) {
        self.scope = scope
        period = EntryPeriod(scope)
        self.vendor = vendor
        startIsShown = scope.first == 0
        endIsShown = scope.end == scope.size
    }

    /// Nil: sound. Entries come in rising order.
    mutating func take(_ entry: EntryReading, _ kind: EntryKind, _ index: UInt64, _ leaf: TreeHash) -> String? {
        guard let node = entry.string("node"), let epoch = entry.int("ep") else { return "The entry is incomplete." }
        if let last = lastEpochs[node], epoch != last, epoch != last + 1 {
            return "Epochs of the node are missing between \(last) and \(epoch)."
        }
        lastEpochs[node] = epoch
        guard kind == .outcome || isInTime(entry, index) else { return "The entry's time does not fit its place in the period." }
        switch kind {
        case .intent: return take(intent: entry, node, epoch, index, leaf)
        case .outcome: return pairs.take(outcome: entry, index)
        case .denied:
            guard index >= scope.first, index < scope.end, entry.string("vendor") == vendor else {
                return "The denial belongs to another vendor or period."
            }
            denied += 1
            return nil
        case .seal: return take(seal: entry, index)
        case .config:
            guard let act = entry.string("act"), VendorSlice.acts.contains(act) else { return "The entry does not belong to the package." }
            if index < scope.first, act == "start" { startIsShown = true }
            return nil
        case .keychange: return nil
        case .erasure: return "The entry does not belong to the package."
        }
    }

    private func isInTime(_ entry: EntryReading, _ index: UInt64) -> Bool {
        period.place(entry.text("t")) == (index < scope.first ? -1 : index < scope.end ? 0 : 1)
    }

    private mutating func take(intent entry: EntryReading, _ node: String, _ epoch: Int, _ index: UInt64, _ leaf: TreeHash) -> String? {
        guard entry.string("vendor") == vendor else { return "The intent belongs to another vendor." }
        guard let vseq = entry.unsigned("vseq"), vseq > 0 else { return "The intent is incomplete." }
        let isBefore = index < scope.first
        let at: Int
        if let known = runs.lastIndex(where: { $0.node == node && $0.epoch == epoch }) {
            at = known
            guard !runs[at].hasNext, vseq == runs[at].last + 1 else {
                return "The vendor's sequence has a gap: \(runs[at].last + 1) was expected, \(vseq) stands here."
            }
        } else {
            let start = isBefore ? Run.Start.previous : vseq == 1 ? .first : .unproven
            runs.append(Run(node: node, epoch: epoch, start: start, first: vseq, last: vseq, lastLeaf: leaf))
            at = runs.count - 1
        }
        runs[at].last = vseq
        runs[at].lastLeaf = leaf
        if index >= scope.end { runs[at].hasNext = true }
        guard !isBefore, index < scope.end else { return nil }
        runs[at].intents += 1
        runs[at].sinceSeal += 1
        return pairs.take(intent: entry, index, leaf)
    }

    private mutating func take(seal entry: EntryReading, _ index: UInt64) -> String? {
        guard let of = entry.parsed("of")?.members, let node = of["node"]?.text, let epoch = of["ep"]?.integer,
            let nseq = of["nseq"]?.integer,
            let heads = entry.parsed("heads")?.values, let why = entry.string("why"), let counts = entry.parsed("refused")?.members
        else { return "The seal is incomplete." }
        guard index >= scope.first else { return "The seal does not belong to the period." }
        if index >= scope.end { endIsShown = true }
        if index < scope.end {
            for (code, count) in counts { refused[code, default: 0] += count.integer ?? 0 }
            if why == Seal.Why.dead.rawValue { deadEpochs += 1 }
        }
        var row: [String: CanonicalValue] = [
            "index": .int(Int(index)), "node": .string(node), "epoch": .int(epoch), "nseq": .int(nseq), "why": .string(why),
        ]
        let head = heads.lazy.compactMap(\.members).first { $0["vendor"]?.text == vendor }
        if let vseq = head?["vseq"] { row["vseq"] = vseq }
        seals.append(.object(row))
        return judge(head, runs.lastIndex { $0.node == node && $0.epoch == epoch }, index)
    }

    /// Whether the seal names the vendor's last intent, and only what the package holds.
    private mutating func judge(_ head: [String: CanonicalValue]?, _ at: Int?, _ index: UInt64) -> String? {
        guard let head else {
            guard let at, runs[at].sinceSeal > 0 else { return nil }
            return "The seal does not name the vendor, which had intents since the seal before."
        }
        guard let vseq = head["vseq"]?.integer, let leaf = head["h"]?.text else { return "The seal is incomplete." }
        guard let at else { return "The seal names intent \(vseq) of the vendor, which is not in the package." }
        let last = runs[at].last
        // Behind the period the package holds only the vendor's next intent, not all up to the seal.
        if index >= scope.end, runs[at].hasNext, vseq > last { return nil }
        guard vseq == last else { return "The seal names intent \(vseq) of the vendor as its last; the package has \(last)." }
        guard leaf == runs[at].lastLeaf.description else { return "The seal names another intent than the package has." }
        runs[at].sealedLast = last
        runs[at].sinceSeal = 0
        return nil
    }

    /// Whether both ends of the period and of each run are shown by entries.
    var isComplete: Bool { startIsShown && endIsShown && runs.allSatisfy { $0.start != .unproven && $0.end != "unproven" } }

    /// `gaps.json`: what stands in the entries about what could be missing.
    var gaps: CanonicalValue {
        var members = pairs.members
        members["denied"] = .int(denied)
        members["complete"] = .bool(isComplete)
        members["edges"] = .object([
            "start": .string(startIsShown ? "shown" : "unproven"), "end": .string(endIsShown ? "shown" : "unproven"),
        ])
        members["refused"] = .object(refused.mapValues { .int($0) })
        members["dead_epochs"] = .int(deadEpochs)
        members["seals"] = .array(seals)
        members["runs"] = .array(
            runs.map { run in
                .object([
                    "node": .string(run.node), "epoch": .int(run.epoch), "first": .int(Int(run.first)), "last": .int(Int(run.last)),
                    "intents": .int(run.intents), "start": .string(run.start.rawValue), "end": .string(run.end),
                ])
            })
        return .object(members)
    }
}
