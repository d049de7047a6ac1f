import Synchronization
import WaybillCore

/// What a draft commits to, beside its own text.
struct DraftCommitments {
    /// Keyed hash of the body as sent.
    var body: TreeHash
    var subjectCount: Int
    var subjectRoot: TreeHash
    var lineRoot: TreeHash
}

/// An `intent` (with commitments to body and subjects) or a `denied` entry (without: nothing was disclosed), all but what differs from
/// one transfer to the next: written once for the terms that many drafts share.
///
/// Keys in ASCII order, as the form wants them; nothing here comes from a record but field ids and counts.
final class EntryTemplate: Sendable {
    /// What has to be filled in, in this order. The writer fills in the last four but one.
    enum Gap { case body, byteCount, consentSequence, lineRoot, droppedMembers, nseq, subjectCount, subjectRoot, time, vseq, xid }

    let author: EntryAuthor
    let kind: EntryKind
    let vendor: String
    /// Of the draft's records: canonical JSON.
    let lines: [[UInt8]]
    let encodedLines: SideRecord.EncodedLines
    private let text: [UInt8]
    private let gaps: [(at: Int, gap: Gap)]

    init(_ terms: DraftTerms, kind: EntryKind, author: EntryAuthor) {
        self.author = author
        self.kind = kind
        vendor = terms.vendor
        lines = terms.lines.map(\.bytes)
        encodedLines = SideRecord.EncodedLines(lines)
        var writer = TemplateWriter()
        writer.appendBeforeSequence(terms, kind, author)
        writer.appendBehindSequence(terms, kind)
        (text, gaps) = (writer.text, writer.gaps)
    }

    func entry(_ draft: TransferDraft, _ commitments: DraftCommitments) -> EntryDraft {
        var b: [UInt8] = []
        b.reserveCapacity(text.count + 384)
        var entry = EntryDraft(kind: kind, bytes: [], nseqAt: 0, timeAt: 0, vseqAt: nil, vendor: vendor)
        text.withUnsafeBufferPointer { text in
            var copied = 0
            for (at, gap) in gaps {
                b.append(contentsOf: UnsafeBufferPointer(rebasing: text[copied..<at]))
                copied = at
                switch gap {
                case .body: b.append(hexDigits: commitments.body)
                case .byteCount: b.append(json: draft.body.count)
                case .consentSequence: b.append(json: Int(draft.consentSequence))
                case .lineRoot: b.append(hexDigits: commitments.lineRoot)
                case .droppedMembers: b.append(json: draft.droppedMembers)
                case .nseq: entry.nseqAt = b.count
                case .subjectCount: b.append(json: commitments.subjectCount)
                case .subjectRoot: b.append(hexDigits: commitments.subjectRoot)
                case .time: entry.timeAt = b.count
                case .vseq: entry.vseqAt = b.count
                case .xid: b.append(xid: draft.xid)
                }
            }
            b.append(contentsOf: UnsafeBufferPointer(rebasing: text[copied...]))
        }
        entry.bytes = b
        return entry
    }
}

extension TransferDraft.SharedTerms {
    /// As it was written before by this author, or anew.
    func template(_ kind: EntryKind, author: EntryAuthor) -> EntryTemplate {
        written.withLock { written in
            if let known = written as? EntryTemplate, known.kind == kind, known.author == author { return known }
            let template = EntryTemplate(terms, kind: kind, author: author)
            written = template
            return template
        }
    }
}

/// Each function goes on where the one before stopped.
private struct TemplateWriter {
    var text: [UInt8] = []
    var gaps: [(at: Int, gap: EntryTemplate.Gap)] = []

    mutating func leave(_ gap: EntryTemplate.Gap) { gaps.append((text.count, gap)) }

    mutating func appendBeforeSequence(_ terms: DraftTerms, _ kind: EntryKind, _ author: EntryAuthor) {
        text.append("{\"basis\":")
        text.append(json: terms.bases)
        if kind == .intent {
            text.append(",\"body\":\"")
            leave(.body)
            text.append("\",\"bytes\":")
            leave(.byteCount)
        }
        text.append(",\"caller\":")
        text.append(json: terms.caller)
        text.append(",\"codes\":")
        text.append(codes: terms.codes)
        text.append(",\"cseq\":")
        leave(.consentSequence)
        text.append(",\"dec\":{\"n\":")
        text.append(json: terms.lines.count)
        text.append(",\"root\":\"")
        leave(.lineRoot)
        text.append("\"},\"dropped\":{\"fields\":")
        text.append(json: terms.droppedFields)
        text.append(",\"n\":")
        leave(.droppedMembers)
        text.append("},\"dst\":")
        text.append(json: terms.destination)
        text.append(",\"endp\":")
        text.append(json: terms.endpoint)
        text.append(",\"ep\":")
        text.append(json: author.epoch)
        text.append(",\"fields\":")
        text.append(json: terms.fields)
        text.append(kind == .intent ? ",\"kind\":\"intent\",\"log\":" : ",\"kind\":\"denied\",\"log\":")
        text.append(json: author.origin)
        text.append(",\"mech\":")
        text.append(json: terms.mechanisms)
        text.append(",\"n\":")
        text.append(json: terms.recordCount)
        text.append(",\"nd\":")
        text.append(json: terms.deniedCount)
        text.append(",\"node\":")
        text.append(json: author.node)
        text.append(",\"nseq\":")
        leave(.nseq)
    }

    mutating func appendBehindSequence(_ terms: DraftTerms, _ kind: EntryKind) {
        text.append(",\"op\":")
        text.append(json: terms.method)
        text.append(",\"pol\":")
        text.append(agreements: terms.agreements)
        text.append(",\"pset\":")
        text.append(json: terms.policyDigest)
        text.append(",\"purposes\":")
        text.append(json: terms.purposes)
        text.append(",\"regimes\":")
        text.append(json: terms.regimes)
        text.append(",\"region\":")
        text.append(json: terms.region)
        text.append(",\"route\":")
        text.append(json: terms.route)
        if kind == .intent {
            text.append(",\"subj\":{\"n\":")
            leave(.subjectCount)
            text.append(",\"root\":\"")
            leave(.subjectRoot)
            text.append("\"}")
        }
        text.append(",\"t\":\"")
        leave(.time)
        text.append("\",\"v\":1,\"vendor\":")
        text.append(json: terms.vendor)
        if kind == .intent {
            text.append(",\"vseq\":")
            leave(.vseq)
        }
        text.append(",\"xid\":\"")
        leave(.xid)
        text.append("\"}")
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
}
