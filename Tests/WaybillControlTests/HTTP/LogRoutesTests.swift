import Crypto
import Logging
import Synchronization
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@testable import WaybillControl

@Suite("The log's public form on the control listener")
struct LogRoutesTests {
    private static let token = "a-long-enough-token"

    private struct Ready: GateObservation {
        func readiness() async -> Readiness { Readiness([.init("log", isReady: true)]) }
        func metrics() async throws -> [MetricFamily] { [] }
    }

    /// A log of five entries; or one that may show nothing.
    private struct Published: LogPublication {
        var note: String? = "acme.example/waybill\n5\nroot\n\n\u{2014} acme.example/waybill AAAA\n"
        func checkpoint() async throws -> String? { note }
        func bytes(of request: TileRequest) async throws -> [UInt8]? {
            request.isCovered(by: 5) ? Array(request.path.utf8) + [0, 255] : nil
        }
    }

    private func running(
        _ publication: (any LogPublication)? = Published(), token: Bool = false, _ body: (Int) async throws -> Void
    ) async throws {
        var configuration = ControlListenerConfiguration(host: "127.0.0.1", port: 0)
        if token { configuration.logTokenSHA256 = Array(SHA256.hash(data: Array(Self.token.utf8))) }
        let listener = ControlListener(
            configuration, observation: Ready(), publication: publication, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let port = try await listener.start()
        do {
            try await body(port)
        } catch {
            await listener.stop()
            throw error
        }
        await listener.stop()
    }

    private func ask(_ port: Int, _ path: String, method: String = "GET", fields: [String] = []) async throws -> RawClient.Answer {
        let client = try await RawClient.connect(port: port)
        defer { client.close() }
        try await client.send((["\(method) \(path) HTTP/1.1", "Host: control"] + fields).joined(separator: "\r\n") + "\r\n\r\n")
        return try await client.answer(toHEAD: method == "HEAD")
    }

    @Test("A checkpoint is text that is not kept, a tile bytes that never change")
    func served() async throws {
        try await running { (port: Int) async throws -> Void in
            let note = try await ask(port, "/log/checkpoint")
            #expect(note.status == 200 && note.value("content-type") == "text/plain; charset=utf-8")
            #expect(note.value("cache-control") == "no-store" && note.text == Published().note)
            for path in ["tile/0/000.p/5", "tile/entries/000.p/3"] {
                let tile = try await ask(port, "/log/\(path)")
                #expect(tile.status == 200 && tile.value("content-type") == "application/octet-stream")
                #expect(tile.value("cache-control") == "max-age=31536000, immutable")
                #expect(Array(tile.body) == Array(path.utf8) + [0, 255])
            }
            #expect(try await ask(port, "/log/tile/0/000.p/5", method: "HEAD").status == 200)
        }
    }

    static let misses: [(method: String, path: String, status: Int, code: String)] = [
        ("GET", "/log/tile/0/000", 404, "tile_beyond"), ("GET", "/log/tile/entries/000.p/6", 404, "tile_beyond"),
        ("GET", "/log/tile/1/000.p/1", 404, "tile_beyond"), ("GET", "/log/tile/0/0", 404, "tile_malformed"),
        ("GET", "/log/tile/0/000.p/05", 404, "tile_malformed"), ("GET", "/log/tile/0/000%2ep/5", 404, "tile_malformed"),
        ("GET", "/log/tile/../checkpoint", 404, "tile_malformed"), ("GET", "/log/tile", 404, "path_unknown"),
        ("GET", "/log", 404, "path_unknown"), ("POST", "/log/checkpoint", 405, "method_not_allowed"),
        ("DELETE", "/log/tile/0/000.p/5", 405, "method_not_allowed"),
    ]

    @Test("What is not there is 404 with its code, and only reading is allowed", arguments: misses)
    func missing(method: String, path: String, status: Int, code: String) async throws {
        try await running { (port: Int) async throws -> Void in
            let answer = try await ask(port, path, method: method)
            #expect(answer.status == status && answer.text.contains("\"code\":\"\(code)\""), "\(answer.status) \(answer.text)")
        }
    }

    @Test("With a token nobody reads without it, the metrics' rules stay their own")
    func token() async throws {
        try await running(token: true) { (port: Int) async throws -> Void in
            for path in ["/log/checkpoint", "/log/tile/0/000.p/5"] {
                #expect(try await ask(port, path).status == 401)
                #expect(try await ask(port, path, fields: ["Authorization: Bearer \(Self.token)x"]).status == 401)
                #expect(try await ask(port, path, fields: ["Authorization: Bearer \(Self.token)"]).status == 200)
            }
            #expect(try await ask(port, "/metrics").status == 200)
        }
    }

    @Test("A log that may show nothing says so, and one that is not published is no path at all")
    func withheld() async throws {
        try await running(Published(note: nil)) { (port: Int) async throws -> Void in
            let answer = try await ask(port, "/log/checkpoint")
            #expect(answer.status == 503 && answer.text.contains("\"code\":\"checkpoint_missing\"") && answer.value("retry-after") == "1")
        }
        try await running(nil) { (port: Int) async throws -> Void in #expect(try await ask(port, "/log/checkpoint").status == 404) }
    }
}
