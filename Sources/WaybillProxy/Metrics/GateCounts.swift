import WaybillCore

/// The counters of one event loop, or the sum over all of them.
struct GateCounts: Sendable {
    /// How a request ended, for its caller.
    enum Ending: Int, CaseIterable, Sendable {
        /// The vendor's answer was relayed, to what was sent whole or reduced.
        case allow, allowRedacted
        /// The gate answered, for whatever reason but overload.
        case refused
        /// The gate answered 503 `overloaded` and decided nothing.
        case shed
        /// The vendor's answer broke off while it was relayed.
        case brokenOff
        /// The caller left before there was an answer.
        case abandoned

        var label: String {
            switch self {
            case .allow: "allow"
            case .allowRedacted: "allow_redacted"
            case .refused: "refused"
            case .shed: "shed"
            case .brokenOff: "broken_off"
            case .abandoned: "abandoned"
            }
        }
    }

    struct RefusalKey: Hashable, Sendable {
        var status: Int
        var code: String
    }
    /// Codes are fixed text of ours; this only keeps a mistake from becoming a leak of memory.
    static let refusalCodesMax = 256

    static func slot(_ listener: ProxyConfiguration.Listener.Kind, _ ending: Ending) -> Int {
        listener.order * Ending.allCases.count + ending.rawValue
    }

    var requests = InlineArray<12, UInt64>(repeating: 0)
    var refusals: [RefusalKey: UInt64] = [:]
    /// By `ReasonCode.order`.
    var reasons = [UInt64](repeating: 0, count: ReasonCode.allCases.count)
    /// Records.
    var (sent, held, denied): (UInt64, UInt64, UInt64) = (0, 0, 0)
    /// By vendor, then by the hundreds of the status; 0: no status of HTTP.
    var answers: [String: InlineArray<6, UInt64>] = [:]
    var decide = LatencyHistogram()
    var commit = LatencyHistogram()
    var vendor = LatencyHistogram()
    var added = LatencyHistogram()
    /// Turns of the event loop in which a caller's bytes were read.
    var turn = LatencyHistogram()
    /// Requests between admission and their answer.
    var inFlight = 0

    mutating func count(_ refusal: Refusal) {
        var key = RefusalKey(status: refusal.status, code: refusal.code)
        if refusals[key] == nil, refusals.count >= Self.refusalCodesMax { key = RefusalKey(status: refusal.status, code: "other") }
        refusals[key, default: 0] &+= 1
    }

    mutating func add(_ other: GateCounts) {
        for slot in requests.indices { requests[slot] &+= other.requests[slot] }
        refusals.merge(other.refusals, uniquingKeysWith: &+)
        for order in reasons.indices { reasons[order] &+= other.reasons[order] }
        (sent, held, denied) = (sent &+ other.sent, held &+ other.held, denied &+ other.denied)
        for (name, counts) in other.answers {
            for hundreds in 0..<6 { answers[name, default: InlineArray(repeating: 0)][hundreds] &+= counts[hundreds] }
        }
        decide.add(other.decide)
        commit.add(other.commit)
        vendor.add(other.vendor)
        added.add(other.added)
        turn.add(other.turn)
        inFlight += other.inFlight
    }
}

extension ProxyConfiguration.Listener.Kind {
    static let all: [ProxyConfiguration.Listener.Kind] = [.gate, .proxy]
    var order: Int { self == .gate ? 0 : 1 }
    var label: String { self == .gate ? "gate" : "proxy" }
}
