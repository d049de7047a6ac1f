import Testing
import WaybillCore
import WaybillDelivery
import WaybillLedger
import WaybillTesting

@testable import waybill

@Suite("Sinks in waybill.yaml")
struct SinkSectionTests {
    private func read(_ text: String, flags: [String: String] = [:]) async throws -> (settings: Settings, scratch: Scratch) {
        let scratch = try Scratch()
        let file = try scratch.write("etc/waybill.yaml", text)
        return (try await SettingsReader.read(file: file, flags: flags, environment: [:]), scratch)
    }

    @Test("Each is read with its kind, its format and its paths")
    func reads() async throws {
        let (settings, scratch) = try await read(
            """
            sinks:
              archive: {kind: file, path: out/x.ndjson, from: now}
              siem: {kind: syslog, address: "logs.example:6514", trust: ca.pem, settle: 10s}
              push-1:
                kind: https
                url: https://receiver.example/in
                token: ${secret:push}
                gzip: true
            """)
        #expect(settings.sinks.map(\.name) == ["archive", "siem", "push-1"])
        #expect(settings.sinks.map(\.kind.name) == ["file", "syslog", "https"])
        #expect(settings.sinks[0].values["path"] == scratch.file("etc/out/x.ndjson"))
        #expect(settings.sinks[1].values["trust"] == scratch.file("etc/ca.pem"))
        #expect(settings.sinks[2].values["token"] == "${secret:push}" && settings.sinks[2].format.name == "ndjson")
    }

    @Test(
        "What does not fit is refused with its place, and never shown where a secret could stand",
        arguments: [
            ("a: {kind: fil, path: x}", ":2:13: `sinks.a.kind` must be one of file, https, syslog, otlp, s3"),
            ("a: {path: x}", "`sinks.a.kind` must be one of"), ("a: {kind: file}", "`sinks.a` has no `path`: a path"),
            ("a: {kind: file, path: x, formt: csv}", "unknown key `sinks.a.formt`: did you mean `format`?"),
            ("a: {kind: file, path: x, endpoint_url: y}", "`sinks.a.endpoint_url`: a sink of kind file has none"),
            ("a: {kind: otlp, url: 'https://c.example', format: csv}", "unknown key `sinks.a.format`"),
            ("a: {kind: file, path: x, format: word}", "`sinks.a.format` must be one of ndjson"),
            ("a: {kind: https, url: 'http://c.example'}", "`sinks.a.url` must be a URL like"),
            ("a: {kind: https, url: 'https://c.example/?token=hidden'}", "`sinks.a.url` must be a URL like"),
            ("a: {kind: https, url: 'https://c.example', token: hidden}", "`sinks.a.token` must be `${secret:NAME}`"),
            ("a: {kind: https, url: 'https://c.example', token: '${secret:../hidden}'}", "`sinks.a.token` must be `${secret:NAME}`"),
            ("a: {kind: syslog, address: 'h:6514', settle: 1s}", "`sinks.a.settle` must be a time like"),
            ("a: {kind: syslog, address: 'hidden'}", "`sinks.a.address` must be an address like"),
            ("A!: {kind: file, path: x}", "a sink's name must be lower-case letters"), ("a: text", "`sinks.a` must hold keys and values"),
        ])
    func refuses(_ line: String, _ sentence: String) async throws {
        let failure = await #expect(throws: CommandFailure.self) { try await self.read("sinks:\n  \(line)\n") }
        #expect(failure?.message.contains(sentence) == true, "\(failure?.message ?? "")")
        #expect(failure?.message.contains("waybill.yaml:2:") == true)
        #expect(failure?.message.contains("hidden") == false)
    }

    @Test("They cannot be set outside the file, and a secret that is missing is named")
    func outside() async throws {
        await #expect(throws: CommandFailure.self) { try await self.read("", flags: ["sinks": "a"]) }
        let (settings, _) = try await read("sinks: {a: {kind: https, url: 'https://c.example', token: '${secret:push}'}}")
        let failure = #expect(throws: CommandFailure.self) { try SinkWiring.sinks(settings) }
        #expect(failure?.sentence.contains("the sink a needs the secret `push`") == true)
    }
}
