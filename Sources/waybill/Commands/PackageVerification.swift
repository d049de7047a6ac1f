import ArgumentParser
import FoundationEssentials
import WaybillLedger

/// `waybill log verify --package`: a folder as it is, a zip unpacked for the while. Needs no installation.
struct PackageVerification {
    private let path: String
    private let keys: [NoteVerifier]

    init(path: String, keys: [String]) throws {
        self.path = path
        self.keys = try keys.map { text in
            guard let key = NoteVerifier(text) else {
                throw ValidationError("--key needs a verifier key like acme.example/waybill+1a2b3c4d+AQ…")
            }
            return key
        }
    }

    func run(json: Bool) throws {
        guard let facts = try failing({ () throws(SystemError) in try Files.facts(path) }) else {
            throw CommandFailure("there is no evidence package at \(path)", remedy: "check the path")
        }
        let started = monotonicSeconds()
        let report = facts.isDirectory ? verify(path) : try verifyZip()
        print(report, json: json, seconds: monotonicSeconds() - started)
        if !report.isSound { throw ExitStatus.verificationFailed.quietly }
    }

    private func verify(_ folder: String) -> PackageReport {
        var (progress, stage) = (Progress("bytes"), "files")
        defer { progress.clear() }
        return PackageVerifier(files: FolderFiles(path: folder), trusted: keys).verify { now, done in
            if now != stage {
                progress.clear()
                (progress, stage) = (Progress("entries"), now)
            }
            progress.update(done: done)
        }
    }

    /// Unpacked where only this user can read, and removed whatever happens: it may tell about a person.
    private func verifyZip() throws -> PackageReport {
        keepFilesPrivate()
        let scratch = FileManager.default.temporaryDirectory.path
        let folder = Files.resolve("waybill-package-\(processID())-\(UInt64.random(in: 0...UInt64.max))", against: scratch)
        defer { removeQuietly(folder) }
        do {
            try PackageZip.unpack(path, into: folder)
        } catch let error as PackageError {
            return PackageReport(unreadable: error.message)
        }
        return verify(folder)
    }

    private func removeQuietly(_ folder: String) {
        do throws(SystemError) { try Files.removeTree(folder) } catch {
            StandardStreams.writeError("waybill: warning: \(folder) could not be removed; remove it by hand\n")
        }
    }

    private func print(_ report: PackageReport, json: Bool, seconds: Double) {
        if json {
            let faults = report.faults.map { fault in
                JSONText.object([
                    ("index", fault.index.map { .number(Int64(clamping: $0)) } ?? .null), ("what", .text(fault.what)),
                    ("kind", .text(fault.kind.rawValue)), ("at", .text(fault.place)), ("consequence", .text(fault.kind.consequence)),
                ])
            }
            let members: [(String, JSONText)] = [
                ("ok", .bool(report.isSound)), ("entries", .number(Int64(clamping: report.entries))), ("root", .text(report.root)),
                ("trusted_key", .bool(report.isTrusted)), ("complete", report.isComplete.map { .bool($0) } ?? .null),
                ("timestamp", .bool(report.hasTimestamp)), ("faults", .list(faults)),
            ]
            return StandardStreams.writeOutput(JSONText.object(members).pretty + "\n")
        }
        var text = ""
        if report.isSound {
            text += "The package is whole: \(report.entries) entries, root \(report.root)\n"
            if let isComplete = report.isComplete {
                text +=
                    isComplete
                    ? "Complete: the vendor's sequence has no gap, and both ends of the period are shown.\n"
                    : "The vendor's sequence has no gap, but an end of the period is not shown: see gaps.json.\n"
            }
            if !report.isTrusted {
                text += "Its authenticity rests on the key inside it: compare with a key you got elsewhere (--key).\n"
            }
            text += report.hasTimestamp ? "Who signed the time-stamp is for `openssl ts -verify` to say (README.md).\n" : ""
        } else {
            text += "The package is NOT whole.\n"
            for fault in report.faults {
                text += "\(fault.place)\(fault.index.map { " (entry \($0))" } ?? ""): \(fault.what) \(fault.kind.consequence)\n"
            }
        }
        if seconds >= 1, report.entries > 0 { text += "\(Int(Double(report.entries) / seconds)) entries/s\n" }
        StandardStreams.writeOutput(text)
    }
}
