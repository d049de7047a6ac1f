/// Makes a value coarser: `year`, `month`, `ip`, `{postcode: 3}`, `{band: 10}`.
///
/// A value of another form (a date without a year, a postcode no longer than its prefix) is not applicable, and then dropped.
struct Generalize: RedactionOperator {
    enum Way: Hashable {
        case year, month, ip
        /// Characters kept.
        case postcode(Int)
        case band(Int)
    }
    static let name = "generalize"
    static let narrowness = 40
    static let reference = OperatorReference(
        arguments: "`year`, `month`, `ip`, `{postcode: characters}`, `{band: width}`",
        inputs: "dates (ISO 8601, RFC 3339, `YYYY/MM/DD`), addresses, postcodes, numbers",
        output: "the coarser value as a string: `1984`, `1984-03`, the /24 or /48 network, the prefix, `10-19`")
    static let postcodeCharactersMax = 8
    static let bandMax = 1_000_000_000
    private static let example = "{generalize: year}"
    let way: Way

    init(arguments: OperatorArguments) throws(OperatorError) {
        switch arguments {
        case .scalar("year"): way = .year
        case .scalar("month"): way = .month
        case .scalar("ip"): way = .ip
        case .map(let map) where map.count == 1 && map["postcode"] != nil:
            way = .postcode(
                try operatorNumber(
                    map["postcode"], named: "postcode", of: Self.name, to: Self.postcodeCharactersMax,
                    example: "{generalize: {postcode: 3}}"))
        case .map(let map) where map.count == 1 && map["band"] != nil:
            way = .band(
                try operatorNumber(
                    map["band"], named: "band", of: Self.name, from: 2, to: Self.bandMax, example: "{generalize: {band: 10}}"))
        default:
            throw OperatorError(
                message: "`generalize` does not know this way",
                remedy: "use year, month, ip, {postcode: 3} or {band: 10}: `\(Self.example)`")
        }
    }

    func apply(to value: ScalarValue, in context: RedactionContext, into output: inout [UInt8]) -> RedactionResult {
        if value.isVoid { return .unchanged }
        guard let coarse = coarser(value) else { return .notApplicable }
        JSONText.append(string: coarse, to: &output)
        return .replaced
    }

    private func coarser(_ value: ScalarValue) -> [UInt8]? {
        switch (way, value) {
        case (.year, .string(let bytes)): return DateText.prefix(of: bytes, count: 4)
        case (.month, .string(let bytes)): return DateText.prefix(of: bytes, count: 7)
        case (.ip, .string(let bytes)): return AddressText.network(of: bytes)
        case (.postcode(let kept), .string), (.postcode(let kept), .number):
            guard let text = value.text else { return nil }
            let code = text.drop { $0 == " " }
            guard code.count > kept, !code.contains("\n") else { return nil }
            return Array(code.prefix(kept).utf8)
        case (.band(let width), .string(let bytes)), (.band(let width), .number(let bytes)): return Self.band(of: bytes, width: width)
        default: return nil
        }
    }

    /// `37`, `37.5` in bands of 10: `30-39`. Nil for signs, exponents and what does not fit.
    private static func band(of bytes: [UInt8], width: Int) -> [UInt8]? {
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy { (48...57).contains($0) } }), let whole = parts.first,
            let number = Int(String(decoding: whole, as: UTF8.self)), number <= Int.max - width
        else { return nil }
        let low = number / width * width
        return Array("\(low)-\(low + width - 1)".utf8)
    }

    var summary: String {
        switch way {
        case .year: "generalize year"
        case .month: "generalize month"
        case .ip: "generalize ip"
        case .postcode(let kept): "generalize {postcode: \(kept)}"
        case .band(let width): "generalize {band: \(width)}"
        }
    }
    var keepsValue: Bool { false }
    var dropsMember: Bool { false }
}
