import NIOCore
import WaybillCore

/// What one exchange carries along while it goes through its states; a reference, because every step looks at it.
final class Transit {
    let head: CallerHead
    let way: WayIn
    var xid: TransferID
    /// The policy set and standing the present attempt is judged by.
    var inForce: InForce
    var policy: PolicySnapshot { inForce.policy }
    var admission: Admission
    /// As received; kept until the end because it may be judged again.
    var body = ByteBuffer()
    /// What was taken from the shared budget for it.
    var reservedBytes = 0
    var shipment: Shipment?
    /// Held from before the record to the end of the answer.
    var upstream: UpstreamConnection?
    /// The shipment's volumes are reserved and have not left.
    var holdsVolumes = false
    /// The first byte may have been written.
    var hasLeft = false
    var answer: AnswerHead?
    /// The vendor's answer's body goes on like this.
    var answerFraming = CallerAnswerHead.Framing.none

    var times: TransferTimes
    /// The caller's trace, if it named one.
    let trace: TraceParent?
    /// What the vendor was told of the trace last; 0: nothing.
    var vendorSpan: UInt64 = 0

    init(
        head: CallerHead, way: WayIn, xid: TransferID, inForce: InForce, admission: Admission,
        began: NIODeadline, trace: TraceParent?
    ) {
        times = TransferTimes(began: began)
        self.trace = trace
        self.head = head
        self.way = way
        self.xid = xid
        self.inForce = inForce
        self.admission = admission
    }

    /// Whether everything the decision rested on is as it was: the policy set, suspensions and holds, and each subject looked up.
    func stillStands(_ state: GateState, now: Timestamp) -> Bool {
        guard let shipment else { return false }
        let current = state.inForce
        guard current === inForce || current.bindsLike(inForce), shipment.restsOnAgreements(of: policy.set, inForceAt: now)
        else { return false }
        let subjects = current.policy.subjects
        return shipment.basedOn.allSatisfy { based in
            switch subjects.find(based.identifier, now: now) {
            case .known(let entry):
                // A subject first seen in this very record has been given a number by the log meanwhile, and nothing else.
                if based.number == nil { return entry.number >= 1 << 31 && entry.profile == SubjectProfile() && entry.born == nil }
                return entry.number == based.number && entry.profileNumber == based.profile && entry.born == based.born
            case .unknown: return based.number == nil
            case .stale, .unavailable: return false
            }
        }
    }
}

extension InForce {
    func bindsLike(_ other: InForce) -> Bool {
        (policy === other.policy || policy.set.digest == other.policy.set.digest) && standing.bindsLike(other.standing)
    }
}
