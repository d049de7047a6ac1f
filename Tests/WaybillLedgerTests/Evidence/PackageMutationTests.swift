import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

/// Random damage to a package, and edits by somebody who holds the log's key. A mutation is any other set of files or any other byte in
/// one; what a zip says beside the files (times, order, compression) is none.
@Suite struct PackageMutationTests {
    enum Kind: String, CaseIterable, Sendable {
        case flipBit, deleteBytes, insertBytes, truncate, deleteLine, repeatLine, swapLines, deleteFile, addFile, swapFiles, foreignFile,
            renameFile
    }
    struct Base: Sendable {
        var package: MemoryFiles
        var foreign: MemoryFiles
    }

    static let small: Result<PackageFixture, any Error> = Result { try PackageFixture(intents: 12) }
    static let bases: Result<[Base], any Error> = Result {
        let fixture = try small.get()
        let files = try [
            PackageFixture.vendor("hubspot"), PackageFixture.vendor("segment"), fixture.person(2, named: ["email:p2@example.com"]),
            fixture.person(3, named: ["email:p3@example.com"]),
        ].map { try MemoryFiles(folder: try fixture.write($0).folder) }
        return [Base(package: files[0], foreign: files[1]), Base(package: files[2], foreign: files[3])]
    }
    /// In all; `WAYBILL_MUTATIONS=10000` for a full run.
    static let rounds = ProcessInfo.processInfo.environment["WAYBILL_MUTATIONS"].flatMap { Int($0) } ?? 360

    @Test(arguments: Kind.allCases) func everyMutationIsNoticed(kind: Kind) throws {
        let bases = try Self.bases.get()
        for base in bases { #expect(base.package.report.faults == []) }
        var generator = SeededGenerator(seed: kind.rawValue.utf8.reduce(11) { $0 &* 31 &+ UInt64($1) })
        let count = Self.rounds / Kind.allCases.count
        var noticed = 0
        for round in 0..<count {
            let base = bases[round % bases.count]
            var mutated = base.package
            var what = ""
            while mutated.files == base.package.files { what = Self.mutate(&mutated.files, base.foreign.files, kind, &generator) }
            let report = mutated.report
            noticed += report.isSound ? 0 : 1
            #expect(!report.isSound, "\(kind) \(round): \(what)")
        }
        #expect(noticed == count)
    }

    private static func mutate(
        _ files: inout [String: [UInt8]], _ foreign: [String: [UInt8]], _ kind: Kind, _ g: inout SeededGenerator
    ) -> String {
        let names = files.keys.sorted()
        let name = names[Int.random(in: 0..<names.count, using: &g)]
        let other = names[Int.random(in: 0..<names.count, using: &g)]
        var content = files[name] ?? []
        let at = content.isEmpty ? 0 : Int.random(in: 0..<content.count, using: &g)
        switch kind {
        case .flipBit: if !content.isEmpty { content[at] ^= 1 << UInt8.random(in: 0..<8, using: &g) }
        case .deleteBytes: content.removeSubrange(at..<min(content.count, at + Int.random(in: 1...4, using: &g)))
        case .insertBytes: content.insert(contentsOf: content.prefix(Int.random(in: 1...4, using: &g)), at: at)
        case .truncate: content.removeSubrange(at...)
        case .deleteLine, .repeatLine, .swapLines: content = mutateLines(content, kind, &g)
        case .deleteFile, .renameFile:
            files[name] = nil
            if kind == .renameFile { files[name + "x"] = content }
            return name
        case .addFile:
            files["\(name).\(Int.random(in: 0..<9, using: &g))"] = content
            return name
        case .swapFiles:
            files[name] = files[other]
            files[other] = content
            return "\(name), \(other)"
        case .foreignFile: content = foreign[name] ?? content
        }
        files[name] = content
        return "\(name) at \(at)"
    }

    private static func mutateLines(_ content: [UInt8], _ kind: Kind, _ g: inout SeededGenerator) -> [UInt8] {
        var lines = content.split(separator: 0x0a, omittingEmptySubsequences: false)
        let i = Int.random(in: 0..<lines.count, using: &g)
        switch kind {
        case .deleteLine: lines.remove(at: i)
        case .repeatLine: lines.insert(lines[i], at: i)
        default: lines.swapAt(i, Int.random(in: 0..<lines.count, using: &g))
        }
        return Array(lines.joined(separator: [0x0a]))
    }

    // What the log's key holder could try: everything signed anew, so that only what the entries say is in the way.

    struct Edit: Sendable, CustomTestStringConvertible {
        var what: String
        var kind: PackageReport.Fault.Kind
        var isPerson = false
        var change: @Sendable (inout MemoryFiles) -> Void
        var testDescription: String { what }
    }

    static let edits: [Edit] = [
        Edit(what: "an intent and its outcome left out", kind: .sequence) {
            $0.drop(where: { $0.contains("\"vseq\":3,") }, withOutcome: true)
        },
        Edit(what: "the last intent of a run left out", kind: .sequence) {
            $0.drop(where: { $0.contains("\"vseq\":4,") && $0.contains("\"ep\":1,") }, withOutcome: true)
        },
        Edit(what: "a whole run left out", kind: .sequence) { $0.drop(where: { $0.contains("\"ep\":2,") }, withOutcome: false) },
        Edit(what: "an outcome left out", kind: .sequence) {
            $0.drop(where: { $0.contains("\"kind\":\"outcome\"") }, withOutcome: false, limit: 1)
        },
        Edit(what: "a seal left out", kind: .sequence) {
            $0.drop(where: { $0.contains("\"kind\":\"seal\"") }, withOutcome: false, limit: 1)
        },
        Edit(what: "an entry rewritten", kind: .tree) { $0.replace("entries.ndjson", "\"http\":200", "\"http\":500") },
        Edit(what: "a row of the index moved", kind: .tree) { $0.replace("index.csv", ",intent,", ",denied,") },
        Edit(what: "gaps not told", kind: .sequence) { $0.replace("gaps.json", "\"dead_epochs\":1", "\"dead_epochs\":0") },
        Edit(what: "another period", kind: .sequence) { $0.replace("scope.json", "\"from\":\"1970", "\"from\":\"2027") },
        Edit(what: "another state of the log", kind: .form) { $0.replace("scope.json", "acme.example", "acme.exampel") },
        Edit(what: "a tile left out", kind: .tree) { files in files.files = files.files.filter { !$0.key.hasPrefix("tile/0/") } },
        Edit(what: "another agreement text", kind: .agreement) {
            $0.replace("agreements/hubspot-newsletter@3.yaml", "version: 3", "version: 4")
        },
        Edit(what: "a proof of another entry", kind: .tree) { files in
            let names = files.files.keys.filter { $0.hasPrefix("proofs/") }.sorted()
            if names.count > 1 { files.files[names[0]] = files.files[names[1]] }
        },
        Edit(what: "another r", kind: .opening, isPerson: true) { $0.replace("openings.ndjson", "\"r\":\"", "\"r\":\"00", dropping: 2) },
        Edit(what: "another decision", kind: .opening, isPerson: true) {
            $0.replace("openings.ndjson", "\"d\":\"allow_redacted\"", "\"d\":\"allow\"")
        },
        Edit(what: "another person named", kind: .opening, isPerson: true) { $0.replace("openings.ndjson", "p2@example", "p4@example") },
        Edit(what: "an opening left out", kind: .opening, isPerson: true) { files in
            let lines = (files.files["openings.ndjson"] ?? []).split(separator: 0x0a).dropFirst()
            files.files["openings.ndjson"] = Array(lines.joined(separator: [0x0a])) + [0x0a]
        },
        Edit(what: "openings swapped", kind: .opening, isPerson: true) { files in
            var lines = (files.files["openings.ndjson"] ?? []).split(separator: 0x0a)
            if lines.count > 1 { lines.swapAt(0, 1) }
            files.files["openings.ndjson"] = Array(lines.joined(separator: [0x0a])) + [0x0a]
        },
    ]

    @Test(arguments: edits) func whatIsSignedAnewMustStillFit(edit: Edit) throws {
        let base = try Self.bases.get()[edit.isPerson ? 1 : 0]
        var files = base.package
        try files.sign(by: try Self.small.get().signer)
        #expect(files.report.faults == [])
        edit.change(&files)
        #expect(files.files != base.package.files)
        try files.sign(by: try Self.small.get().signer)
        let faults = files.report.faults
        #expect(faults.first?.kind == edit.kind, "\(faults)")
        #expect(!faults.contains { $0.kind == .file || $0.kind == .signature })
    }
}

extension MemoryFiles {
    /// Leaves out the lines that fit, their rows in the index, and, if wanted, the outcomes of those transfers.
    mutating func drop(where fits: (String) -> Bool, withOutcome: Bool, limit: Int = .max) {
        let lines = String(decoding: files["entries.ndjson"] ?? [], as: UTF8.self).split(separator: "\n").map(String.init)
        let rows = String(decoding: files["index.csv"] ?? [], as: UTF8.self).split(separator: "\n").map(String.init)
        var dropped: Set<Int> = []
        for i in lines.indices where fits(lines[i]) && dropped.count < limit { dropped.insert(i) }
        if withOutcome {
            let xids = dropped.map { lines[$0].suffix(39) }
            for i in lines.indices where lines[i].contains("\"kind\":\"outcome\"") && xids.contains(lines[i].suffix(39)) {
                dropped.insert(i)
            }
        }
        files["entries.ndjson"] = Array(lines.indices.filter { !dropped.contains($0) }.map { lines[$0] + "\n" }.joined().utf8)
        files["index.csv"] = Array(
            (rows[0] + "\n" + lines.indices.filter { !dropped.contains($0) }.map { rows[$0 + 1] + "\n" }.joined()).utf8)
        for i in dropped { files["proofs/\(rows[i + 1].prefix { $0 != "," }).tlog-proof"] = nil }
    }

    /// The first occurrence.
    mutating func replace(_ name: String, _ old: String, _ new: String, dropping count: Int = 0) {
        var text = String(decoding: files[name] ?? [], as: UTF8.self)
        guard let range = text.firstRange(of: old) else { return }
        text.replaceSubrange(range.lowerBound..<text.index(range.upperBound, offsetBy: count), with: new)
        files[name] = Array(text.utf8)
    }

    /// Lists and signs everything anew, with the log's key and the certificate.
    mutating func sign(by signer: EvidenceSigner) throws {
        let after = ["MANIFEST.note", "MANIFEST.note.p7s", "SIGNATURES.note"]
        let signers = try LogKeys.testing().signers(origin: "acme.example/waybill")
        for name in after { files[name] = nil }
        func text(_ names: [String]) -> String {
            names.sorted().map { "\(MerkleHashing.sha256(files[$0] ?? []))  \($0)\n" }.joined()
        }
        files["MANIFEST.note"] = Array(try SignedNote(signing: text(Array(files.keys)), by: signers).string.utf8)
        files["MANIFEST.note.p7s"] = try signer.sign(files["MANIFEST.note"] ?? [])
        files["SIGNATURES.note"] = Array(try SignedNote(signing: text(Array(after.dropLast())), by: signers).string.utf8)
    }
}
