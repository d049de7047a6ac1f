import Testing
import WaybillTesting

@testable import waybill

@Suite("An installation deep in the file system", .serialized)
struct DeepDirectoryTests {
    @Test("The control socket works where its path is longer than a socket's may be")
    func longPath() throws {
        let scratch = try Scratch()
        let deep = (0..<6).map { "directory-with-a-long-name-\($0)" }.joined(separator: "/")
        try scratch.write("\(deep)/keep", "")
        let site = scratch.file("\(deep)/site")
        #expect(site.utf8.count > 160)
        #expect(try Program.waybill(["init", site]).status == 0)
        let gate = try RunningGate(scratch, config: "\(site)/waybill.yaml")
        let facts = try scratch.write("facts.ndjson", #"{"ids":["email:anna@example.com"],"countries":["DE"]}"#)
        let imported = try Program.waybill(["subject", "import", facts, "--config", "\(site)/waybill.yaml"])
        #expect(imported.status == 0, "\(imported.error)")
        #expect(try gate.stop() == 0)
    }
}
