package import WaybillCore

/// One exchange of a trace that its caller asked to be kept (the sampled flag), once it has ended. Ids, codes and times only.
package struct ExchangeTrace: Sendable, Equatable {
    package struct Part: Sendable, Equatable {
        package enum Name: String, Sendable { case decide, record, vendor }
        package var name: Name
        /// 16 hexadecimal digits. The vendor's is the one that its `traceparent` names.
        package var span: String
        package var start: Timestamp
        package var end: Timestamp
    }
    /// 32 hexadecimal digits.
    package var trace: String
    /// The caller's span.
    package var parent: String
    /// The exchange's own.
    package var span: String
    package var start: Timestamp
    package var end: Timestamp
    package var parts: [Part]
    package var attributes: [(name: String, value: String)]
    /// Of the vendor, or of the gate's refusal.
    package var status: Int?
    /// It did not end as it should: refused by a fault, broken off.
    package var isFailed: Bool

    package static func == (a: Self, b: Self) -> Bool {
        a.trace == b.trace && a.parent == b.parent && a.span == b.span && a.start == b.start && a.end == b.end && a.parts == b.parts
            && a.attributes.map(\.name) == b.attributes.map(\.name) && a.attributes.map(\.value) == b.attributes.map(\.value)
            && a.status == b.status && a.isFailed == b.isFailed
    }
}

/// Takes traces from event loops; never waits, and may drop.
package protocol TraceKeeper: Sendable {
    func keep(_ trace: ExchangeTrace)
}
