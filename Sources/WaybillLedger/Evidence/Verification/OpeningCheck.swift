import WaybillCore

/// One line of `openings.ndjson` against its intent.
enum OpeningCheck {
    /// Nil: the commitments and decision lines are those of the intent, and `r` opens what it is said to open.
    static func fault(_ line: [UInt8], intent: EntryReading, index: UInt64) -> String? {
        guard let members = CanonicalParser.parse(line)?.members, let subjects = members["subjects"]?.values,
            let decisions = members["decisions"]?.members, let all = hashes(members["commitments"]), let root = intent.root("subj")
        else { return "The opening is not in its form." }
        guard members["index"]?.integer == Int(index), let xid = members["xid"]?.text, intent.text("xid")?.elementsEqual(xid.utf8) == true
        else {
            return "The opening is of another transfer."
        }
        let commitments = all.map { SideRecord.Commitment(hash: $0, number: 0) }
        guard root.count == UInt64(all.count), SideRecord.root(of: commitments) == root.root else {
            return "The commitments do not give the intent's subj.root."
        }
        for subject in subjects {
            if let fault = fault(subject, among: Set(all)) { return fault }
        }
        return linesFault(decisions, intent)
    }

    private static func fault(_ subject: CanonicalValue, among all: Set<TreeHash>) -> String? {
        guard let members = subject.members, let r = members["r"]?.text.flatMap(hash), let named = members["named"]?.values,
            let own = hashes(members["commitments"]).map({ Set($0) })
        else { return "The opening is not in its form." }
        guard !own.isEmpty, own.isSubset(of: all) else { return "A commitment of the person is not one of the transfer's." }
        for name in named {
            guard let id = name.members?["id"]?.text, let c = name.members?["c"]?.text.flatMap(hash), own.contains(c),
                LogKeys.commitment(opening: r, identifier: Array(id.utf8)) == c
            else { return "The value r does not open the commitment it is said to open." }
        }
        return nil
    }

    /// Lines that were pruned are not there, which is no fault.
    private static func linesFault(_ decisions: [String: CanonicalValue], _ intent: EntryReading) -> String? {
        guard let key = decisions["key"]?.text.flatMap(hash), let lines = decisions["lines"]?.values, let root = intent.root("dec") else {
            return "The opening is not in its form."
        }
        if lines.isEmpty { return nil }
        let macs = lines.compactMap { $0.text == nil ? KeyedHash.mac(key: key, $0.bytes) : $0.text.flatMap(hash) }
        guard macs.count == lines.count, root.count == UInt64(macs.count),
            MerkleHashing.root(of: macs.map { MerkleHashing.leaf($0.bytes) }) == root.root
        else { return "The decision lines do not give the intent's dec.root." }
        return nil
    }

    private static func hash(_ text: String) -> TreeHash? {
        var text = text
        return text.withUTF8 { TreeHash(hexDigits: UnsafeRawBufferPointer($0)) }
    }

    private static func hashes(_ value: CanonicalValue?) -> [TreeHash]? {
        guard let values = value?.values else { return nil }
        let hashes = values.compactMap { $0.text.flatMap(hash) }
        return hashes.count == values.count ? hashes : nil
    }
}
