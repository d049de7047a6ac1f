/// Intents and the outcomes that close them, in a package: counts, what is open, what nobody knows the end of.
struct TransferPairs {
    private(set) var intents = 0
    private var open: [TransferKey: OpenTransfers.Intent] = [:]
    private var unknown: [(index: UInt64, intent: UInt64)] = []

    var hasOpen: Bool { !open.isEmpty }
    func isOpen(_ key: TransferKey) -> Bool { open[key] != nil }
    var openIndexes: [UInt64] { open.values.map(\.index).sorted() }
    var unknownCount: Int { unknown.count }

    mutating func take(intent entry: EntryReading, _ index: UInt64, _ leaf: TreeHash) -> String? {
        guard let key = entry.text("xid").flatMap({ TransferKey($0) }) else { return "The intent is incomplete." }
        guard open.updateValue(OpenTransfers.Intent(index: index, leaf: leaf), forKey: key) == nil else {
            return "The transfer already has an intent without an outcome."
        }
        intents += 1
        return nil
    }

    mutating func take(outcome entry: EntryReading, _ index: UInt64) -> String? {
        guard let key = entry.text("xid").flatMap({ TransferKey($0) }), let intent = open.removeValue(forKey: key) else {
            return "The outcome's intent is not in the package."
        }
        guard let leaf = entry.text("il").flatMap({ TreeHash(hexDigits: $0) }), leaf == intent.leaf else {
            return "The outcome does not cite its intent's leaf hash."
        }
        if let result = entry.text("res"), result.elementsEqual("unknown".utf8) { unknown.append((index, intent.index)) }
        return nil
    }

    /// Members of `gaps.json`.
    var members: [String: CanonicalValue] {
        [
            "intents": .int(intents), "open": .array(openIndexes.map { .int(Int($0)) }),
            "unknown": .array(unknown.map { .object(["index": .int(Int($0.index)), "intent": .int(Int($0.intent))]) }),
        ]
    }
}
