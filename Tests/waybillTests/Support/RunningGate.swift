import Foundation
import Testing
import WaybillTesting

/// A `waybill serve` in the background; stopped when the test lets go of it.
final class RunningGate {
    static let readySeconds = 30.0
    static let stopSeconds = 30.0
    static let freePorts = ["gate", "proxy", "control"].flatMap { ["--set", "listen.\($0)=127.0.0.1:0"] }
    private let process = Process()
    private let output: String
    private let error: String

    /// Returns when the ready line is there; throws with the log if the gate ends instead.
    init(_ scratch: Scratch, config: String, arguments: [String] = RunningGate.freePorts) throws {
        let run = UInt32.random(in: 0...UInt32.max)
        output = scratch.file("gate-\(run).out")
        error = scratch.file("gate-\(run).err")
        for path in [output, error] { try Data().write(to: URL(fileURLWithPath: path)) }
        process.executableURL = URL(fileURLWithPath: Program.waybill)
        process.arguments = ["serve", "--config", config] + arguments
        process.environment = ["PATH": "/usr/bin:/bin"]
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: error))
        process.standardInput = FileHandle.nullDevice
        try process.run()
        try waitUntil("the gate is ready", seconds: RunningGate.readySeconds) { try !outputText().isEmpty || !process.isRunning }
        guard process.isRunning else { throw GateEnded(status: process.terminationStatus, log: try errorText()) }
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    struct GateEnded: Error {
        var status: Int32
        var log: String
    }

    func outputText() throws -> String { String(decoding: try Data(contentsOf: URL(fileURLWithPath: output)), as: UTF8.self) }
    func errorText() throws -> String { String(decoding: try Data(contentsOf: URL(fileURLWithPath: error)), as: UTF8.self) }

    /// Lines of standard error, each of which must be a JSON object.
    func log() throws -> [[String: Any]] {
        try errorText().split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
        }
    }

    func ready() throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(try outputText().utf8)) as? [String: Any])
    }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// The exit code after SIGTERM.
    func stop() throws -> Int32 {
        signal(SIGTERM)
        try waitUntil("the gate has stopped", seconds: RunningGate.stopSeconds) { !process.isRunning }
        return process.terminationStatus
    }

    func waitUntilLogged(_ message: String, times: Int = 1) throws {
        try waitUntil("the log says `\(message)`", seconds: 10) {
            try log().count { $0["message"] as? String == message } >= times
        }
    }
}

/// What happens in another process is waited for by looking; the time is only how long to be patient.
func waitUntil(_ what: String, seconds: Double, _ condition: () throws -> Bool) throws {
    let end = Date().addingTimeInterval(seconds)
    while try !condition() {
        guard Date() < end else {
            Issue.record("waited too long until \(what)")
            return
        }
        usleep(10_000)
    }
}

/// A new installation, as `waybill init` makes it.
struct Installation {
    let scratch: Scratch
    let token: String
    var config: String { scratch.file("site/waybill.yaml") }
    var policies: String { scratch.file("site/policies") }

    init() throws {
        scratch = try Scratch()
        let made = try Program.waybill(["init", scratch.file("site")])
        try #require(made.status == 0, "\(made.error)")
        token = try #require(made.output.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("wb_") }.map(String.init))
    }

    func run(_ arguments: String..., input: String = "") throws -> Program.Ending {
        try Program.waybill(arguments + ["--config", config], input: input)
    }
}
