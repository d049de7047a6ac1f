package import Synchronization

/// What a draft says that does not differ between two records alike: names, versions and counts, none of it personal.
package struct DraftTerms: Sendable {
    package var caller: String
    package var vendor: String
    package var destination: String
    package var region: String
    package var method: String
    /// Endpoint id.
    package var endpoint: String
    /// The path template, never the real path.
    package var route: String
    package var purposes: [String]
    package var regimes: [String]
    package var bases: [String]
    package var mechanisms: [String]
    /// Agreement versions that permitted, `(id, version, digest of its file)`.
    package var agreements: [(id: String, version: Int, digest: String)]
    package var policyDigest: String
    /// Field ids sent.
    package var fields: [String]
    /// Field ids dropped.
    package var droppedFields: [String]
    package var codes: [ReasonCode: Int]
    /// Records sent (intents), or examined (denials).
    package var recordCount: Int
    package var deniedCount: Int
    package var lines: [TransferDraft.RecordLine]

    package init(
        caller: String, vendor: String, destination: String, region: String, method: String, endpoint: String, route: String,
        purposes: [String], regimes: [String], bases: [String], mechanisms: [String],
        agreements: [(id: String, version: Int, digest: String)], policyDigest: String, fields: [String], droppedFields: [String],
        codes: [ReasonCode: Int], recordCount: Int, deniedCount: Int, lines: [TransferDraft.RecordLine]
    ) {
        self.caller = caller
        self.vendor = vendor
        self.destination = destination
        self.region = region
        self.method = method
        self.endpoint = endpoint
        self.route = route
        self.purposes = purposes
        self.regimes = regimes
        self.bases = bases
        self.mechanisms = mechanisms
        self.agreements = agreements
        self.policyDigest = policyDigest
        self.fields = fields
        self.droppedFields = droppedFields
        self.codes = codes
        self.recordCount = recordCount
        self.deniedCount = deniedCount
        self.lines = lines
    }
}

extension TransferDraft {
    /// Terms behind one reference, with what the log has made of them.
    package final class SharedTerms: Sendable {
        package let terms: DraftTerms
        /// The log's: their text, once written. Nobody else looks at it.
        package let written = Mutex<(any AnyObject & Sendable)?>(nil)
        package init(_ terms: DraftTerms) { self.terms = terms }
    }

    package init(
        xid: TransferID, caller: String, vendor: String, destination: String, region: String, method: String, endpoint: String,
        route: String,
        purposes: [String], regimes: [String], bases: [String], mechanisms: [String],
        agreements: [(id: String, version: Int, digest: String)], policyDigest: String, consentSequence: Int64, fields: [String],
        droppedFields: [String], droppedMembers: Int, codes: [ReasonCode: Int], recordCount: Int, deniedCount: Int, body: [UInt8],
        subjects: [Subject], lines: [RecordLine]
    ) {
        let terms = DraftTerms(
            caller: caller, vendor: vendor, destination: destination, region: region, method: method, endpoint: endpoint, route: route,
            purposes: purposes, regimes: regimes, bases: bases, mechanisms: mechanisms, agreements: agreements, policyDigest: policyDigest,
            fields: fields, droppedFields: droppedFields, codes: codes, recordCount: recordCount, deniedCount: deniedCount, lines: lines)
        self.init(
            xid: xid, terms: SharedTerms(terms), consentSequence: consentSequence, droppedMembers: droppedMembers, body: body,
            subjects: subjects)
    }
}
