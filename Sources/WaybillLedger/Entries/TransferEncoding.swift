import WaybillCore

/// What a draft commits to, beside its own text.
struct DraftCommitments {
    /// Keyed hash of the body as sent.
    var body: TreeHash
    var subjectCount: Int
    var subjectRoot: TreeHash
    var lineCount: Int
    var lineRoot: TreeHash
}

extension EntryDraft {
    /// An `intent` (with commitments to body and subjects) or a `denied` entry (without: nothing was disclosed).
    ///
    /// Keys in ASCII order, as the form wants them; nothing here comes from a record but field ids and counts.
    init(_ draft: TransferDraft, kind: EntryKind, author: EntryAuthor, commitments: DraftCommitments) {
        let isIntent = kind == .intent
        var b = [UInt8]()
        b.reserveCapacity(1_024)
        b.append("{\"basis\":")
        b.append(json: draft.bases)
        if isIntent {
            b.append(",\"body\":")
            b.append(hex: commitments.body)
            b.append(",\"bytes\":")
            b.append(json: draft.body.count)
        }
        b.append(",\"caller\":")
        b.append(json: draft.caller)
        b.append(",\"codes\":")
        b.append(codes: draft.codes)
        b.append(",\"cseq\":")
        b.append(json: Int(draft.consentSequence))
        b.append(",\"dec\":")
        b.append(count: commitments.lineCount, root: commitments.lineRoot)
        b.append(",\"dropped\":{\"fields\":")
        b.append(json: draft.droppedFields)
        b.append(",\"n\":")
        b.append(json: draft.droppedMembers)
        b.append("},\"dst\":")
        b.append(json: draft.destination)
        b.append(",\"endp\":")
        b.append(json: draft.endpoint)
        b.append(",\"ep\":")
        b.append(json: author.epoch)
        b.append(",\"fields\":")
        b.append(json: draft.fields)
        b.append(isIntent ? ",\"kind\":\"intent\",\"log\":" : ",\"kind\":\"denied\",\"log\":")
        b.append(json: author.origin)
        b.append(",\"mech\":")
        b.append(json: draft.mechanisms)
        b.append(",\"n\":")
        b.append(json: draft.recordCount)
        b.append(",\"nd\":")
        b.append(json: draft.deniedCount)
        b.append(",\"node\":")
        b.append(json: author.node)
        b.append(",\"nseq\":")
        nseqAt = b.count
        b.append(",\"op\":")
        b.append(json: draft.method)
        b.append(",\"pol\":")
        b.append(agreements: draft.agreements)
        b.append(",\"pset\":")
        b.append(json: draft.policyDigest)
        b.append(",\"purposes\":")
        b.append(json: draft.purposes)
        b.append(",\"regimes\":")
        b.append(json: draft.regimes)
        b.append(",\"region\":")
        b.append(json: draft.region)
        b.append(",\"route\":")
        b.append(json: draft.route)
        if isIntent {
            b.append(",\"subj\":")
            b.append(count: commitments.subjectCount, root: commitments.subjectRoot)
        }
        b.append(",\"t\":\"")
        timeAt = b.count
        b.append("\",\"v\":1,\"vendor\":")
        b.append(json: draft.vendor)
        if isIntent {
            b.append(",\"vseq\":")
            vseqAt = b.count
        }
        xid = Array(draft.xid.description.utf8)
        b.append(",\"xid\":\"")
        b.append(contentsOf: xid)
        b.append("\"}")
        bytes = b
        self.kind = kind
        vendor = draft.vendor
    }
}

extension [UInt8] {
    fileprivate mutating func append(codes: [ReasonCode: Int]) {
        append(0x7b)
        for (i, code) in codes.sorted(by: { $0.key.rawValue.utf8.lexicographicallyPrecedes($1.key.rawValue.utf8) }).enumerated() {
            if i > 0 { append(0x2c) }
            append(json: code.key.rawValue)
            append(0x3a)
            append(json: code.value)
        }
        append(0x7d)
    }

    fileprivate mutating func append(agreements: [(id: String, version: Int, digest: String)]) {
        append(0x5b)
        for (i, agreement) in agreements.enumerated() {
            append(i > 0 ? ",{\"h\":" : "{\"h\":")
            append(json: agreement.digest)
            append(",\"id\":")
            append(json: agreement.id)
            append(",\"ver\":")
            append(json: agreement.version)
            append(0x7d)
        }
        append(0x5d)
    }

    fileprivate mutating func append(count: Int, root: TreeHash) {
        append("{\"n\":")
        append(json: count)
        append(",\"root\":")
        append(hex: root)
        append(0x7d)
    }
}
