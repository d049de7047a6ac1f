package import WaybillCore

/// A vendor's own list of what it received, against what the log says was sent to it.
///
/// What was sent is held in memory, 24 bytes a transfer; the list is read line by line, however long. Give every line to `take`, then `finish`.
package struct Reconciliation {
    package static let transfersMax = 50_000_000
    /// Unknown ids that are looked for elsewhere in the log; more are only counted.
    package static let unknownMax = 1_000_000

    /// What one line of the list came to.
    package enum Verdict: String, Sendable, CaseIterable {
        case matched
        /// Matched by an earlier line already.
        case duplicate
        /// In the log, but sent to another vendor or outside the period.
        case elsewhere
        /// The log has no such transfer: it did not pass the gate.
        case neverSent = "never_sent"
        case unreadable
    }
    package enum Problem: Error, Sendable { case tooManyTransfers }

    private struct Sent {
        var key: (UInt64, UInt64)
        /// Position in `TransferOutcome.Result.allCases`; the one after the last: open.
        var ending: UInt8
        var isListed = false
    }
    private var sent: [Sent] = []
    private let logs: [any LogReader]
    private var unknown: [TransferKey: [Int]] = [:]
    package private(set) var counts: [Verdict: Int] = [:]

    /// Reads what was sent to `vendor` in the half-open period. `logs`: every shard, oldest first; no transfer is in two.
    package init(
        logs: [any LogReader], vendor: String, since: Timestamp?, until: Timestamp?, progress: (UInt64) -> Void = { _ in }
    ) throws {
        self.logs = logs
        for log in logs { try read(log, vendor, since, until, progress) }
    }

    private mutating func read(
        _ reader: any LogReader, _ vendor: String, _ since: Timestamp?, _ until: Timestamp?, _ progress: (UInt64) -> Void
    ) throws {
        let low = try since.map { try reader.firstEntry(notBefore: $0) } ?? 0
        let high = try until.map { try reader.firstEntry(notBefore: $0) } ?? .max
        var scratch = [CanonicalScanner.Member]()
        var endings: [(key: (UInt64, UInt64), ending: UInt8)] = []
        let wanted = Array("\"vendor\":\"\(vendor)\"".utf8)
        try reader.forEachEntry(from: low) { index, bytes in
            guard let key = TransferKey(endOf: bytes) else { return }
            let isHere = index < high && bytes.holds(wanted)
            guard isHere || bytes.holds(Self.outcomeMark), let entry = EntryReading(bytes, &scratch) else { return }
            switch entry.kindFast {
            case .intent where isHere && entry.string("vendor") == vendor:
                guard sent.count < Self.transfersMax else { throw Problem.tooManyTransfers }
                sent.append(Sent(key: key.words, ending: Self.open))
            case .outcome:
                guard let result = entry.string("res").flatMap({ TransferOutcome.Result(rawValue: $0) }) else { return }
                let position = TransferOutcome.Result.allCases.firstIndex(of: result) ?? Int(Self.open)
                endings.append((key.words, UInt8(position)))
                if endings.count >= 1_000_000 {
                    settle(&endings)
                    progress(index)
                }
            default: return
            }
        }
        settle(&endings)
    }

    private static let outcomeMark = Array("\"kind\":\"outcome\"".utf8)
    private static let open = UInt8(TransferOutcome.Result.allCases.count)

    /// A transfer that was decided again goes on under its id: the last outcome counts, and the id once.
    private mutating func settle(_ endings: inout [(key: (UInt64, UInt64), ending: UInt8)]) {
        sent.sort { $0.key < $1.key }
        var kept: [Sent] = []
        kept.reserveCapacity(sent.count)
        for each in sent where kept.last.map({ $0.key != each.key }) ?? true { kept.append(each) }
        sent = kept
        for (key, ending) in endings { if let at = position(of: key) { sent[at].ending = ending } }
        endings = []
    }

    private func position(of key: (UInt64, UInt64)) -> Int? {
        var (low, high) = (0, sent.count)
        while low < high {
            let middle = (low + high) / 2
            if sent[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low < sent.count && sent[low].key == key ? low : nil
    }

    package var sentCount: Int { sent.count }

    /// `line`: from 1. Nil: not known before `finish`.
    package mutating func take(_ id: TransferID?, line: Int) -> Verdict? {
        guard let id else { return count(.unreadable) }
        let key = TransferKey(id)
        guard let at = position(of: key.words) else {
            guard unknown[key] != nil || unknown.count < Self.unknownMax else { return count(.neverSent) }
            unknown[key, default: []].append(line)
            return nil
        }
        guard !sent[at].isListed else { return count(.duplicate) }
        sent[at].isListed = true
        return count(.matched)
    }

    private mutating func count(_ verdict: Verdict) -> Verdict {
        counts[verdict, default: 0] += 1
        return verdict
    }

    /// Looks through the whole log for ids that are not among those sent: in the order of their lines.
    package mutating func finish() throws -> [(line: Int, id: TransferID, verdict: Verdict)] {
        var elsewhere: Set<TransferKey> = []
        if !unknown.isEmpty {
            let mark = Array("\"kind\":\"intent\"".utf8)
            for log in logs {
                try log.forEachEntry(from: 0) { _, bytes in
                    guard let key = TransferKey(endOf: bytes), unknown[key] != nil, bytes.holds(mark) else { return }
                    elsewhere.insert(key)
                }
            }
        }
        var found: [(line: Int, id: TransferID, verdict: Verdict)] = []
        for (key, lines) in unknown {
            for (i, line) in lines.enumerated() {
                let verdict: Verdict = i > 0 ? .duplicate : elsewhere.contains(key) ? .elsewhere : .neverSent
                _ = count(verdict)
                found.append((line, key.xid, verdict))
            }
        }
        return found.sorted { $0.line < $1.line }
    }

    /// What was sent and the list lacks, by outcome (`open`: none yet).
    package var lacking: [String: Int] {
        var counts: [String: Int] = [:]
        for each in sent where !each.isListed { counts[Self.name(each.ending), default: 0] += 1 }
        return counts
    }

    /// Each of them, oldest first.
    package func forEachLacking(_ body: (_ id: TransferID, _ outcome: String) throws -> Void) rethrows {
        for each in sent where !each.isListed { try body(TransferKey(words: each.key).xid, Self.name(each.ending)) }
    }

    private static func name(_ ending: UInt8) -> String {
        ending < open ? TransferOutcome.Result.allCases[Int(ending)].rawValue : "open"
    }

    /// Something to be explained: what never passed the gate, what they took and do not list, or lines nobody can read. What failed, was
    /// given up or is still open may be missing, and a line given twice says nothing new.
    package var hasDifferences: Bool {
        let lacking = lacking
        return counts[.neverSent, default: 0] + counts[.unreadable, default: 0] + counts[.elsewhere, default: 0] > 0
            || lacking["ok", default: 0] + lacking["partial", default: 0] > 0
    }
}

extension TransferKey {
    /// `"xid":"…"}` ends every entry that has one.
    fileprivate init?(endOf entry: UnsafeRawBufferPointer) {
        guard entry.count > 46, entry[entry.count - 1] == 0x7d, entry[entry.count - 39] == 0x22 else { return nil }
        self.init(UnsafeRawBufferPointer(rebasing: entry[(entry.count - 38)..<(entry.count - 2)]))
    }

    fileprivate var words: (UInt64, UInt64) {
        let bytes = xid.bytes
        return (
            (0..<8).reduce(0) { $0 << 8 | UInt64(bytes[$1]) }, (8..<16).reduce(0) { $0 << 8 | UInt64(bytes[$1]) }
        )
    }

    fileprivate init(words: (UInt64, UInt64)) {
        self.init(
            TransferID(bytes: InlineArray { UInt8(truncatingIfNeeded: ($0 < 8 ? words.0 : words.1) >> UInt64(56 - 8 * ($0 % 8))) }))
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func holds(_ wanted: [UInt8]) -> Bool {
        guard count >= wanted.count, let first = wanted.first else { return false }
        for at in 0...(count - wanted.count) where self[at] == first {
            if self[at..<(at + wanted.count)].elementsEqual(wanted) { return true }
        }
        return false
    }
}
