import Crypto
import FoundationEssentials
import Testing
import WaybillTesting

@testable import waybill

@Suite("A change of the log's key, file by file")
struct LogKeyRotationTests {
    private func keys(_ scratch: Scratch) throws -> KeyDirectory {
        let keys = try KeyDirectory(scratch.file("keys"), create: true)
        _ = try keys.logKey(create: true)
        return keys
    }

    private func files(_ scratch: Scratch) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: scratch.file("keys")).sorted()
    }

    @Test("Begin puts a new key in place, finish destroys the old one and keeps its public half")
    func whole() throws {
        let scratch = try Scratch()
        let rotation = LogKeyRotation(keys: try keys(scratch))
        var retired: [Data] = []
        for _ in 0..<2 {
            let before = try rotation.keys.logKey(create: false)
            let (new, old) = try rotation.begin()
            #expect(old.rawRepresentation == before.rawRepresentation && new.rawRepresentation != before.rawRepresentation)
            let present = try rotation.keys.logKey(create: false)
            #expect(present.rawRepresentation == new.rawRepresentation)
            #expect(try rotation.overlapping(present)?.rawRepresentation == old.rawRepresentation)
            #expect(try scratch.mode("keys/log.old.key") == 0o600)
            #expect(throws: CommandFailure.self) { try rotation.begin() }

            let early = #expect(throws: CommandFailure.self) { try rotation.finish { _ in false } }
            #expect(early?.sentence.contains("restart the gate") == true)
            #expect(try rotation.overlapping(present) != nil)
            _ = try rotation.finish { $0.rawRepresentation == new.publicKey.rawRepresentation }
            retired.append(old.publicKey.rawRepresentation)
            #expect(try rotation.overlapping(present) == nil)
            #expect(try rotation.retired().map(\.rawRepresentation) == retired)
            #expect(try files(scratch) == ["log.key", "log.retired"])
        }
        let nothing = #expect(throws: CommandFailure.self) { try rotation.finish { _ in true } }
        #expect(nothing?.sentence.contains("begin one with") == true)
    }

    @Test("Wherever begin was cut off, nothing signs that did not, and running it again completes it", arguments: 0..<2)
    func beginInterrupted(step: Int) throws {
        let scratch = try Scratch()
        let rotation = LogKeyRotation(keys: try keys(scratch))
        let old = try rotation.keys.logKey(create: false)
        let next = Curve25519.Signing.PrivateKey()
        _ = try rotation.keys.create(LogKeyRotation.nextFile, text: KeyDirectory.text(next))
        if step > 0 { _ = try rotation.keys.create(LogKeyRotation.oldFile, text: KeyDirectory.text(old)) }
        #expect(try rotation.overlapping(old) == nil)
        let (new, before) = try rotation.begin()
        #expect(new.rawRepresentation == next.rawRepresentation && before.rawRepresentation == old.rawRepresentation)
        #expect(try files(scratch) == ["log.key", "log.old.key"])
    }

    @Test("A finish cut off between the two halves goes on, and names the key once", arguments: [false, true])
    func finishInterrupted(hasNew: Bool) throws {
        let scratch = try Scratch()
        let rotation = LogKeyRotation(keys: try keys(scratch))
        let (_, old) = try rotation.begin()
        let line = "\(old.publicKey.rawRepresentation.base64EncodedString()) 2026-01-01T00:00:00Z\n"
        _ = try rotation.keys.create(hasNew ? "log.retired.new" : LogKeyRotation.retiredFile, text: line)
        _ = try rotation.finish { _ in true }
        #expect(try rotation.retired().map(\.rawRepresentation) == [old.publicKey.rawRepresentation])
        #expect(try files(scratch) == ["log.key", "log.retired"])
    }

    @Test("A damaged file is refused with its name", arguments: ["log.old.key", "log.next.key", "log.retired"])
    func damaged(name: String) throws {
        let scratch = try Scratch()
        let rotation = LogKeyRotation(keys: try keys(scratch))
        try scratch.write("keys/\(name)", "AAAA\n", mode: 0o600)
        let failure = #expect(throws: CommandFailure.self) {
            _ = try rotation.retired()
            _ = try rotation.begin()
        }
        #expect(failure?.sentence.contains(name) == true && failure?.sentence.contains("restore it") == true)
    }
}
