/// Everything a decision on one record depends on. Pure data: no clock, file or network is behind it.
package struct DecisionInput: Sendable {
    package var policy: PolicySet
    package var caller: CallerID
    package var vendor: VendorID
    package var endpoint: EndpointID
    package var destination: Vendor.Destination
    /// Named by the request or the record; empty: the route's defaults. A name the catalogue lacks makes `unknownPurpose` true.
    package var purposes: [PurposeID]
    package var unknownPurpose: Bool
    package var subject: SubjectInput
    package var standing: Standing
    /// What the same request has sent already; nil: nothing.
    package var earlier: EarlierRecords?
    /// Steps ask their context's `moment` instead.
    package var now: Timestamp
    package init(
        policy: PolicySet, caller: CallerID, vendor: VendorID, endpoint: EndpointID, destination: Vendor.Destination, purposes: [PurposeID],
        unknownPurpose: Bool, subject: SubjectInput, standing: Standing, now: Timestamp
    ) {
        self.policy = policy
        self.caller = caller
        self.vendor = vendor
        self.endpoint = endpoint
        self.destination = destination
        self.purposes = purposes
        self.unknownPurpose = unknownPurpose
        self.subject = subject
        self.standing = standing
        self.now = now
    }
}

/// What is known about the person a record is about.
package struct SubjectInput: Sendable {
    /// False: the endpoint is about persons and no subject path held a usable identifier (`subject_unresolved`).
    package var resolved: Bool
    /// The identified subject; nil: nothing known about them.
    package var entry: SubjectEntry?
    /// Other subjects whose identifiers stand in the same record: only their stops count.
    package var others: [SubjectEntry]
    package var storeAvailable: Bool
    /// From the record itself, before redaction; imported facts come first.
    package var countryInRecord: Region?
    package var bornInRecord: Day?
    /// Fields present in the record (shared ones included), each once.
    package var present: [FieldID]
    /// The vendor is known to hold data of this subject already. False counts as a new subject where new ones are stopped.
    package var disclosedBefore: Bool
    package init(
        resolved: Bool, entry: SubjectEntry?, others: [SubjectEntry] = [], storeAvailable: Bool = true, countryInRecord: Region? = nil,
        bornInRecord: Day? = nil, present: [FieldID], disclosedBefore: Bool = false
    ) {
        self.resolved = resolved
        self.entry = entry
        self.others = others
        self.storeAvailable = storeAvailable
        self.countryInRecord = countryInRecord
        self.bornInRecord = bornInRecord
        self.present = present
        self.disclosedBefore = disclosedBefore
    }
}

/// Of a request's records those decided before this one, where an agreement has daily limits.
package struct EarlierRecords: Sendable {
    /// Sent, by agreement id.
    package var records: [String: Int] = [:]
    package var subjects: Set<UInt32> = []
}
