import WaybillCore

/// A limit users may set under `limits:`. The defaults are those of the modules that enforce them.
struct ConfiguredLimit: Sendable {
    let key: ConfigurationKey
    let apply: @Sendable (Int, inout GateLimits) -> Void

    private init(_ name: String, _ range: ClosedRange<Int>, _ path: any WritableKeyPath<GateLimits, Int> & Sendable, _ summary: String) {
        key = ConfigurationKey("limits.\(name)", .integer(range), String(GateLimits()[keyPath: path]), summary)
        apply = { value, limits in limits[keyPath: path] = value }
    }

    static let all: [ConfiguredLimit] = [
        ConfiguredLimit("body_bytes", 1_024...(1 << 30), \.body.decodedBytesMax, "Largest body, decoded. More is 413."),
        ConfiguredLimit("compression_ratio", 1...10_000, \.body.compressionRatioMax, "Largest ratio of decoded to coded body. More is 413."),
        ConfiguredLimit("depth", 1...1_024, \.body.depthMax, "Deepest nesting of a JSON body. More is 422."),
        ConfiguredLimit("members", 1...10_000_000, \.body.membersMax, "Most members in a JSON body. More is 422."),
        ConfiguredLimit("number_characters", 1...4_096, \.body.numberCharactersMax, "Longest number in a JSON body. More is 422."),
    ]
}

/// Everything `limits:` sets.
struct GateLimits: Sendable {
    var body = BodyLimits()
}
