import WaybillCore
import WaybillProxy

/// Everything `limits:` sets.
struct GateLimits: Sendable {
    var body = BodyLimits()
    var proxy = ProxyLimits()
}

/// A limit users may set under `limits:`. The defaults are those of the modules that enforce them.
struct ConfiguredLimit: Sendable {
    let key: ConfigurationKey
    let apply: @Sendable (Int, inout GateLimits) -> Void

    private init(_ name: String, _ range: ClosedRange<Int>, _ path: any WritableKeyPath<GateLimits, Int> & Sendable, _ summary: String) {
        key = ConfigurationKey("limits.\(name)", .integer(range), String(GateLimits()[keyPath: path]), summary)
        apply = { value, limits in limits[keyPath: path] = value }
    }

    private static func bytes(_ name: String, _ path: any WritableKeyPath<GateLimits, Int> & Sendable, _ summary: String) -> ConfiguredLimit
    {
        ConfiguredLimit(name, 1_024...(1 << 34), path, summary)
    }

    private static func time(_ name: String, _ path: any WritableKeyPath<GateLimits, Int> & Sendable, _ summary: String) -> ConfiguredLimit
    {
        ConfiguredLimit(name, 1...3_600_000, path, summary)
    }

    static let all: [ConfiguredLimit] = bodies + callers + vendors + deciding + overload

    private static let bodies: [ConfiguredLimit] = [
        bytes("body_bytes", \.body.decodedBytesMax, "Largest body, decoded; more is 413."),
        bytes("received_body_bytes", \.proxy.bodyBytesMax, "Largest body as received, before its content coding is undone; more is 413."),
        bytes("bodies_in_flight_bytes", \.proxy.bodiesInFlightBytesMax, "All bodies in flight together; more is 503."),
        bytes("refused_body_bytes", \.proxy.refusedBodyBytesMax, "How much of a refused body is read so that the connection lives on."),
        ConfiguredLimit(
            "compression_ratio", 1...10_000, \.body.compressionRatioMax, "Largest ratio of decoded to coded body; more is 413."),
        ConfiguredLimit("depth", 1...1_024, \.body.depthMax, "Deepest nesting of a JSON body; more is 422."),
        ConfiguredLimit("members", 1...10_000_000, \.body.membersMax, "Most members in a JSON body; more is 422."),
        ConfiguredLimit("number_characters", 1...4_096, \.body.numberCharactersMax, "Longest number in a JSON body; more is 422."),
    ]

    private static let callers: [ConfiguredLimit] = [
        ConfiguredLimit("connections", 1...1_000_000, \.proxy.callerConnectionsMax, "Callers' connections at once; more are closed."),
        bytes("head_bytes", \.proxy.requestHeadBytesMax, "Request line and header fields together; more is 431."),
        ConfiguredLimit("header_fields", 1...10_000, \.proxy.fieldsMax, "Header fields of a request; more is 431."),
        time("handshake_milliseconds", \.proxy.callerHandshakeMillisecondsMax, "How long TLS with a caller may take to stand."),
        time("head_milliseconds", \.proxy.callerHeadMillisecondsMax, "How long a request's head may take."),
        time("body_idle_milliseconds", \.proxy.callerBodyIdleMillisecondsMax, "Longest silence inside a request's body."),
        time("idle_milliseconds", \.proxy.callerIdleMillisecondsMax, "Longest silence between requests on a connection."),
        time("write_idle_milliseconds", \.proxy.callerWriteIdleMillisecondsMax, "Longest stall while an answer is written to a caller."),
        time("drain_milliseconds", \.proxy.drainMillisecondsMax, "How long a refused body is read before the connection closes."),
    ]

    private static let vendors: [ConfiguredLimit] = [
        ConfiguredLimit(
            "vendor_connections", 1...100_000, \.proxy.vendorConnectionsPerLoopMax,
            "Connections to one destination from one event loop; more is 503."),
        time("connect_milliseconds", \.proxy.connectMillisecondsMax, "Name look-up, TCP and TLS towards a vendor together."),
        time(
            "vendor_write_idle_milliseconds", \.proxy.vendorWriteIdleMillisecondsMax,
            "Longest stall while a request is written to a vendor."),
        time(
            "answer_milliseconds", \.proxy.answerHeadMillisecondsMax,
            "From the last byte of a request to the head of the vendor's answer."),
        time("answer_idle_milliseconds", \.proxy.answerIdleMillisecondsMax, "Longest silence inside a vendor's answer."),
        bytes("answer_head_bytes", \.proxy.answerHeadBytesMax, "Head of a vendor's answer; more is 502."),
        time("vendor_idle_milliseconds", \.proxy.vendorIdleMillisecondsMax, "How long an unused connection to a vendor is kept."),
        time("addresses_milliseconds", \.proxy.addressesMillisecondsMax, "How long a vendor's addresses are remembered."),
        ConfiguredLimit(
            "circuit_failures", 1...1_000, \.proxy.circuitFailuresMax, "Failures to connect in a row before a destination is left alone."),
        time("circuit_milliseconds", \.proxy.circuitMilliseconds, "How long it is left alone."),
    ]

    private static let deciding: [ConfiguredLimit] = [
        ConfiguredLimit(
            "attempts", 1...100, \.proxy.attemptsMax, "Times a request is judged anew because something changed meanwhile; then 503."),
        time("refresh_milliseconds", \.proxy.refreshMillisecondsMax, "Longest wait for the consent store; then 503."),
        time("commit_milliseconds", \.proxy.commitMillisecondsMax, "Longest wait for the transfer log; then 503."),
    ]

    private static let overload: [ConfiguredLimit] = [
        ConfiguredLimit(
            "exchanges_in_flight", 1...1_000_000, \.proxy.exchangesPerLoopMax,
            "Requests one event loop has between admission and answer; more are shed with 503 `overloaded`."),
        ConfiguredLimit(
            "exchanges_always", 0...1_000_000, \.proxy.exchangesPerLoopMin,
            "So many are taken in by each event loop however long its turns are."),
        ConfiguredLimit(
            "turn_microseconds", 100...10_000_000, \.proxy.turnMicrosecondsMax,
            "How long an event loop may take to handle everything that has come before callers count as kept waiting."),
        ConfiguredLimit(
            "intake_microseconds", 10...10_000_000, \.proxy.intakeMicrosecondsMax,
            "While it sheds, an event loop takes in requests for so long in each turn."),
        time(
            "overload_patience_milliseconds", \.proxy.overloadPatienceMilliseconds,
            "Turns that stay longer than `turn_microseconds` for this long begin shedding; shorter bursts are worked off."),
        time(
            "overload_recovery_milliseconds", \.proxy.overloadRecoveryMilliseconds, "Nothing to shed for this long ends shedding."),
    ]
}
