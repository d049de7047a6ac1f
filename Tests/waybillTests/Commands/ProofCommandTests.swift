import FoundationEssentials
import Testing
import WaybillLedger
import WaybillTesting

@testable import waybill

@Suite("Proofs and the change of keys, as a user runs them", .serialized)
struct ProofCommandTests {
    @Test("A proof holds offline, for its entry only, and what cannot be proved is said with a remedy")
    func proofs() throws {
        let site = try Installation()
        let gate = try RunningGate(site.scratch, config: site.config)
        #expect(try gate.stop() == 0)
        let (entry, file) = (site.scratch.file("entry"), site.scratch.file("proof"))
        let proof = try site.run("log", "proof", "0", "--entry-file", entry)
        #expect(proof.status == 0 && InclusionProofText(proof.output) != nil, "\(proof.error)")
        try site.scratch.write("proof", proof.output)
        let holds = try site.run("log", "proof", "--verify", file, "--entry-file", entry)
        #expect(holds.status == 0 && holds.output.hasPrefix("The proof holds: entry 0 of 2 in "), "\(holds.output) \(holds.error)")
        let vkey = try site.run("log", "checkpoint", "--key").output.split(separator: "\n").map(String.init)
        #expect(vkey.count == 1)
        #expect(try Program.waybill(["log", "proof", "--verify", file, "--entry-file", entry, "--key", vkey[0]]).status == 0)
        try site.scratch.write("other", try site.scratch.read("entry").replacing("start", with: "stort"))
        let other = try site.run("log", "proof", "--verify", file, "--entry-file", site.scratch.file("other"))
        #expect(other.status == 5 && other.output.contains("NOT hold: the entry is not the one at index 0"))

        let failures: [(arguments: [String], status: Int32, says: String)] = [
            (["log", "proof", "2"], 1, "No signed checkpoint covers entry 2 yet"),
            (["log", "proof", "019a2b3c-4d5e-7f80-91a2-b3c4d5e6f708"], 1, "the log has no transfer"),
            (["log", "proof", "x"], 2, "neither an index nor a transfer's id"), (["log", "proof"], 2, "name an entry to prove"),
            (["log", "proof", "--verify", entry, "--entry-file", entry], 1, "holds no tlog-proof"),
            (["log", "consistency", "9"], 1, "fewer than 9"), (["log", "consistency", "2", "1"], 2, "smaller than the earlier"),
            (["log", "consistency", "0", "1"], 1, "No checkpoint of 1 entries is kept"),
        ]
        for (arguments, status, says) in failures {
            let ending = try Program.waybill(arguments + ["--config", site.config])
            #expect(ending.status == status && ending.error.contains(says), "\(arguments): \(ending.status) \(ending.error)")
        }
        let consistency = try site.run("log", "consistency", "1")
        #expect(ConsistencyProofText(consistency.output)?.old == 1)
    }

    @Test("The key changes over two restarts; every checkpoint stays verifiable, and a proof under the old key is no longer taken")
    func rotation() throws {
        let site = try Installation()
        func serveOnce() throws {
            let gate = try RunningGate(site.scratch, config: site.config)
            #expect(try gate.stop() == 0)
        }
        try serveOnce()
        try site.scratch.write("old-proof", try site.run("log", "proof", "0", "--entry-file", site.scratch.file("entry")).output)
        let before = try site.run("log", "checkpoint", "--key").output
        let begun = try site.run("keys", "rotate")
        #expect(begun.status == 0 && begun.output.contains("Next: restart the gate"), "\(begun.error)")
        #expect(try site.run("log", "verify").status == 0)
        let early = try site.run("keys", "rotate", "--finish")
        #expect(early.status == 1 && early.error.contains("restart the gate, then run"))
        try serveOnce()
        #expect(try SignedNote(Array(try site.run("log", "checkpoint").output.utf8)).signatures.count == 2)
        #expect(try site.run("log", "verify").status == 0)
        let finished = try site.run("keys", "rotate", "--finish")
        #expect(finished.status == 0 && finished.output.contains(before), "\(finished.error)")
        try serveOnce()
        #expect(try SignedNote(Array(try site.run("log", "checkpoint").output.utf8)).signatures.count == 1)
        let keys = try site.run("log", "checkpoint", "--key").output.split(separator: "\n")
        #expect(keys.count == 2 && keys[1] == "\(before.dropLast()) replaced")
        let verified = try site.run("log", "verify")
        #expect(verified.status == 0, "\(verified.output)")
        #expect(try site.run("log", "export").output.split(separator: "\n").count { $0.contains("\"kind\":\"keychange\"") } == 1)
        let old = try site.run("log", "proof", "--verify", site.scratch.file("old-proof"), "--entry-file", site.scratch.file("entry"))
        #expect(old.status == 5 && old.output.contains("make the proof anew"))
        // Without the list of retired keys the early checkpoints cannot be judged.
        try FileManager.default.removeItem(atPath: site.scratch.file("site/var/keys/log.retired"))
        #expect(try site.run("log", "verify").status == 5)
    }
}
