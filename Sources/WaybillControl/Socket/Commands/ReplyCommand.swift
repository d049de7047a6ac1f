/// A command without input and arguments that answers with one value: `policy.reload`, `status`.
package struct ReplyCommand<Value: Encodable & Sendable>: ControlCommand {
    package let name: String
    package let argumentNames: Set<String> = []
    private let answer: @Sendable () async throws(ControlFailure) -> Value

    package init(_ name: String, answer: @escaping @Sendable () async throws(ControlFailure) -> Value) {
        self.name = name
        self.answer = answer
    }

    package func run(
        _ arguments: [String: String], input: ControlInput, output: ControlOutput
    ) async throws(ControlFailure) -> any Encodable & Sendable {
        try await answer()
    }
}
