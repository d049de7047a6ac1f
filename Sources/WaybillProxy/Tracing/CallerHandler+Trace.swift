import NIOCore
import WaybillCore

extension CallerHandler {
    /// Hands the exchange's trace over if its caller sampled it and somebody collects traces.
    func keepTrace(_ transit: Transit, status: Int?, code: String?, isFailed: Bool) {
        guard let keeper = loop.state.traces, let parent = transit.trace, parent.isSampled else { return }
        let (now, ended) = (loop.state.clock.now(), NIODeadline.now())
        let at = { (moment: NIODeadline) in Timestamp(nanoseconds: now.nanoseconds - (ended - moment).nanoseconds) }
        let times = transit.times
        var parts: [ExchangeTrace.Part] = []
        let add = { (name: ExchangeTrace.Part.Name, span: UInt64, start: NIODeadline?, end: NIODeadline?) in
            guard let start else { return }
            parts.append(.init(name: name, span: Self.text(span), start: at(start), end: end.map(at) ?? now))
        }
        if let judged = times.judged { add(.decide, loop.newSpan(), times.received ?? times.began, judged) }
        if let recorded = times.recorded { add(.record, loop.newSpan(), recorded, times.forwarded) }
        if times.forwarded != nil { add(.vendor, transit.vendorSpan, times.forwarded, nil) }
        let policy = transit.policy.gate.policy
        var attributes = [
            ("waybill.xid", "\(transit.xid)"), ("waybill.caller", policy[transit.admission.caller].id),
            ("waybill.vendor", transit.policy[transit.admission.vendor].name), ("waybill.listener", connections.listener.label),
        ]
        if let endpoint = transit.endpointName { attributes.append(("waybill.endpoint", endpoint)) }
        if let code { attributes.append(("waybill.code", code)) }
        keeper.keep(
            ExchangeTrace(
                trace: parent.text, parent: String(decoding: parent.spanID, as: UTF8.self), span: Self.text(loop.newSpan()),
                start: at(times.began), end: now, parts: parts, attributes: attributes, status: status, isFailed: isFailed))
    }

    private static func text(_ span: UInt64) -> String {
        let digits = String(span, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
