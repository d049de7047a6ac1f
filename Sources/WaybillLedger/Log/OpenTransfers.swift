import WaybillCore

/// Committed intents that have no outcome yet.
struct OpenTransfers: Sendable {
    struct Intent: Sendable {
        var index: UInt64
        var leaf: TreeHash
    }
    private var byKey: [TransferKey: Intent] = [:]
    /// In order of entry; closed ones are skipped lazily.
    private var order: [(index: UInt64, key: TransferKey)] = []
    private var head = 0

    subscript(xid: TransferID) -> Intent? { byKey[TransferKey(xid)] }

    mutating func open(_ xid: TransferID, _ intent: Intent) {
        let key = TransferKey(xid)
        byKey[key] = intent
        order.append((intent.index, key))
    }

    mutating func close(_ xid: TransferID) {
        byKey[TransferKey(xid)] = nil
        while head < order.count, byKey[order[head].key]?.index != order[head].index { head += 1 }
        guard head > 4_096, head * 2 > order.count else { return }
        order.removeFirst(head)
        head = 0
    }

    /// No intent below `size`, once `closing` are closed, is without outcome before this index.
    func oldest(closing: Set<TransferKey>, size: UInt64) -> UInt64 {
        var at = head
        while at < order.count {
            let (index, key) = order[at]
            if byKey[key]?.index == index, !closing.contains(key) { return index }
            at += 1
        }
        return size
    }
}

/// A transfer's id as two words, for dictionaries.
struct TransferKey: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64
    init(_ xid: TransferID) {
        (high, low) = withUnsafeBytes(of: xid.bytes) {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
    }
}
