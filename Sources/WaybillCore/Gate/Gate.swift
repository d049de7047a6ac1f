/// The pipeline from a request to what may leave, without any I/O: the proxy, `waybill decide` and `waybill test` all call this.
///
/// `admit` needs only the head (so that a body that cannot pass is not awaited), `judge` the whole body.
package struct Gate: Sendable {
    package let policy: PolicySet
    package let subjects: any SubjectLookup
    package let keys: GateKeys
    package let limits: BodyLimits
    package init(policy: PolicySet, subjects: any SubjectLookup, keys: GateKeys, limits: BodyLimits = BodyLimits()) {
        self.policy = policy
        self.subjects = subjects
        self.keys = keys
        self.limits = limits
    }

    /// Caller, vendor, destination, endpoint, media type and coding. Throws the answer if one of them does not pass.
    package func admit(_ head: RequestHead, caller: CallerID, xid: TransferID) throws(Refusal) -> Admission {
        throw Refusal(status: 503, code: "policy_unavailable", title: "", detail: "")
    }

    /// Decodes, scans, decides every record, reduces and proves.
    package func judge(_ admission: Admission, body: [UInt8], standing: Standing, now: Timestamp, reporting: Bool = false) throws(Refusal) -> Judgement {
        throw Refusal(status: 503, code: "policy_unavailable", title: "", detail: "")
    }
}

/// A request's head as the gate sees it: base-URL prefix and proxy form already removed.
package struct RequestHead: Sendable {
    package var vendor: String
    /// From `/to/{vendor}@{host}/…`; nil: the vendor's first destination.
    package var host: String?
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
        vendor: String, host: String?, method: String, target: [UInt8], contentType: String?, contentEncoding: String?, purpose: String?,
        hasBody: Bool, isBodySigned: Bool = false
    ) {
        self.vendor = vendor
        self.host = host
        self.method = method
        self.target = target
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.purpose = purpose
        self.hasBody = hasBody
        self.isBodySigned = isBodySigned
    }
}

package struct Admission: Sendable {
    package var head: RequestHead
    package var xid: TransferID
    package var caller: CallerID
    package var vendor: VendorID
    package var destination: Vendor.Destination
    package var match: EndpointMatcher.Match
    package var coding: ContentCoding
    package var purposes: [PurposeID]
    package var unknownPurpose: Bool
}

package enum Judgement: Sendable {
    /// Look these up in the store, then judge again.
    case refresh([Identifier])
    case send(Shipment)
}

/// A request that may leave once its draft is in the log.
package struct Shipment: Sendable {
    package var draft: TransferDraft
    package var outcome: Outcome
    package var destination: Vendor.Destination
    package var endpoint: EndpointID
    package var verdicts: [RecordVerdict]
    package var sentCount: Int
    package var heldCount: Int
    package var deniedCount: Int
    /// Every subject looked up, as found: if one has changed when the log has committed, the transfer is aborted and judged again.
    package var basedOn: [(identifier: Identifier, number: UInt32?, profile: UInt32?)]
    package var reports: [ReductionReport]
}

/// The keys the pipeline itself needs, derived once.
package struct GateKeys: Sendable {
    package let keyring: Keyring
    package init(keyring: Keyring) { self.keyring = keyring }
}
