/// A request's head as the gate sees it: base-URL prefix and proxy form already removed.
package struct RequestHead: Sendable {
    package var vendor: String
    /// From `/to/{vendor}@{host}/…`; nil: the vendor's first destination.
    package var host: String?
    /// Stands before `host`: exactly this one, because the caller addressed it itself (proxy form).
    package var destination: Vendor.Destination?
    package var method: String
    /// Path and query, raw bytes, beginning with `/`.
    package var target: [UInt8]
    package var contentType: String?
    package var contentEncoding: String?
    /// `Waybill-Purpose`, as received.
    package var purpose: String?
    package var hasBody: Bool
    /// The caller signed the body (SigV4, Content-MD5, Digest): it cannot be changed.
    package var isBodySigned: Bool
    package init(
        vendor: String, host: String?, destination: Vendor.Destination? = nil, method: String, target: [UInt8], contentType: String?,
        contentEncoding: String?, purpose: String?, hasBody: Bool, isBodySigned: Bool = false
    ) {
        self.vendor = vendor
        self.host = host
        self.destination = destination
        self.method = method
        self.target = target
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.purpose = purpose
        self.hasBody = hasBody
        self.isBodySigned = isBodySigned
    }
}

/// A head that may be followed by a body. A class, because every step of an exchange looks at it.
package final class Admission: Sendable {
    package let head: RequestHead
    package let xid: TransferID
    package let caller: CallerID
    package let vendor: VendorID
    package let destination: Vendor.Destination
    package let match: EndpointMatcher.Match
    package let coding: ContentCoding
    package let purposes: [PurposeID]
    package let unknownPurpose: Bool

    init(
        head: RequestHead, xid: TransferID, caller: CallerID, vendor: VendorID, destination: Vendor.Destination,
        match: EndpointMatcher.Match, coding: ContentCoding, purposes: [PurposeID], unknownPurpose: Bool
    ) {
        self.head = head
        self.xid = xid
        self.caller = caller
        self.vendor = vendor
        self.destination = destination
        self.match = match
        self.coding = coding
        self.purposes = purposes
        self.unknownPurpose = unknownPurpose
    }
}

package enum Judgement: Sendable {
    /// Look these up in the store, then judge again.
    case refresh([Identifier])
    case send(Shipment)
}

/// A request that may leave once its draft is in the log. A class: it is large, and handed on at every step of an exchange.
package final class Shipment: Sendable {
    /// Its `body` is what leaves.
    package let draft: TransferDraft
    package let outcome: Outcome
    package let destination: Vendor.Destination
    package let endpoint: EndpointID
    package let verdicts: [RecordVerdict]
    package let sentCount: Int
    package let heldCount: Int
    package let deniedCount: Int
    /// Every subject looked up, as found: if one has changed when the log has committed, the transfer is aborted and judged again.
    package let basedOn: [(identifier: Identifier, number: UInt32?, profile: UInt32?, born: Day?)]
    /// Per agreement with a volume limit: what this shipment uses of it.
    package let volumes: [VolumeUse]
    let decisions: [SharedDecision]
    package let reports: [ReductionReport]

    init(
        draft: TransferDraft, outcome: Outcome, destination: Vendor.Destination, endpoint: EndpointID, verdicts: [RecordVerdict],
        sentCount: Int, heldCount: Int, deniedCount: Int,
        basedOn: [(identifier: Identifier, number: UInt32?, profile: UInt32?, born: Day?)],
        volumes: [VolumeUse], decisions: [SharedDecision], reports: [ReductionReport]
    ) {
        self.draft = draft
        self.outcome = outcome
        self.destination = destination
        self.endpoint = endpoint
        self.verdicts = verdicts
        self.sentCount = sentCount
        self.heldCount = heldCount
        self.deniedCount = deniedCount
        self.basedOn = basedOn
        self.volumes = volumes
        self.decisions = decisions
        self.reports = reports
    }
}

extension Shipment {
    /// No agreement it rests on has ended since it was judged; the vendor's connection may have taken seconds.
    package func restsOnAgreements(of policy: PolicySet, inForceAt now: Timestamp) -> Bool {
        decisions.allSatisfy { shared in
            shared.decision.applied.allSatisfy { policy.agreements[$0.agreement.position].until.map { now < $0 } ?? true }
        }
    }
}

/// What one shipment uses of an agreement's daily volume.
package struct VolumeUse: Sendable {
    package var agreement: AgreementID
    package var records: Int
    /// Known subjects by number; those first seen count one each in `newSubjects`.
    package var subjects: [UInt32]
    package var newSubjects: Int
}
