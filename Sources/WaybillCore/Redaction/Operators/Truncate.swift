/// Keeps the first characters: `{truncate: 3}` or `{truncate: {length: 3}}`. A number becomes a string.
struct Truncate: RedactionOperator {
    static let name = "truncate"
    static let narrowness = 10
    static let reference = OperatorReference(
        arguments: "characters kept: `{truncate: 3}` or `{truncate: {length: 3}}`",
        inputs: "strings; numbers as text", output: "a string of at most so many characters")
    static let lengthMax = 10_000
    private static let example = "{truncate: {length: 3}}"
    let length: Int

    init(arguments: OperatorArguments) throws(OperatorError) {
        let map = try arguments.map(Self.name, scalar: "length", allowed: ["length"], example: Self.example)
        length = try operatorNumber(map["length"], named: "length", of: Self.name, to: Self.lengthMax, example: Self.example)
    }

    func apply(to value: ScalarValue, in context: RedactionContext, into output: inout [UInt8]) -> RedactionResult {
        if value.isVoid { return .unchanged }
        guard let text = value.text else { return .notApplicable }
        let prefix = text.prefix(length)
        if prefix.endIndex == text.endIndex { return .unchanged }
        JSONText.append(string: prefix.utf8, to: &output)
        return .replaced
    }

    var summary: String { "truncate {length: \(length)}" }
    var keepsValue: Bool { false }
    var dropsMember: Bool { false }
}
