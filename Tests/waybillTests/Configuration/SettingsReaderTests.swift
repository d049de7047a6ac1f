import Testing
import WaybillCore
import WaybillTesting

@testable import waybill

@Suite("Reading waybill.yaml")
struct SettingsReaderTests {
    private func read(_ text: String, flags: [String: String] = [:], environment: [String: String] = [:]) async throws -> Settings {
        let scratch = try Scratch()
        let file = try scratch.write("etc/waybill.yaml", text)
        return try await SettingsReader.read(file: file, flags: flags, environment: environment)
    }

    private func failure(_ text: String, flags: [String: String] = [:], environment: [String: String] = [:]) async throws -> CommandFailure?
    {
        do {
            _ = try await read(text, flags: flags, environment: environment)
            return nil
        } catch let failure as CommandFailure {
            return failure
        }
    }

    @Test("An empty file gives every default", arguments: ["", "\n", "# nothing\n", "{}\n"])
    func defaults(text: String) async throws {
        let scratch = try Scratch()
        let file = try scratch.write("waybill.yaml", text)
        let settings = try await SettingsReader.read(file: file, flags: [:], environment: [:])
        #expect(settings.gate == Settings.Listener(address: HostPort(host: "127.0.0.1", port: 8080), tls: nil))
        #expect(settings.store == scratch.file("var/waybill.db"))
        #expect(settings.logStore == scratch.file("var/waybill-log.db"))
        #expect(settings.socket == scratch.file("var/waybill.sock"))
        #expect(settings.policies == scratch.file("policies"))
        #expect(settings.keys == scratch.file("var/keys"))
        #expect(settings.log.origin == "{organisation.id}/waybill")
        #expect(settings.log.checkpointEveryMilliseconds == 1_000)
        #expect(settings.proxy == nil && settings.upstreamProxy == nil)
        #expect(!settings.insecure && settings.resolve.isEmpty && settings.trust.isEmpty && settings.log.witnesses.isEmpty)
    }

    @Test(
        "Where traces go needs an address, and its token a secret's name",
        arguments: [
            ("traces: {url: 'ftp://otel.example'}", "must be like"), ("traces: {token: '${secret:otel}'}", "stands without"),
            ("traces: {url: 'https://otel.example', token: abc}", "no place for a secret"),
        ])
    func unfitTraces(text: String, words: String) async throws {
        #expect(try await failure(text)?.sentence.contains(words) == true)
        #expect(try await failure(text)?.sentence.contains("abc") == false)
        #expect(try await read("traces: {url: 'https://otel.example'}").traces?.url == "https://otel.example")
    }

    @Test("The example that other people's configurations follow is accepted")
    func fixedExample() async throws {
        let settings = try await read(
            """
            listen: {gate: 127.0.0.1:8080, proxy: 127.0.0.1:8888, control: 127.0.0.1:8081}
            store: sqlite:var/waybill.db
            policies: policies
            keys: var/keys
            resolve: {"api.hubapi.com:443": "127.0.0.1:9443"}
            trust: [certs/vendors-ca.pem]
            limits: {body_bytes: 1048576}
            log: {origin: acme.example/waybill/2026h2, checkpoint_every: 500ms, witnesses: []}
            """)
        #expect(settings.log.witnesses.isEmpty && settings.control?.address == HostPort(host: "127.0.0.1", port: 8081))
        #expect(settings.proxy == Settings.Listener(address: HostPort(host: "127.0.0.1", port: 8888), tls: nil))
        #expect(settings.resolve == [HostPort(host: "api.hubapi.com", port: 443): HostPort(host: "127.0.0.1", port: 9443)])
        #expect(settings.trust.map { $0.hasSuffix("/etc/certs/vendors-ca.pem") } == [true])
        #expect(settings.limits.body.decodedBytesMax == 1_048_576)
        #expect(settings.log.origin == "acme.example/waybill/2026h2")
        #expect(settings.log.checkpointEveryMilliseconds == 500)
    }

    @Test(
        "Flags win over the environment, and the environment over the file",
        arguments: [
            ("log.origin", "WAYBILL_LOG_ORIGIN", "log: {origin: from-file}"),
            ("store", "WAYBILL_STORE", "store: sqlite:from-file"),
            ("policies", "WAYBILL_POLICIES", "policies: from-file"),
            ("trust", "WAYBILL_TRUST", "trust: [from-file]"),
        ])
    func precedence(key: String, variable: String, file: String) async throws {
        func value(_ settings: Settings) -> String {
            let text =
                switch key {
                case "log.origin": settings.log.origin
                case "store": settings.store
                case "trust": settings.trust.joined()
                default: settings.policies
                }
            return String(text.split(separator: "/").last ?? "")
        }
        let prefix = key == "store" ? "sqlite:" : ""
        let environment = [variable: prefix + "from-environment"]
        #expect(value(try await read(file)) == "from-file")
        #expect(value(try await read(file, environment: environment)) == "from-environment")
        #expect(value(try await read(file, flags: [key: prefix + "from-flag"], environment: environment)) == "from-flag")
        #expect(value(try await read("", environment: environment)) == "from-environment")
    }

    @Test("The long form of a listener carries TLS files, and the environment still wins")
    func longListener() async throws {
        let text = "listen:\n  gate: {address: 0.0.0.0:8443, tls: {certificate: c.pem, key: k.pem}}\n"
        let settings = try await read(text)
        #expect(settings.gate.address == HostPort(host: "0.0.0.0", port: 8443))
        #expect(settings.gate.tls?.certificate.hasSuffix("/etc/c.pem") == true)
        #expect(try await read(text, environment: ["WAYBILL_LISTEN_GATE": "127.0.0.1:1"]).gate.address.port == 1)
    }

    @Test("Variables that are no key are listed, secrets are not")
    func unknownVariables() async throws {
        let settings = try await read("", environment: ["WAYBILL_POLICY": "x", "WAYBILL_SECRET_TOKEN": "s", "PATH": "/bin"])
        #expect(settings.unknownVariables == ["WAYBILL_POLICY"])
    }

    @Test(
        "What does not fit is refused with its place",
        arguments: [
            ("store: sqlite:a\nlimit: {body_bytes: 1}\n", "waybill.yaml:2:1: unknown key `limit`"),
            ("polices: x\n", "did you mean `policies`?"),
            ("limits:\n  body_byte: 1\n", "waybill.yaml:2:3: unknown key `limits.body_byte`: did you mean `limits.body_bytes`?"),
            ("limits:\n  body_bytes: many\n", "waybill.yaml:2:15: `limits.body_bytes` must be a whole number from 1024"),
            ("limits: {body_bytes: 1}\n", "`limits.body_bytes` must be a whole number"),
            ("limits: 7\n", "waybill.yaml:1:9: `limits` must hold keys and values"),
            ("trust: certs/ca.pem\n", "waybill.yaml:1:8: `trust` must be a list of paths"),
            ("store: [a]\n", "waybill.yaml:1:8: `store` must be a text"),
            ("store: a\nstore: b\n", "not valid YAML"),
            ("store: {\n", "not valid YAML"),
            ("- a\n", "must hold keys and values"),
            ("a: &x 1\n", "anchors are not allowed"),
            ("insecure: yes\n", "waybill.yaml:1:11: `insecure` must be true or false"),
            ("log: {checkpoint_every: 1}\n", "`log.checkpoint_every` must be a time like"),
            ("listen: {gate: here}\n", "waybill.yaml:1:16: `listen.gate` must be an address"),
            ("listen: {gate: 127.0.0.1:70000}\n", "must be an address"),
            ("resolve: {api.example: 127.0.0.1:1}\n", "`resolve` must be a mapping"),
            ("listen: {gate: 0.0.0.0:8080}\n", "insecure: true"),
            ("listen: {gate: gate.example:8080}\n", "insecure: true"),
            ("listen: {gate: {address: 127.0.0.1:1, tls: {certificate: a}}}\n", "needs both `certificate` and `key`"),
            ("store: postgres://u:hunter2@db/waybill\n", "PostgreSQL stores are not built yet"),
            ("store: mysql:x\n", "`store` must be like"),
        ])
    func refused(text: String, message: String) async throws {
        let failure = try await failure(text)
        #expect(failure?.sentence.contains(message) == true, "\(failure?.sentence ?? "accepted")")
        #expect(failure?.sentence.contains("hunter2") == false)
        #expect(failure?.status == .failed)
    }

    @Test("All unknown keys are named at once")
    func everyProblem() async throws {
        let sentence = try await failure("a: 1\nb: 2\nlog: {c: 3}\n")?.sentence ?? ""
        #expect(sentence.split(separator: "\n").count == 3)
    }

    @Test("Plain HTTP off loopback passes when it is said to be meant")
    func insecure() async throws {
        #expect(try await read("listen: {gate: 0.0.0.0:8080}\ninsecure: true\n").insecure)
    }

    @Test("A value from the environment or a flag is refused by the name of its source")
    func sources() async throws {
        #expect(
            try await failure("", environment: ["WAYBILL_LIMITS_DEPTH": "x"])?.sentence.contains(
                "environment variable WAYBILL_LIMITS_DEPTH") == true)
        #expect(try await failure("", flags: ["limits.depth": "x"])?.sentence.contains("--set limits.depth") == true)
        #expect(try await failure("", flags: ["limits.dept": "1"])?.status == .usage)
    }

    @Test("A missing file is named, with what to do")
    func missing() async throws {
        await #expect(throws: CommandFailure.self) {
            try await SettingsReader.read(file: "/nonexistent/waybill.yaml", flags: [:], environment: [:])
        }
    }
}
