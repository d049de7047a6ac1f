import Crypto
import Logging
import Synchronization
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@testable import WaybillControl

@Suite("Pulling exports from the control listener")
struct ExportRoutesTests {
    private static let token = "a-long-enough-token"

    private struct Ready: GateObservation {
        func readiness() async -> Readiness { Readiness([.init("log", isReady: true)]) }
        func metrics() async throws -> [MetricFamily] { [] }
    }

    /// Says what it was asked for; refuses cursors of other logs.
    private struct Echo: ExportPulls {
        func page(_ pull: ExportPull) async throws -> ExportPage {
            if let cursor = pull.cursor, cursor.origin != "acme" { throw ExportError(.otherLog, "secret@\(cursor.origin)") }
            if let cursor = pull.cursor, cursor.next > 9 { throw ExportError(.beyondEnd, "") }
            let text = "\(pull.format.name) \(pull.cursor?.description ?? "-") \(pull.vendor ?? "-") \(pull.entriesMax)\n"
            return ExportPage(bytes: Array(text.utf8), next: ExportCursor(origin: "acme", next: 7), isAtEnd: pull.cursor != nil)
        }
    }

    private func ask(_ target: String, method: String = "GET", fields: [String] = [], token: Bool = false) async throws -> RawClient.Answer
    {
        var configuration = ControlListenerConfiguration(host: "127.0.0.1", port: 0)
        if token { configuration.logTokenSHA256 = Array(SHA256.hash(data: Array(Self.token.utf8))) }
        let listener = ControlListener(
            configuration, observation: Ready(), exports: Echo(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let port = try await listener.start()
        do {
            let client = try await RawClient.connect(port: port)
            defer { client.close() }
            try await client.send((["\(method) \(target) HTTP/1.1", "Host: control"] + fields).joined(separator: "\r\n") + "\r\n\r\n")
            let answer = try await client.answer(toHEAD: method == "HEAD")
            await listener.stop()
            return answer
        } catch {
            await listener.stop()
            throw error
        }
    }

    static let pages: [(query: String, body: String, type: String, isAtEnd: String)] = [
        ("", "ndjson - - 1000\n", "application/x-ndjson", "false"),
        ("?format=csv&limit=5", "csv - - 5\n", "text/csv; charset=utf-8; header=present", "false"),
        ("?cursor=3@acme&vendor=hubspot", "ndjson 3@acme hubspot 1000\n", "application/x-ndjson", "true"),
        ("?cursor=3%40acme&limit=10000", "ndjson 3@acme - 10000\n", "application/x-ndjson", "true"),
    ]

    @Test("A page comes in its format, with the cursor to go on from", arguments: pages)
    func page(query: String, body: String, type: String, isAtEnd: String) async throws {
        let answer = try await ask("/log/export" + query)
        #expect(answer.status == 200 && answer.text == body)
        #expect(answer.value("content-type") == type && answer.value("cache-control") == "no-store")
        #expect(answer.value("waybill-next-cursor") == "7@acme" && answer.value("waybill-at-end") == isAtEnd)
    }

    static let refusals: [(method: String, target: String, status: Int, code: String)] = [
        ("GET", "/log/export?format=xml", 400, "export_malformed"), ("GET", "/log/export?limit=0", 400, "export_malformed"),
        ("GET", "/log/export?limit=10001", 400, "export_malformed"), ("GET", "/log/export?limit=1&limit=2", 400, "export_malformed"),
        ("GET", "/log/export?cursor=x", 400, "export_malformed"), ("GET", "/log/export?subject=anna", 400, "export_malformed"),
        ("GET", "/log/export?cursor=3@other", 409, "cursor_foreign"), ("GET", "/log/export?cursor=10@acme", 409, "cursor_beyond"),
        ("POST", "/log/export", 405, "method_not_allowed"), ("GET", "/log/exports", 404, "path_unknown"),
    ]

    @Test("What does not fit is refused in a problem document that repeats nothing of it", arguments: refusals)
    func refused(method: String, target: String, status: Int, code: String) async throws {
        let answer = try await ask(target, method: method)
        #expect(answer.status == status && answer.text.contains(#""code":"\#(code)""#))
        #expect(!answer.text.contains("secret") && !answer.text.contains("other@") && !answer.text.contains("anna"))
    }

    @Test("With a token only who has it is answered")
    func guarded() async throws {
        #expect(try await ask("/log/export", token: true).status == 401)
        #expect(try await ask("/log/export", fields: ["Authorization: Bearer wrong"], token: true).status == 401)
        #expect(try await ask("/log/export", fields: ["Authorization: Bearer \(Self.token)"], token: true).status == 200)
    }
}
