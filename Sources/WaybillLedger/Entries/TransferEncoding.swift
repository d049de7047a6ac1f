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
        var b = [UInt8]()
        b.reserveCapacity(1_024)
        b.appendBeforeSequence(draft, kind, author, commitments)
        nseqAt = b.count
        b.appendBeforeTime(draft, kind, commitments)
        timeAt = b.count
        b.append("\",\"v\":1,\"vendor\":")
        b.append(json: draft.vendor)
        if kind == .intent {
            b.append(",\"vseq\":")
            vseqAt = b.count
        }
        b.append(",\"xid\":\"")
        b.append(xid: draft.xid)
        b.append("\"}")
        bytes = b
        self.kind = kind
        vendor = draft.vendor
    }
}

// Each function goes on where the one before stopped: at a value that only the writer knows.
extension [UInt8] {
    fileprivate mutating func appendBeforeSequence(
        _ draft: TransferDraft, _ kind: EntryKind, _ author: EntryAuthor, _ commitments: DraftCommitments
    ) {
        append("{\"basis\":")
        append(json: draft.bases)
        if kind == .intent {
            append(",\"body\":")
            append(hex: commitments.body)
            append(",\"bytes\":")
            append(json: draft.body.count)
        }
        append(",\"caller\":")
        append(json: draft.caller)
        append(",\"codes\":")
        append(codes: draft.codes)
        append(",\"cseq\":")
        append(json: Int(draft.consentSequence))
        append(",\"dec\":")
        append(count: commitments.lineCount, root: commitments.lineRoot)
        append(",\"dropped\":{\"fields\":")
        append(json: draft.droppedFields)
        append(",\"n\":")
        append(json: draft.droppedMembers)
        append("},\"dst\":")
        append(json: draft.destination)
        append(",\"endp\":")
        append(json: draft.endpoint)
        append(",\"ep\":")
        append(json: author.epoch)
        append(",\"fields\":")
        append(json: draft.fields)
        append(kind == .intent ? ",\"kind\":\"intent\",\"log\":" : ",\"kind\":\"denied\",\"log\":")
        append(json: author.origin)
        append(",\"mech\":")
        append(json: draft.mechanisms)
        append(",\"n\":")
        append(json: draft.recordCount)
        append(",\"nd\":")
        append(json: draft.deniedCount)
        append(",\"node\":")
        append(json: author.node)
        append(",\"nseq\":")
    }

    fileprivate mutating func appendBeforeTime(_ draft: TransferDraft, _ kind: EntryKind, _ commitments: DraftCommitments) {
        append(",\"op\":")
        append(json: draft.method)
        append(",\"pol\":")
        append(agreements: draft.agreements)
        append(",\"pset\":")
        append(json: draft.policyDigest)
        append(",\"purposes\":")
        append(json: draft.purposes)
        append(",\"regimes\":")
        append(json: draft.regimes)
        append(",\"region\":")
        append(json: draft.region)
        append(",\"route\":")
        append(json: draft.route)
        if kind == .intent {
            append(",\"subj\":")
            append(count: commitments.subjectCount, root: commitments.subjectRoot)
        }
        append(",\"t\":\"")
    }

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
