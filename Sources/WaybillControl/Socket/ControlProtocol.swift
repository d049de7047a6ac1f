import FoundationEssentials

// What travels over the control socket. The client's first line is a `ControlRequest`. The command's input follows in frames: four
// bytes of length, most significant first, then that many bytes; length 0 says that this was all, so that a client that died is
// never taken for one that has finished. The server answers with `ControlReply` lines, of which the last is a result or a failure.

package struct ControlRequest: Sendable, Codable, Equatable {
    /// Both ends must speak the same: command and gate are one program, but an old one can still be running.
    package static let currentVersion = 1

    package var version = ControlRequest.currentVersion
    package var command: String
    package var arguments: [String: String]

    package init(command: String, arguments: [String: String] = [:]) {
        self.command = command
        self.arguments = arguments
    }
}

/// Why a command did nothing, or stopped.
package struct ControlFailure: Error, Sendable, Codable, Equatable {
    package var code: String
    /// One sentence with the remedy; never a value from the input.
    package var message: String

    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

/// One line of an answer.
package struct ControlReply: Sendable {
    package enum Kind: String, Sendable, Codable {
        /// How far it is; any number of them.
        case progress
        /// One line of the input was refused; the command goes on.
        case problem
        /// Done; the last line.
        case result
        /// A `ControlFailure`; the last line.
        case failure
    }

    private struct Header: Decodable { var kind: Kind }
    private struct Body<Value: Decodable>: Decodable { var data: Value }
    private struct Line<Value: Encodable>: Encodable {
        var kind: Kind
        var data: Value
    }

    package let kind: Kind
    /// JSON, without the line end.
    package let line: [UInt8]

    package init(_ kind: Kind, _ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        self.kind = kind
        line = Array(try encoder.encode(Line(kind: kind, data: value)))
    }

    init(line: [UInt8]) throws {
        kind = try JSONDecoder().decode(Header.self, from: Data(line)).kind
        self.line = line
    }

    static func requestLine(_ request: ControlRequest) throws -> [UInt8] { Array(try JSONEncoder().encode(request)) + [UInt8(ascii: "\n")] }

    package func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try JSONDecoder().decode(Body<Value>.self, from: Data(line)).data
    }

    package var isLast: Bool { kind == .result || kind == .failure }
}

/// What the socket allows.
package struct ControlLimits: Sendable {
    package var requestBytesMax = 1_048_576
    /// Of one frame of input.
    package var frameBytesMax = 1_048_576
    package var replyBytesMax = 16_777_216
    package var connectionsMax = 16
    /// For the request line.
    package var requestSeconds: Int64 = 10
    /// Between two pieces of input that the command waits for.
    package var inputSeconds: Int64 = 300
    /// For commands under way when the server stops.
    package var stopSeconds: Int64 = 10
    package init() {}
}
