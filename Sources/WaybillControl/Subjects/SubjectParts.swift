package import WaybillCore
package import WaybillLedger

/// Finds what was disclosed of one person, beside the gate.
package protocol DisclosureFinding: Sendable {
    /// Newest first; nothing of somebody who is not known.
    func disclosures(of identifier: Identifier, limit: Int, from cursor: ExportCursor?) async throws(ControlFailure) -> DisclosurePage
}

package struct DisclosurePage: Sendable {
    package var items: [TransferFinder.Disclosure]
    package var next: ExportCursor?
    /// Who was in transfers before that is not kept any more; nil: everything is there.
    package var prunedBefore: Timestamp?
    package init(items: [TransferFinder.Disclosure] = [], next: ExportCursor? = nil, prunedBefore: Timestamp? = nil) {
        self.items = items
        self.next = next
        self.prunedBefore = prunedBefore
    }
}

/// Carries out an erasure in its two steps.
package protocol SubjectErasing: Sendable {
    /// As `waybill subject erase` answers. Without `isConfirmed`: nothing about the person leaves any more, and who received something.
    func erase(_ identifier: Identifier, isConfirmed: Bool) async throws(ControlFailure) -> JSONValue
}

/// What `SubjectDesk` is made of.
package struct SubjectParts: Sendable {
    package var records: any SubjectRecords
    package var register: any SubjectRegister
    package var disclosures: any DisclosureFinding
    package var erasing: any SubjectErasing
    package var ids: OpaqueIDs
    package var links: PersonLinks
    /// In force; nil: none could be loaded.
    package var policy: @Sendable () -> PolicySet?
    package var enter: @Sendable (LogNotice) async throws(RecordError) -> UInt64
    /// The key that commitments to a subject are made with.
    package var subjectKey: @Sendable (InlineArray<16, UInt8>) -> TreeHash
    /// Signs a text as the log signs notes; the signature line and the key that checks it.
    package var sign: @Sendable (String) throws -> (signature: String, key: String)
    package var random: @Sendable () -> WaybillCore.Fingerprint
    package var clock: @Sendable () -> Timestamp
    /// Under which people reach the control listener, without a slash at its end; nil: not configured.
    package var publicURL: String?

    package init(
        records: any SubjectRecords, register: any SubjectRegister, disclosures: any DisclosureFinding, erasing: any SubjectErasing,
        ids: OpaqueIDs, links: PersonLinks, policy: @escaping @Sendable () -> PolicySet?,
        enter: @escaping @Sendable (LogNotice) async throws(RecordError) -> UInt64,
        subjectKey: @escaping @Sendable (InlineArray<16, UInt8>) -> TreeHash,
        sign: @escaping @Sendable (String) throws -> (signature: String, key: String),
        random: @escaping @Sendable () -> WaybillCore.Fingerprint, clock: @escaping @Sendable () -> Timestamp, publicURL: String?
    ) {
        self.records = records
        self.register = register
        self.disclosures = disclosures
        self.erasing = erasing
        self.ids = ids
        self.links = links
        self.policy = policy
        self.enter = enter
        self.subjectKey = subjectKey
        self.sign = sign
        self.random = random
        self.clock = clock
        self.publicURL = publicURL
    }
}
