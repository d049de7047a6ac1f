/// The members each kind has, packed as the scanner packs them, in their order.
enum EntryKeys {
    static let intent = pack([
        "basis", "body", "bytes", "caller", "codes", "cseq", "dec", "dropped", "dst", "endp", "ep", "fields", "kind", "log", "mech", "n",
        "nd",
        "node", "nseq", "op", "pol", "pset", "purposes", "regimes", "region", "route", "subj", "t", "v", "vendor", "vseq", "xid",
    ])
    static let denied = pack([
        "basis", "caller", "codes", "cseq", "dec", "dropped", "dst", "endp", "ep", "fields", "kind", "log", "mech", "n", "nd", "node",
        "nseq", "op",
        "pol", "pset", "purposes", "regimes", "region", "route", "t", "v", "vendor", "xid",
    ])
    static let outcome = pack(["ep", "http", "il", "kind", "log", "ms", "node", "nseq", "res", "sent", "t", "v", "xid"])
    static let outcomeWithReason = pack(["ep", "http", "il", "kind", "log", "ms", "node", "nseq", "reason", "res", "sent", "t", "v", "xid"])
    static let seal = pack(["ep", "heads", "kind", "log", "node", "nseq", "of", "refused", "t", "v", "why"])
    static let config = pack(["act", "d", "ep", "kind", "log", "node", "nseq", "t", "v"])
    static let keychange = pack(["ep", "kind", "log", "new", "node", "nseq", "old", "t", "v"])
    static let erasure = pack(["ep", "kind", "log", "n", "node", "nseq", "t", "tomb", "v"])

    static func fit(_ members: [CanonicalScanner.Member], _ kind: EntryKind) -> Bool {
        switch kind {
        case .intent: same(members, intent)
        case .outcome: same(members, outcome) || same(members, outcomeWithReason)
        case .denied: same(members, denied)
        case .seal: same(members, seal)
        case .config: same(members, config)
        case .keychange: same(members, keychange)
        case .erasure: same(members, erasure)
        }
    }

    private static func same(_ members: [CanonicalScanner.Member], _ names: [UInt64]) -> Bool {
        guard members.count == names.count else { return false }
        for i in 0..<names.count where members[i].name != names[i] { return false }
        return true
    }

    private static func pack(_ names: [StaticString]) -> [UInt64] { names.map(CanonicalScanner.pack) }
}
