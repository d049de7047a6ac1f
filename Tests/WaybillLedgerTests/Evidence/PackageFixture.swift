import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

/// A package in memory, to be changed at will.
struct MemoryFiles: PackageFiles {
    var files: [String: [UInt8]] = [:]

    init(folder: String) throws {
        for name in try FolderFiles(path: folder).names() {
            files[name] = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)")))
        }
    }

    func names() throws -> [String] { Array(files.keys) }
    func open(_ name: String) throws -> (any PackageFileContent)? { files[name].map { MemoryContent($0) } }

    final class MemoryContent: PackageFileContent {
        private var rest: ArraySlice<UInt8>
        init(_ bytes: [UInt8]) { rest = bytes[...] }
        func read(into buffer: inout [UInt8]) throws -> Int {
            let piece = rest.prefix(buffer.count)
            buffer.replaceSubrange(0..<piece.count, with: piece)
            rest = rest.dropFirst(piece.count)
            return piece.count
        }
    }

    var report: PackageReport { PackageVerifier(files: self).verify() }
}

/// A log of three runs and three vendors, with seals, denials and an unclean stop; packages are written from it.
final class PackageFixture: Sendable {
    static let vendors = ["hubspot", "mailchimp", "segment"]
    static let agreementText = Array("agreement: hubspot-newsletter\nversion: 3\n".utf8)
    let log = LogFixture()
    let scratch: String
    let signer: EvidenceSigner

    /// `intents` of each run; time goes on by a second with each.
    init(intents: Int = 60) throws {
        scratch = FileManager.default.temporaryDirectory.path + "/waybill-package-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
        let identity = try TestAuthority().issue(["evidence.example"])
        signer = EvidenceSigner(certificatePEM: identity.certificatePEM, keyPEM: identity.keyPEM)
        for run in 0..<3 {
            let running = try log.open {
                $0.checkpointEveryMilliseconds = 1
                $0.sealEverySeconds = 1
            }
            try fill(running, run: run, intents: intents)
            if run != 1 { running.close() }
        }
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: scratch) } catch { print("left behind: \(scratch)") }
    }

    private func fill(_ running: TransferLog, run: Int, intents: Int) throws {
        for i in 0..<intents {
            let number = UInt64(run * 1_000 + i)
            log.clock.advance(milliseconds: 1_000)
            running.record(draft(number, vendor: PackageFixture.vendors[i % 3], person: i % 7 + 1), ticket: number, for: log.listener)
            guard log.listener.wait(for: 1) else { throw CancellationError() }
            if i % 5 == 0 { running.recordDenial(.testing(number + 500, vendor: PackageFixture.vendors[i % 3])) }
            guard i % 9 != 8 else { continue }
            running.record(TransferOutcome(xid: .testing(number), result: .ok, status: 200, sentBytes: 28, milliseconds: 5))
        }
    }

    var head: UInt64 { log.store.contents.commits.last?.end ?? 0 }

    /// The time of the `fraction` of the log.
    func time(_ fraction: Double) throws -> Timestamp {
        let index = UInt64(Double(head) * fraction)
        return try #require(try log.store.time(ofEntry: min(index, head - 1))).time
    }

    func surroundings(_ change: (inout PackageSurroundings) -> Void = { _ in }) -> PackageSurroundings {
        var surroundings = PackageSurroundings(
            organisation: "Acme GmbH", made: Timestamp(seconds: 1_780_100_000), signer: signer,
            agreement: { _, _, _, _ in .init(content: PackageFixture.agreementText, from: "2026-01-01", until: nil) },
            report: { _ in [("report.html", Array("<!doctype html><title>report</title>".utf8))] })
        change(&surroundings)
        return surroundings
    }

    /// Writes a package and gives its folder.
    @discardableResult
    func write(
        _ subject: PackageWriter.Subject, from: Timestamp = Timestamp(nanoseconds: 0), until: Timestamp? = nil,
        change: (inout PackageSurroundings) -> Void = { _ in }
    ) throws -> (folder: String, summary: PackageWriter.Summary) {
        let folder = "\(scratch)/package\(UInt64.random(in: 0...UInt64.max))"
        let writer = PackageWriter(reader: log.store, keys: try .testing(), surroundings: surroundings(change))
        let summary = try writer.write(
            subject, from: from, until: until ?? Timestamp(seconds: 1_790_000_000), to: folder, zip: folder + ".zip", name: "package")
        return (folder, summary)
    }

    static func vendor(_ id: String) -> PackageWriter.Subject { .vendor(id: id, name: "\(id) Inc.") }

    static func salt(_ person: Int) -> InlineArray<16, UInt8> { InlineArray(repeating: UInt8(truncatingIfNeeded: person)) }

    /// One person among seven; every fourth transfer has a second record about the next one.
    private func draft(_ number: UInt64, vendor: String, person: Int) -> TransferDraft {
        let people = number % 4 == 3 ? [person, person % 7 + 1] : [person]
        return TransferDraft(
            xid: .testing(number), caller: "crm", vendor: vendor, destination: "api.example.com", region: "US", method: "POST",
            endpoint: "contacts_create", route: "/contacts", purposes: ["newsletter"], regimes: ["gdpr"], bases: ["consent"],
            mechanisms: ["adequacy:EU-US-DPF"],
            agreements: [("hubspot-newsletter", 3, MerkleHashing.sha256(PackageFixture.agreementText).description)],
            policyDigest: "c0ffee", consentSequence: 41, fields: ["email", "name"], droppedFields: ["birth_date"], droppedMembers: 2,
            codes: [.fieldNotAgreed: 2], recordCount: people.count, deniedCount: 0, body: Array("{}".utf8),
            subjects: people.map {
                TransferDraft.Subject(
                    number: UInt32($0), salt: PackageFixture.salt($0),
                    identifiers: ["email:p\($0)@example.com", "crm:\($0)"].map { Identifier(bytes: Array($0.utf8)) })
            },
            lines: people.indices.map {
                TransferDraft.RecordLine(
                    index: $0, decision: .allowRedacted, codes: [.fieldNotAgreed], basis: "consent", fields: ["email"], subjects: [$0])
            })
    }

    func person(_ number: Int, named: [String]) -> PackageWriter.Subject {
        let identifiers = named.map { Identifier(bytes: Array($0.utf8)) }
        let part = SubjectTrace.Part(number: UInt32(number), salt: PackageFixture.salt(number))
        return .person(SubjectTrace(parts: [part], identifiers: identifiers), named: identifiers)
    }
}
