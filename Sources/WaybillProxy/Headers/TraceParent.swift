import NIOCore
import WaybillCore

/// A caller's place in a distributed trace: W3C Trace Context `traceparent`, version 00.
///
/// Ids only. `tracestate` and `baggage` are free text that may hold anything about anyone, and never leave.
struct TraceParent: Equatable, Sendable {
    /// 32 hexadecimal digits, not all zero.
    let traceID: [UInt8]
    /// 16 hexadecimal digits, not all zero: the caller's span.
    let spanID: [UInt8]
    /// The sampled bit; the other flags are not ours to pass on.
    let isSampled: Bool

    /// Nil unless there is exactly one field and it has exactly the form of version 00.
    init?(_ fields: HTTPFields) {
        guard let range = fields.first(.traceparent), !fields.isRepeated(.traceparent) else { return nil }
        self.init(fields.array(range))
    }

    init?(_ value: [UInt8]) {
        let dash = UInt8(ascii: "-")
        guard value.count == 55, value[0] == UInt8(ascii: "0"), value[1] == UInt8(ascii: "0"), value[2] == dash, value[35] == dash,
            value[52] == dash
        else { return nil }
        let (trace, parent, flags) = (value[3..<35], value[36..<52], value[53..<55])
        guard Self.isID(trace), Self.isID(parent), let flag = flags.last, flags.allSatisfy(Self.isDigit) else { return nil }
        traceID = Array(trace)
        spanID = Array(parent)
        isSampled = flag % 2 == (flag < 0x61 ? 1 : 0)
    }

    var text: String { String(decoding: traceID, as: UTF8.self) }

    private static func isID(_ digits: ArraySlice<UInt8>) -> Bool {
        digits.allSatisfy(isDigit) && digits.contains { $0 != UInt8(ascii: "0") }
    }

    /// Upper case is not allowed (W3C Trace Context §3.2.2).
    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): true
        default: false
        }
    }
}

/// Span ids of one event loop: unlike each other, and no secret, so that a generator without a system call will do (SplitMix64).
struct SpanIDs {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// Never 0, which stands for no span.
    mutating func next() -> UInt64 {
        while true {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            mixed ^= mixed >> 31
            if mixed != 0 { return mixed }
        }
    }
}

/// What a vendor is told of the trace: the caller's trace, a span of the gate's own.
struct OutgoingTrace {
    let parent: TraceParent
    let span: UInt64
}

extension HeadWriter {
    mutating func put(_ trace: OutgoingTrace) {
        put("traceparent: 00-")
        put(trace.parent.traceID)
        put("-")
        put(hex: trace.span, digits: 16)
        put(trace.parent.isSampled ? "-01\r\n" : "-00\r\n")
    }
}
