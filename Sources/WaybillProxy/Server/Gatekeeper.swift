package import WaybillCore

/// What the data plane asks of the gate; `Gate` is the one in production.
package protocol Gatekeeper: Sendable {
    var policy: PolicySet { get }
    var subjects: any SubjectLookup { get }
    func admit(_ head: RequestHead, caller: CallerID, xid: TransferID) throws(Refusal) -> Admission
    func judge(
        _ admission: Admission, body: [UInt8], standing: Standing, now: Timestamp, reporting: Bool
    ) throws(Refusal) -> Judgement
}

extension Gate: Gatekeeper {}

/// Fetches subjects whose entry in the index has passed its date. Never blocks; `completion` may be called on any thread, once.
package protocol SubjectRefresher: Sendable {
    /// `false`: the store could not answer.
    func refresh(_ ids: [Identifier], completion: @escaping @Sendable (Bool) -> Void)
}
