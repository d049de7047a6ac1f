import Crypto
import Foundation
import WaybillCore
import WaybillLedger

/// A directory that the `waybill` command works on: made by `waybill init` unless it is there, with its keys read.
struct Installation {
    struct Unusable: Error, CustomStringConvertible { var description: String }

    let directory: URL
    let keys: LogKeys
    var log: String { directory.appending(path: "var/waybill-log.db").path }
    var checkpoint: FileCheckpointCopy { FileCheckpointCopy(path: directory.appending(path: "var/checkpoint").path) }

    init(_ directory: URL) throws {
        self.directory = directory
        if !FileManager.default.fileExists(atPath: directory.appending(path: "waybill.yaml").path) { try Self.make(directory) }
        guard !FileManager.default.fileExists(atPath: directory.appending(path: "var/waybill-log.db").path) else {
            throw Unusable(description: "\(directory.path) has a log already; name another directory")
        }
        let master = SymmetricKey(data: try Self.key(directory, "master.key"))
        keys = try LogKeys(keyring: Keyring(master: master), signingSeed: SymmetricKey(data: try Self.key(directory, "log.key")))
    }

    private static func key(_ directory: URL, _ name: String) throws -> Data {
        let text = try String(contentsOf: directory.appending(path: "var/keys/\(name)"), encoding: .utf8)
        guard let key = Data(base64Encoded: text.filter { !$0.isWhitespace }) else { throw Unusable(description: "\(name) is damaged") }
        return key
    }

    private static func make(_ directory: URL) throws {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..").standardizedFileURL
        let builds = ["release", "debug"].map { repository.appending(path: ".build/\($0)/waybill").path }
        let program = ProcessInfo.processInfo.environment["WAYBILL"] ?? builds.first { FileManager.default.fileExists(atPath: $0) }
        guard let program else { throw Unusable(description: "there is no waybill to make an installation; build it, or set WAYBILL") }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = ["init", directory.path]
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Unusable(description: "waybill init failed") }
    }
}
