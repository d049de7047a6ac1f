import WaybillCore

/// An intent or a denial, encoded and committed to, waiting for the writer. A class, because it goes through queues.
package final class PreparedTransfer: Sendable {
    let xid: TransferID
    let entry: EntryDraft
    /// `SideRecord.payload`
    let side: [UInt8]
    /// First-seen subjects whose rows may have to go with it, each with its sealed identifiers.
    let sightings: [(sighting: Sighting, sealed: [UInt8])]

    init(xid: TransferID, entry: EntryDraft, side: [UInt8], sightings: [(sighting: Sighting, sealed: [UInt8])]) {
        self.xid = xid
        self.entry = entry
        self.side = side
        self.sightings = sightings
    }
}

/// Turns drafts into entries on the caller's thread, so that the writer has little left to do.
final class DraftPreparation: Sendable {
    private let author: EntryAuthor
    private let keys: LogKeys
    private let sightings: Sightings
    private let random = RandomPool()

    init(author: EntryAuthor, keys: LogKeys, sightings: Sightings) {
        self.author = author
        self.keys = keys
        self.sightings = sightings
    }

    func intent(_ draft: TransferDraft) throws(RecordError) -> PreparedTransfer {
        var commitments = [SideRecord.Commitment]()
        var fresh = [(sighting: Sighting, sealed: [UInt8])]()
        for (position, subject) in draft.subjects.enumerated() {
            let (number, salt, sighting) = try number(subject)
            if let sighting { fresh.append(sighting) }
            let opening = LogKeys.opening(subjectKey: keys.subjectKey(salt: salt), xid: draft.xid)
            for identifier in subject.identifiers {
                let hash = LogKeys.commitment(opening: opening, identifier: identifier.bytes)
                commitments.append(
                    SideRecord.Commitment(hash: hash, number: number, position: UInt32(truncatingIfNeeded: position)))
            }
        }
        if commitments.count > 1 { commitments.sort { $0.hash < $1.hash } }
        let (bodyKey, body) = bodyHash(draft.body)
        return try finish(draft, .intent, commitments, bodyKey, body, SideRecord.root(of: commitments), fresh)
    }

    func denial(_ draft: TransferDraft) throws(RecordError) -> PreparedTransfer {
        try finish(draft, .denied, [], [], MerkleHashing.emptyRoot, MerkleHashing.emptyRoot, [])
    }

    private func finish(
        _ draft: TransferDraft, _ kind: EntryKind, _ commitments: [SideRecord.Commitment], _ bodyKey: [UInt8], _ body: TreeHash,
        _ subjectRoot: TreeHash, _ fresh: [(sighting: Sighting, sealed: [UInt8])]
    ) throws(RecordError) -> PreparedTransfer {
        let template = draft.shared.template(kind, author: author)
        let lineRoot = SideRecord.root(ofLines: template.lines, key: keys.decisionKey(xid: draft.xid))
        let all = DraftCommitments(body: body, subjectCount: commitments.count, subjectRoot: subjectRoot, lineRoot: lineRoot)
        let entry = template.entry(draft, all)
        guard entry.bytesMax <= EntryForm.entryBytesMax else {
            throw RecordError(
                code: .tooLarge,
                message:
                    "The log entry would exceed \(EntryForm.entryBytesMax) bytes; let fewer fields apply to one request."
            )
        }
        return PreparedTransfer(
            xid: draft.xid, entry: entry,
            side: SideRecord.payload(commitments: commitments, bodyKey: bodyKey, lines: template.encodedLines),
            sightings: fresh)
    }

    private func number(
        _ subject: TransferDraft.Subject
    ) throws(RecordError) -> (UInt32, InlineArray<16, UInt8>, (sighting: Sighting, sealed: [UInt8])?) {
        if let number = subject.number { return (number, subject.salt, nil) }
        let fingerprints = subject.identifiers.map { keys.fingerprint($0) }
        guard let (number, salt, isNew) = sightings.resolve(fingerprints, salt: subject.salt) else {
            throw RecordError(code: .overloaded, message: "No subject numbers are left; import the subjects before sending them.")
        }
        guard isNew else { return (number, salt, nil) }
        do {
            let sealed = try keys.seal(subject.identifiers, number: number, salt: salt)
            return (number, salt, (Sighting(number: number, salt: salt, fingerprints: fingerprints), sealed))
        } catch {
            throw RecordError(code: .closed, message: "A first-seen subject could not be sealed; check the master key.")
        }
    }

    /// HMAC under a random key that stands in the side record: whoever has the body and the key can check it, nobody can guess it.
    private func bodyHash(_ body: [UInt8]) -> (key: [UInt8], hash: TreeHash) {
        // HMAC itself fills a key of 16 bytes up with zeros.
        let random = random.draw()
        let key = TreeHash { bytes in bytes.storeBytes(of: random, as: RandomPool.Draw.self) }
        return (key.withBytes { Array($0.prefix(16)) }, KeyedHash.mac(key: key, body))
    }
}
