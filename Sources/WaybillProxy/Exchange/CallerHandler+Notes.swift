import Logging
import NIOCore
import WaybillCore
import WaybillLedger

/// What is told of each request once it has ended: one count, and one line unless it went well. Ids from the policy set, codes and
/// numbers only: never a value from the request.
extension CallerHandler {
    enum Ending {
        case finished(TransferOutcome)
        case brokenOff(TransferOutcome)
        /// The caller left; the outcome is nil where no intent was recorded.
        case abandoned(TransferOutcome?)
    }

    func note(_ ending: Ending) {
        guard let transit else { return }
        let listener = connections.listener
        let status = transit.answer?.status
        switch ending {
        case .finished(let outcome):
            keepTrace(transit, status: status, code: nil, isFailed: outcome.result != .ok)
            let isReduced = transit.shipment?.outcome == .allowRedacted
            loop.metrics.ended(isReduced ? .allowRedacted : .allow, on: listener, wasInFlight: true)
            loop.logger.debug("transfer finished", metadata: metadata(of: transit))
        case .brokenOff(let outcome):
            keepTrace(transit, status: status, code: outcome.reason, isFailed: true)
            loop.metrics.ended(.brokenOff, on: listener, wasInFlight: true)
            loop.logger.info("answer broken off", metadata: metadata(of: transit, outcome))
        case .abandoned(let outcome):
            keepTrace(transit, status: status, code: "caller_left", isFailed: false)
            loop.metrics.ended(.abandoned, on: listener, wasInFlight: true)
            loop.logger.info("caller left", metadata: metadata(of: transit, outcome))
        }
    }

    /// Of an admitted request.
    func note(_ refusal: Refusal, of transit: Transit) {
        enter(refusal)
        if transit.times.received != nil, transit.times.judged == nil {
            // Judged, and denied.
            transit.times.judged = .now()
            loop.metrics.judged(transit.times)
        }
        loop.metrics.refused(refusal, hasLeft: transit.hasLeft, on: connections.listener, wasInFlight: true)
        keepTrace(transit, status: refusal.status, code: refusal.code, isFailed: refusal.status >= 500)
        loop.logger.info("request refused", metadata: metadata(of: transit).merging(Self.metadata(of: refusal)) { _, new in new })
    }

    /// Of a request that was not admitted. What is shed is told by the loop, all together: a line each would cost more than shedding saves.
    func note(_ refusal: Refusal, xid: TransferID, head: CallerHead?) {
        guard refusal.code != Refusal.overloaded.code else { return loop.metrics.shed(on: connections.listener) }
        enter(refusal)
        loop.metrics.refused(refusal, hasLeft: false, on: connections.listener, wasInFlight: false)
        var metadata = Self.metadata(of: refusal)
        metadata["xid"] = "\(xid)"
        metadata["listener"] = "\(connections.listener.label)"
        if let trace = head.flatMap({ TraceParent($0.fields) }) { metadata["trace"] = "\(trace.text)" }
        loop.logger.info("request refused", metadata: metadata)
    }

    private func enter(_ refusal: Refusal) {
        switch refusal.logging {
        case .entry(let draft): loop.state.recorder.recordDenial(draft)
        case .counted: loop.state.recorder.count(refused: refusal.code)
        }
    }

    private static func metadata(of refusal: Refusal) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["status": .stringConvertible(refusal.status), "code": "\(refusal.code)"]
        if case .entry(let draft) = refusal.logging {
            metadata["caller"] = "\(draft.caller)"
            if !draft.vendor.isEmpty { metadata["vendor"] = "\(draft.vendor)" }
            if !draft.endpoint.isEmpty { metadata["endpoint"] = "\(draft.endpoint)" }
        }
        return metadata
    }

    private func metadata(of transit: Transit, _ outcome: TransferOutcome? = nil) -> Logger.Metadata {
        let policy = transit.policy.gate.policy
        var metadata: Logger.Metadata = [
            "xid": "\(transit.xid)", "listener": "\(connections.listener.label)", "caller": "\(policy[transit.admission.caller].id)",
            "vendor": "\(transit.policy[transit.admission.vendor].name)",
        ]
        if let endpoint = transit.endpointName { metadata["endpoint"] = "\(endpoint)" }
        if let trace = transit.trace { metadata["trace"] = "\(trace.text)" }
        if let status = transit.answer?.status { metadata["vendor_status"] = .stringConvertible(status) }
        if let outcome {
            metadata["result"] = "\(outcome.result.rawValue)"
            if let reason = outcome.reason { metadata["reason"] = "\(reason)" }
        }
        let times = transit.times
        if let decide = times.decide { metadata["decide_us"] = .stringConvertible(decide.nanoseconds / 1_000) }
        if let added = times.added { metadata["added_us"] = .stringConvertible(added.nanoseconds / 1_000) }
        metadata["total_us"] = .stringConvertible((NIODeadline.now() - times.began).nanoseconds / 1_000)
        return metadata
    }
}

extension Transit {
    /// The endpoint the body was judged by; before that, if the path leaves no choice.
    var endpointName: String? {
        if let shipment { return shipment.draft.endpoint }
        guard admission.match.endpoints.count == 1, let id = admission.match.endpoints.first else { return nil }
        let endpoints = policy.gate.policy[admission.vendor].endpoints
        return endpoints.indices.contains(id.position) ? endpoints[id.position].id : nil
    }
}
