import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage
import WaybillTesting

@testable import waybill

@Suite("finding transfers", .serialized)
struct FindingTests {
    /// Ten transfers about two people in turns, each with an outcome but the last, and one denied request.
    private func site() throws -> Installation {
        let site = try Installation()
        let keys = try KeyDirectory(site.scratch.file("site/var/keys"), create: false)
        let logKeys = try Wiring.logKeys(keys, Keyring(master: try keys.masterKey(create: false)), create: false)
        let log = try TransferLog.open(
            store: SQLiteLogStore(path: site.scratch.file("site/var/waybill-log.db")), keys: logKeys,
            configuration: LogConfiguration(origin: "example/waybill", node: "1"),
            copy: FileCheckpointCopy(path: site.scratch.file("site/var/checkpoint")))
        defer { log.close() }
        let listener = CollectingListener()
        for i in 0..<10 as Range<UInt64> {
            let draft = TransferDraft.testing(i, email: i % 2 == 0 ? "anna@example.com" : "ben@example.com")
            log.record(draft, ticket: i, for: listener)
            try #require(listener.wait(for: 1))
            if i < 9 { log.record(TransferOutcome(xid: draft.xid, result: .ok, status: 201, sentBytes: 30, milliseconds: 4)) }
        }
        log.recordDenial(.testing(10, vendor: "mailchimp"))
        return site
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("A list goes on where its cursor says, with and without a running gate")
    func paging() throws {
        let site = try site()
        var gate: RunningGate?
        for isServed in [false, true] {
            if isServed { gate = try RunningGate(site.scratch, config: site.config) }
            var xids: [String] = []
            var next: String?
            repeat {
                let cursor = next.map { ["--cursor", $0] } ?? []
                let arguments = ["transfers", "list", "--vendor", "hubspot", "--output", "json", "--limit", "4", "--config", site.config]
                let page = try object(Program.waybill(arguments + cursor).output)
                xids += try #require(page["transfers"] as? [[String: Any]]).compactMap { $0["xid"] as? String }
                next = page["next"] as? String
            } while next != nil
            #expect(xids == (0..<10).reversed().map { TransferID.testing(UInt64($0)).description })
            #expect(try site.run("transfers", "list", "--output", "ndjson").output.split(separator: "\n").count == 11)
            #expect(try site.run("transfers", "list", "--reason", "field_not_agreed", "--decision", "deny").output.contains("mailchimp"))
        }
        let short = try site.run("transfers", "list", "--limit", "1")
        #expect(short.error.contains("--cursor ") && short.error.contains("@example/waybill goes on"))
        #expect(try site.run("transfers", "list", "--cursor", "3@another/log").error.contains("is of the log another/log"))
        #expect(try site.run("transfers", "list", "--cursor", "x").status == 2)
        #expect(try gate?.stop() == 0)
    }

    @Test("A person's disclosures are hers alone, in every format, and name no other person")
    func disclosures() throws {
        let site = try site()
        let found = try object(site.run("subject", "disclosures", "email:anna@example.com", "--output", "json").output)
        let rows = try #require(found["disclosures"] as? [[String: Any]])
        #expect(rows.count == 5 && rows.allSatisfy { $0["vendor"] as? String == "hubspot" && $0["country"] as? String == "US" })
        #expect(rows.first?["agreements"] as? [String] == ["hubspot-newsletter@3"])
        #expect(found["pruned_before"] is NSNull && found["next"] is NSNull)
        for format in ["table", "ndjson", "csv"] {
            let text = try site.run("subject", "disclosures", "email:ben@example.com", "--output", format).output
            #expect(text.split(whereSeparator: \.isNewline).count { $0.contains("hubspot-newsletter@3") } == 5, "\(format)")
            #expect(!text.contains("anna"))
        }
        let nobody = try site.run("subject", "disclosures", "email:zoe@example.com")
        #expect(nobody.status == 1 && nobody.error.contains("nobody is known") && !nobody.error.contains("zoe"))
        #expect(
            try site.run("transfers", "list", "--subject", "email:ben@example.com", "--output", "ndjson").output.split(separator: "\n")
                .count == 5)
    }

    @Test("Statistics count a vendor's period, and a rebuilt index counts the same")
    func statistics() throws {
        let site = try site()
        let before = try site.run("transfers", "stats", "--vendor", "hubspot", "--output", "json")
        let period = try #require((try object(before.output)["periods"] as? [[String: Any]])?.first)
        #expect(period["transfers"] as? Int == 10 && period["bytes"] as? Int == 270 && period["refused"] as? Int == 0)
        #expect(
            period["result"] as? [String: Int] == ["ok": 9, "unknown": 1] || period["result"] as? [String: Int] == ["ok": 9, "open": 1])
        let gate = try RunningGate(site.scratch, config: site.config)
        #expect(try site.run("log", "reindex").output.hasPrefix("The index holds "))
        let after = try site.run("transfers", "stats", "--vendor", "hubspot", "--by", "month", "--output", "csv")
        #expect(after.output.hasPrefix("period,transfers,") && after.output.contains(",10,10,270,0,0,9,0,1"))
        #expect(try site.run("transfers", "stats", "--since", "2001-01-01", "--until", "2002-01-01").output == "no transfers\n")
        #expect(try gate.stop() == 0)
    }
}
