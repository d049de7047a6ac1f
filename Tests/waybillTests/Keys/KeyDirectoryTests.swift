import Crypto
import FoundationEssentials
import Testing
import WaybillTesting

@testable import waybill

@Suite("The key directory")
struct KeyDirectoryTests {
    @Test("Missing keys are made: directory 0700, files 0600, and the same ever after")
    func creation() throws {
        let scratch = try Scratch()
        let keys = try KeyDirectory(scratch.file("var/keys"), create: true)
        let master = try keys.masterKey(create: true)
        let log = try keys.logKey(create: true)
        #expect(try scratch.mode("var/keys") == 0o700)
        #expect(try scratch.mode("var/keys/master.key") == 0o600)
        #expect(try scratch.mode("var/keys/log.key") == 0o600)
        #expect(master.bitCount == 256)
        #expect(try keys.masterKey(create: true) == master)
        #expect(try keys.masterKey(create: false) == master)
        #expect(try keys.logKey(create: false).rawRepresentation == log.rawRepresentation)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.file("var/keys")).sorted() == ["log.key", "master.key"])
    }

    @Test("A key that others can read is refused with the remedy", arguments: [0o640, 0o604, 0o660, 0o644, 0o610])
    func readableByOthers(mode: Int) throws {
        let scratch = try Scratch()
        let keys = try KeyDirectory(scratch.file("keys"), create: true)
        _ = try keys.masterKey(create: true)
        try scratch.setMode("keys/master.key", mode)
        let failure = #expect(throws: CommandFailure.self) { try keys.masterKey(create: true) }
        #expect(failure?.sentence.contains("can be read by other users: chmod 600") == true)
    }

    @Test("A directory that others can enter is refused")
    func openDirectory() throws {
        let scratch = try Scratch()
        _ = try KeyDirectory(scratch.file("keys"), create: true)
        try scratch.setMode("keys", 0o750)
        let failure = #expect(throws: CommandFailure.self) { try KeyDirectory(scratch.file("keys"), create: true) }
        #expect(failure?.sentence.contains("chmod 700") == true)
    }

    @Test("A damaged key is refused and left as it is", arguments: ["", "short", "not base64 at all!", "AAAA"])
    func damaged(content: String) throws {
        let scratch = try Scratch()
        let keys = try KeyDirectory(scratch.file("keys"), create: true)
        try scratch.write("keys/master.key", content, mode: 0o600)
        let failure = #expect(throws: CommandFailure.self) { try keys.masterKey(create: true) }
        #expect(failure?.sentence.contains("is damaged") == true)
        #expect(try scratch.read("keys/master.key") == content)
    }

    @Test("Nothing is created unless allowed")
    func readingOnly() throws {
        let scratch = try Scratch()
        #expect(throws: CommandFailure.self) { try KeyDirectory(scratch.file("keys"), create: false) }
        let keys = try KeyDirectory(scratch.file("keys"), create: true)
        #expect(throws: CommandFailure.self) { try keys.masterKey(create: false) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.file("keys")).isEmpty)
    }

    @Test("Creating a file never overwrites one")
    func neverOverwritten() throws {
        let scratch = try Scratch()
        let keys = try KeyDirectory(scratch.file("keys"), create: true)
        #expect(try keys.create("a", text: "first"))
        #expect(try !keys.create("a", text: "second"))
        #expect(try scratch.read("keys/a") == "first")
    }

    @Test("A directory that cannot be made says why")
    func notADirectory() throws {
        let scratch = try Scratch()
        try scratch.write("file", "")
        let failure = #expect(throws: CommandFailure.self) { try KeyDirectory(scratch.file("file/keys"), create: true) }
        #expect(failure?.sentence.contains("Not a directory") == true)
    }
}
