import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@Suite struct PackageTests {
    static let shared: Result<PackageFixture, any Error> = Result { try PackageFixture() }

    /// Parts of the log, from and until.
    static let periods: [(Double, Double)] = [(0, 1), (0.1, 0.3), (0.3, 0.34), (0.2, 0.9), (0.45, 0.6), (0.62, 0.7), (0, 0.5), (0.8, 1)]

    @Test(arguments: periods, PackageFixture.vendors) func aVendorsPackageIsSoundAndComplete(period: (Double, Double), vendor: String)
        throws
    {
        let fixture = try Self.shared.get()
        let (folder, summary) = try fixture.write(
            PackageFixture.vendor(vendor), from: try fixture.time(period.0),
            until: period.1 == 1 ? nil : try fixture.time(period.1))
        let report = PackageVerifier(files: FolderFiles(path: folder)).verify()
        #expect(report.faults == [])
        #expect(report.entries == summary.entries && summary.entries > 3)
        #expect(report.isComplete == true && summary.isComplete == true)
        #expect(report.isTrusted == false)
        let entries = try MemoryFiles(folder: folder).lines("entries.ndjson")
        // Only seals name other vendors.
        let vendors = entries.compactMap { CanonicalParser.parse(Array($0.utf8))?["vendor"]?.string }
        #expect(Set(vendors) == [vendor])
        #expect(entries.contains { $0.contains("\"kind\":\"intent\"") } && entries.contains { $0.contains("\"kind\":\"seal\"") })
    }

    @Test func theZipHoldsTheSameAndUnpacksToASoundPackage() throws {
        let fixture = try Self.shared.get()
        let (folder, _) = try fixture.write(PackageFixture.vendor("hubspot"))
        let unpacked = folder + "-unpacked"
        try PackageZip.unpack(folder + ".zip", into: unpacked)
        #expect(try MemoryFiles(folder: folder).files == MemoryFiles(folder: unpacked).files)
        let facts = try FileManager.default.attributesOfItem(atPath: folder)
        #expect((facts[.posixPermissions] as? NSNumber)?.intValue == 0o700)
        for name in ["MANIFEST.note", "entries.ndjson"] {
            #expect(
                (try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        }
        #expect((try FileManager.default.attributesOfItem(atPath: folder + ".zip")[.posixPermissions] as? NSNumber)?.intValue == 0o600)
    }

    @Test func aManifestTooLargeForOneNoteIsSplit() throws {
        let fixture = try Self.shared.get()
        let (folder, _) = try fixture.write(PackageFixture.vendor("hubspot")) { $0.manifestBytesMax = 2_000 }
        var files = try MemoryFiles(folder: folder)
        #expect(files.files["tile.sha256"] != nil && files.files["proofs.sha256"] != nil && files.report.faults == [])
        let (status, output) = try python(["\(folder)/verify.py"])
        #expect(status == 0, "\(output)")
        let proof = try #require(files.files.keys.first { $0.hasPrefix("proofs/") })
        files.files[proof]?[0] ^= 1
        #expect(files.report.faults.map(\.kind).contains(.file))
        files.files[proof] = nil
        #expect(files.report.faults.first?.kind == .file)
    }

    @Test func anotherKeyThanTheOneGivenIsAFault() throws {
        let fixture = try Self.shared.get()
        let files = try MemoryFiles(folder: try fixture.write(PackageFixture.vendor("hubspot")).folder)
        let own = try LogKeys.testing().signers(origin: "acme.example/waybill")[0].verifier
        let other = try LogKeys.testing(signing: 9).signers(origin: "acme.example/waybill")[0].verifier
        #expect(PackageVerifier(files: files, trusted: [own]).verify().isSound)
        #expect(PackageVerifier(files: files, trusted: [own]).verify().isTrusted)
        let report = PackageVerifier(files: files, trusted: [other]).verify()
        #expect(report.faults.first?.kind == .signature)
    }

    @Test func aPersonsPackageOpensTheirTransfersAndNoOthers() throws {
        let fixture = try Self.shared.get()
        let (folder, summary) = try fixture.write(fixture.person(3, named: ["email:p3@example.com"]))
        let files = try MemoryFiles(folder: folder)
        #expect(files.report.faults == [] && files.report.isComplete == nil)
        let lines = try files.lines("openings.ndjson")
        #expect(lines.count == summary.transfers && lines.count > 20)
        let all = String(decoding: try #require(files.files["openings.ndjson"]), as: UTF8.self)
        // The other identifier of the person, and anybody else's, is not named.
        #expect(!all.contains("crm:3") && !all.contains("p4@") && all.contains("\"id\":\"email:p3@example.com\""))
        let key = try LogKeys.testing().subjectKey(salt: PackageFixture.salt(3)).description
        #expect(!all.contains(key) && !all.contains(String(repeating: "03", count: 16)))
        let openings = lines.compactMap { CanonicalParser.parse(Array($0.utf8)) }
        #expect(openings.count == lines.count)
        // Each r opens commitments of its own line only, and never those of the other person in it.
        for (i, opening) in openings.enumerated() {
            let rs = try rValues(opening)
            let r = try #require(rs.first)
            #expect(rs.count == 1)
            for (k, other) in openings.enumerated() {
                for person in 1...7 {
                    let hit = commitments(other).contains(commitment(r, "email:p\(person)@example.com"))
                    #expect(hit == (i == k && person == 3))
                }
            }
        }
        // With two people in a transfer only this one's decision line is open.
        let two = openings.filter { ($0["commitments"]?.list.count ?? 0) == 4 }
        #expect(two.count > 3)
        for opening in two {
            let lines = opening["decisions"]?["lines"]?.list ?? []
            #expect(lines.count == 2 && lines.count { $0.string == nil } == 1)
        }
    }

    private func rValues(_ opening: CanonicalValue) throws -> [TreeHash] {
        let texts = (opening["subjects"]?.list ?? []).compactMap { $0["r"]?.string }
        return try texts.map { text in try #require(TreeHash(hexText: text)) }
    }

    private func commitments(_ opening: CanonicalValue) -> Set<String> { Set((opening["commitments"]?.list ?? []).compactMap(\.string)) }

    private func commitment(_ r: TreeHash, _ identifier: String) -> String {
        LogKeys.commitment(opening: r, identifier: Array(identifier.utf8)).description
    }

    @Test func whatIsNotThereIsSaidInOneSentence() throws {
        let fixture = try Self.shared.get()
        let early = (Timestamp(seconds: 1), Timestamp(seconds: 2))
        for (subject, from, until) in [
            (PackageFixture.vendor("nobody"), early.0, nil), (PackageFixture.vendor("hubspot"), early.0, early.1),
            (fixture.person(99, named: []), early.0, nil),
        ] {
            let error = #expect(throws: PackageError.self) { try fixture.write(subject, from: from, until: until) }
            #expect(error?.message.contains("choose another") == true)
        }
        let (folder, _) = try fixture.write(PackageFixture.vendor("hubspot"))
        let writer = PackageWriter(reader: fixture.log.store, keys: try .testing(), surroundings: fixture.surroundings())
        let error = #expect(throws: PackageError.self) {
            try writer.write(
                PackageFixture.vendor("hubspot"), from: early.0, until: Timestamp(seconds: 1_790_000_000), to: folder,
                zip: folder + "2.zip", name: "x")
        }
        #expect(error?.message.contains("name a folder that does not exist yet") == true)
    }

    @Test func verifyPyIsTheCheckedInFileAndAgrees() throws {
        let fixture = try Self.shared.get()
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../../Sources/WaybillLedger/Evidence/Package/verify.py")
        #expect(Array(try Data(contentsOf: root)) == VerifierScript.bytes)
        for subject in [PackageFixture.vendor("mailchimp"), fixture.person(2, named: ["crm:2"])] {
            let (folder, _) = try fixture.write(subject, from: try fixture.time(0.1), until: try fixture.time(0.9))
            for target in [folder, folder + ".zip"] {
                let (status, output) = try python(["\(folder)/verify.py", target, "--identifier", "crm:2"])
                #expect(status == 0, "\(output)")
                #expect(output.contains("The package is whole"))
            }
            var entries = try #require(try MemoryFiles(folder: folder).files["entries.ndjson"])
            entries[entries.count / 2] ^= 1
            try Data(entries).write(to: URL(fileURLWithPath: "\(folder)/entries.ndjson"))
            let (status, output) = try python(["\(folder)/verify.py", folder])
            #expect(status == 1 && output.contains("FAULT entries.ndjson:"), "\(output)")
        }
    }

    private func python(_ arguments: [String]) throws -> (Int32, String) {
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

extension MemoryFiles {
    func lines(_ name: String) throws -> [String] {
        String(decoding: try #require(files[name]), as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

extension CanonicalValue {
    subscript(name: String) -> CanonicalValue? { if case .object(let members) = self { members[name] } else { nil } }
    var list: [CanonicalValue] { if case .array(let values) = self { values } else { [] } }
    var string: String? { if case .string(let text) = self { text } else { nil } }
}

extension TreeHash {
    init?(hexText: String) {
        let digits = Array(hexText)
        guard digits.count == 64 else { return nil }
        self.init(stride(from: 0, to: 64, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) })
    }
}
