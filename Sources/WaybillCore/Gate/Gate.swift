/// The pipeline from a request to what may leave, without any I/O: the proxy, `waybill decide` and `waybill test` all call this.
///
/// `admit` needs only the head (so that a body that cannot pass is not awaited), `judge` the whole body. Made once a policy set.
package final class Gate: Sendable {
    package let policy: PolicySet
    package let subjects: any SubjectLookup
    package let limits: BodyLimits
    let keys: GateKeys
    let programs: [[EndpointProgram]]
    let contexts: [[RedactionContext]]
    /// Some agreement has daily limits: what one request sends has to be counted.
    let limitsVolumes: Bool

    package init(policy: PolicySet, subjects: any SubjectLookup, keys: GateKeys, limits: BodyLimits = BodyLimits()) {
        self.policy = policy
        self.subjects = subjects
        self.limits = limits
        self.keys = keys
        programs = policy.vendors.map { vendor in vendor.endpoints.map { EndpointProgram($0, of: vendor, in: policy) } }
        limitsVolumes = policy.agreements.contains { $0.limits.recordsPerDay != nil || $0.limits.subjectsPerDay != nil }
        let hashing = keys.keyring.hashing
        contexts = policy.vendors.map { vendor in
            let pseudonyms = keys.keyring.pseudonyms(vendor: vendor.id)
            return policy.fields.map { RedactionContext(field: $0, hashing: hashing, pseudonyms: pseudonyms) }
        }
    }

    /// Vendor, destination, endpoint, caller's permission, media type and coding, in this order. Throws the answer if one does not pass.
    package func admit(_ head: RequestHead, caller: CallerID, xid: TransferID) throws(Refusal) -> Admission {
        func answer() -> Answers { Answers(policy: policy, caller: caller, xid: xid, head: head) }
        guard let vendorID = policy.vendor(named: head.vendor) else { throw answer().refuse(.vendorUnknown) }
        let v = vendorID.position
        // In place: a vendor taken out of the array is a copy of all its tables.
        let found = policy.vendors.withUnsafeBufferPointer { $0[v].destination(of: head) }
        guard let destination = found else { throw answer().refuse(.destinationNotRegistered) }
        let match: EndpointMatcher.Match
        do { match = try policy.vendors[v].matcher.match(method: head.method, target: head.target) } catch {
            throw answer().refuse(error, method: head.method)
        }
        guard match.endpoints.contains(where: { permits(caller, vendorID, $0) }) else { throw answer().refuse(.callerNotPermitted) }
        // Endpoints of one path have one format, lint says.
        let format = match.endpoints.lazy.map { [programs] in programs[v][$0.position].endpoint.body }.first { $0 != .none }
        guard format != nil || !head.hasBody else { throw answer().malformed("this endpoint takes no body") }
        guard let coding = head.contentEncoding.map(ContentCoding.init(header:)) ?? .identity else {
            throw answer().refuse(BodyError(.unsupportedContentCoding))
        }
        if let format, head.hasBody, !format.accepts(head.contentType) {
            throw answer().refuse(BodyError(.unsupportedMediaType), expecting: format)
        }
        let (purposes, unknownPurpose) = purposes(head.purpose)
        return Admission(
            head: head, xid: xid, caller: caller, vendor: vendorID, destination: destination, match: match, coding: coding,
            purposes: purposes, unknownPurpose: unknownPurpose)
    }

    /// Of a comma-separated list. Unknown: a name that the catalogue lacks, or a list of none.
    private func purposes(_ list: String?) -> (known: [PurposeID], hasUnknown: Bool) {
        guard let list else { return ([], false) }
        let named = list.utf8.split(separator: UInt8(ascii: ",")).map(\.trimmingSpaces).filter { !$0.isEmpty }
        let known = named.compactMap { String($0).flatMap(policy.purpose(named:)) }
        return (known, known.count < named.count || named.isEmpty)
    }

    /// Rights traffic needs no agreed purpose: any permission for the vendor will do.
    private func permits(_ caller: CallerID, _ vendor: VendorID, _ endpoint: EndpointID) -> Bool {
        if policy.hasRoute(caller: caller, vendor: vendor, endpoint: endpoint) { return true }
        return policy.vendors[vendor.position].endpoints[endpoint.position].rights != nil
            && policy.callers[caller.position].mayUse.contains { $0.vendor == vendor }
    }
}

/// The keys and the source of randomness the pipeline needs; Core makes none of its own.
package struct GateKeys: Sendable {
    package let keyring: Keyring
    /// 16 random bytes for a subject seen for the first time.
    package let makeSalt: @Sendable () -> InlineArray<16, UInt8>
    package init(keyring: Keyring, makeSalt: @escaping @Sendable () -> InlineArray<16, UInt8>) {
        self.keyring = keyring
        self.makeSalt = makeSalt
    }
}

extension Vendor {
    /// Nil: not one of this vendor's.
    func destination(of head: RequestHead) -> Destination? {
        guard let exact = head.destination else { return destination(host: head.host) }
        return destinations.contains(exact) ? exact : nil
    }

    /// The first destination, or the one whose host (`api.example.com`) or authority (`api.example.com:8443`) is named.
    func destination(host: String?) -> Destination? {
        guard let host else { return destinations.first }
        return destinations.first { $0.authority == host } ?? destinations.first { $0.host == host }
    }
}
