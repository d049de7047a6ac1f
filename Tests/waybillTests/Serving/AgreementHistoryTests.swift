import Crypto
import Foundation
import Synchronization
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage
import WaybillTesting

@testable import waybill

@Suite("Agreement versions that were used")
struct AgreementHistoryTests {
    private final class Commits: CommitListener {
        let count = Mutex(0)
        func committed(_ results: [CommitResult]) { count.withLock { $0 += results.count } }
    }

    private struct Place {
        let site: Installation
        let directory: PolicyDirectory
        let archive: PolicyArchive

        init() throws {
            site = try Installation()
            directory = PolicyDirectory(site.policies)
            archive = PolicyArchive(path: site.scratch.file("policy-sets"))
        }

        func load() throws -> LoadedPolicies { try directory.loadAll(try directory.signature()).policies }

        func widen() throws -> LoadedPolicies {
            let path = "site/policies/agreements/mailer-newsletter.yaml"
            try site.scratch.write(
                path, try site.scratch.read(path).replacing("first_name: keep", with: "first_name: keep\n      phone: keep"))
            return try load()
        }
    }

    /// One transfer under an agreement, durable when this returns.
    private func record(_ agreement: Agreement, in log: TransferLog) throws {
        let draft = TransferDraft(
            xid: TransferID(now: SystemWallClock().now(), random: (1, 2)), caller: "crm", vendor: "mailer",
            destination: "api.mailer.example",
            region: "DE", method: "POST", endpoint: "contacts.create", route: "/v1/contacts", purposes: ["newsletter"], regimes: ["gdpr"],
            bases: ["consent"], mechanisms: [], agreements: [(id: agreement.id, version: agreement.version, digest: agreement.digest)],
            policyDigest: "p", consentSequence: 0, fields: ["email"], droppedFields: [], droppedMembers: 0, codes: [:], recordCount: 1,
            deniedCount: 0, body: [], subjects: [], lines: [])
        let commits = Commits()
        log.record(draft, ticket: 1, for: commits)
        try waitUntil("the transfer is durable", seconds: 10) { commits.count.withLock { $0 } == 1 }
    }

    @Test("A version may change until a transfer was made under it, and not after", arguments: [false, true])
    func change(used: Bool) throws {
        let place = try Place()
        let first = try place.load()
        try place.archive.keep(first.set, files: first.files)
        let store = try SQLiteLogStore(path: place.site.scratch.file("log.db"))
        let keys = try LogKeys(
            keyring: Keyring(master: SymmetricKey(size: .bits256)), signingSeed: SymmetricKey(size: .bits256))
        let log = try TransferLog.open(
            store: store, keys: keys, configuration: LogConfiguration(origin: "example/log", node: "1"),
            copy: FileCheckpointCopy(path: place.site.scratch.file("checkpoint")))
        defer { log.close() }
        if used { try record(try #require(first.set.agreements.first), in: log) }
        let history = AgreementHistory(archive: place.archive, log: store)
        try history.check(first.set)
        let changed = try place.widen()
        guard used else { return try history.check(changed.set) }
        let problems = #expect(throws: PolicyProblems.self) { try history.check(changed.set) }
        #expect(problems?.all.map(\.code) == ["agreement_version_changed"])
        #expect(problems?.all.first?.position.file == "agreements/mailer-newsletter.yaml")
        #expect(problems?.all.first?.remedy.contains("version 2") == true)
    }

    @Test("A kept set can be loaded again by its digest, and is kept once")
    func archive() throws {
        let place = try Place()
        let loaded = try place.load()
        try place.archive.keep(loaded.set, files: loaded.files)
        try place.archive.keep(loaded.set, files: loaded.files)
        #expect(try place.archive.set(loaded.set.digest)?.digest == loaded.set.digest)
        #expect(try place.archive.set(String(repeating: "0", count: 64)) == nil)
        #expect(try place.archive.set("../policies") == nil)
        let agreement = try #require(loaded.set.agreements.first)
        #expect(try place.archive.versions() == [PolicyArchive.Version(name: agreement.versionName, digest: agreement.digest)])
    }

    @Test("Of a set much like the one before only what changed is written again; a kept set that was changed is no evidence")
    func shared() throws {
        let place = try Place()
        let first = try place.load()
        try place.archive.keep(first.set, files: first.files)
        #expect(try place.archive.versions().count == 1)
        let second = try place.widen()
        try place.archive.keep(second.set, files: second.files, like: first.set.digest)
        #expect(try place.archive.versions().count == 2)
        func links(_ name: String) throws -> Int? {
            let path = place.site.scratch.file("policy-sets/\(second.set.digest)/\(name)")
            return (try FileManager.default.attributesOfItem(atPath: path)[.referenceCount] as? Int)
        }
        #expect(try links("vendors/mailer.yaml") == 2 && links("agreements/mailer-newsletter.yaml") == 1)
        for loaded in [first, second] { #expect(try place.archive.set(loaded.set.digest)?.digest == loaded.set.digest) }
        let name = "policy-sets/\(second.set.digest)/agreements/mailer-newsletter.yaml"
        try place.site.scratch.write(name, try place.site.scratch.read(name).replacing("phone: keep", with: "phone: drop"))
        #expect(try place.archive.set(second.set.digest) == nil)
        #expect(try place.archive.set(first.set.digest) != nil)
    }

    @Test("A part of bytes is found wherever it stands")
    func search() {
        let bytes = Array("aab aaab".utf8)
        for (needle, found) in [("aab", true), ("aaab", true), ("b a", true), ("ba", false), ("aaab ", false), ("b", true)] {
            #expect(Bytes.contain(bytes, Array(needle.utf8)) == found, "\(needle)")
        }
    }
}
