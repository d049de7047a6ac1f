/// Puts a fixed text in the value's place: `{replace: "redacted"}` or `{replace: {with: "redacted"}}`.
struct Replace: RedactionOperator {
    static let name = "replace"
    static let narrowness = 90
    static let reference = OperatorReference(
        arguments: "the text: `{replace: \"n/a\"}` or `{replace: {with: \"n/a\"}}`",
        inputs: "any scalar", output: "that text")
    static let textBytesMax = 1_024
    private static let example = "{replace: {with: redacted}}"
    let text: String

    init(arguments: OperatorArguments) throws(OperatorError) {
        let map = try arguments.map(Self.name, scalar: "with", allowed: ["with"], example: Self.example)
        guard let text = map["with"], text.utf8.count <= Self.textBytesMax else {
            throw OperatorError(
                message: "`replace` needs `with`, at most \(Self.textBytesMax) bytes long", remedy: "write for example `\(Self.example)`")
        }
        self.text = text
    }

    func apply(to value: ScalarValue, in context: RedactionContext, into output: inout [UInt8]) -> RedactionResult {
        if value.isVoid { return .unchanged }
        JSONText.append(string: text.utf8, to: &output)
        return .replaced
    }

    var summary: String { "replace {with: \"\(text)\"}" }
    var keepsValue: Bool { false }
    var dropsMember: Bool { false }
}
