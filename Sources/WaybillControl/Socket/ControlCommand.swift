import NIOCore
import NIOPosix

/// A command that a running gate carries out for another process, or a command line by itself when no gate runs.
package protocol ControlCommand: Sendable {
    var name: String { get }
    /// Others are refused.
    var argumentNames: Set<String> { get }
    /// Sends progress and problems as it goes and returns what the result line holds.
    func run(
        _ arguments: [String: String], input: ControlInput, output: ControlOutput
    ) async throws(ControlFailure) -> any Encodable & Sendable
}

/// A command's input, piece by piece; nil at its end. Not read ahead, so a slow command slows its sender.
package struct ControlInput {
    package let next: () async throws(ControlFailure) -> [UInt8]?

    package init(next: @escaping () async throws(ControlFailure) -> [UInt8]?) { self.next = next }

    package static var none: ControlInput { ControlInput { () throws(ControlFailure) in nil } }
}

/// Where a command's progress and problems go.
package struct ControlOutput: Sendable {
    package let send: @Sendable (ControlReply) async throws(ControlFailure) -> Void

    package init(send: @escaping @Sendable (ControlReply) async throws(ControlFailure) -> Void) { self.send = send }

    func send(_ kind: ControlReply.Kind, _ value: some Encodable & Sendable) async throws(ControlFailure) {
        let reply: ControlReply
        do {
            reply = try ControlReply(kind, value)
        } catch {
            throw ControlFailure(code: "internal", message: "An answer could not be written as JSON; report this.")
        }
        try await send(reply)
    }
}

/// Runs requests against a list of commands; the same in the gate and in a command line that holds the store itself.
package struct ControlDispatcher: Sendable {
    private let commands: [String: any ControlCommand]

    package init(_ commands: [any ControlCommand]) {
        self.commands = Dictionary(commands.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Every way to end is one last reply: a result or a failure.
    package func run(_ request: ControlRequest, input: ControlInput, output: ControlOutput) async throws(ControlFailure) {
        do {
            try await output.send(.result, try await result(of: request, input: input, output: output))
        } catch {
            try await output.send(.failure, error)
        }
    }

    private func result(
        of request: ControlRequest, input: ControlInput, output: ControlOutput
    ) async throws(ControlFailure) -> AnyReplyData {
        guard request.version == ControlRequest.currentVersion else {
            throw ControlFailure(
                code: "other_version", message: "The running gate is another version of Waybill; restart it, or use its own command.")
        }
        guard let command = commands[request.command] else {
            throw ControlFailure(
                code: "unknown_command",
                message: "The gate knows no such command; known are \(commands.keys.sorted().joined(separator: ", ")).")
        }
        guard request.arguments.keys.allSatisfy(command.argumentNames.contains) else {
            throw ControlFailure(
                code: "unknown_argument",
                message: "\(command.name) takes \(command.argumentNames.sorted().joined(separator: ", ")) and nothing else.")
        }
        return AnyReplyData(value: try await command.run(request.arguments, input: input, output: output))
    }
}

private struct AnyReplyData: Encodable, Sendable {
    var value: any Encodable & Sendable
    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
