import Foundation
import WaybillTesting

/// Runs the built `waybill`, and other programs, as a user would.
enum Program {
    struct Ending {
        var status: Int32
        var output: String
        var error: String
    }

    /// Beside the test bundle.
    static var waybill: String {
        let bundle = Bundle.allBundles.map(\.bundlePath).first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("waybill").path
    }

    static func waybill(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws -> Ending {
        try run(waybill, arguments, input: input, environment: environment)
    }

    static func run(_ path: String, _ arguments: [String], input: String = "", environment: [String: String] = [:]) throws -> Ending {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ["PATH": "/usr/local/bin:/usr/bin:/bin"].merging(environment) { _, new in new }
        let scratch = try Scratch()
        let (output, error) = (try handle(scratch.file("output")), try handle(scratch.file("error")))
        process.standardOutput = output
        process.standardError = error
        let pipe = Pipe()
        process.standardInput = pipe
        try process.run()
        try pipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try pipe.fileHandleForWriting.close()
        process.waitUntilExit()
        return Ending(status: process.terminationStatus, output: try scratch.read("output"), error: try scratch.read("error"))
    }

    private static func handle(_ path: String) throws -> FileHandle {
        try Data().write(to: URL(fileURLWithPath: path))
        return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }
}
