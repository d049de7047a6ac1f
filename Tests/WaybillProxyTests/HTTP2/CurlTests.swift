import Foundation
import Testing
import WaybillCore
import WaybillTesting

/// A client that is not ours.
@Suite struct CurlTests {
    private static let curl = "/usr/bin/curl"

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: curl), "no curl here"))
    func curlSpeaksHTTP2ToTheGate() async throws {
        let authority = try TestAuthority(name: "listener authority")
        let identity = try authority.issue(["localhost"])
        try await Harness.run {
            $0.listenerTLS = identity
        } _: { harness in
            try await Self.post(
                to: "https://localhost:\(harness.port)/to/acme/v1/contacts", ["--header", "Waybill-Token: \(FakePolicy.token)"],
                trust: authority.certificatePEM, harness)
        }
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: curl), "no curl here"))
    func curlSpeaksHTTP2InATunnel() async throws {
        try await Harness.proxy { harness in
            try await Self.post(
                to: "https://\(FakePolicy.vendorHost)/v1/contacts",
                ["--proxy", "http://crm:\(FakePolicy.token)@127.0.0.1:\(harness.port)"],
                trust: harness.interceptionCA, harness)
        }
    }

    private static func post(to url: String, _ more: [String], trust: String, _ harness: Harness) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "waybill-curl-\(UUID().uuidString).pem")
        try trust.write(to: file, atomically: true, encoding: .utf8)
        defer {
            do { try FileManager.default.removeItem(at: file) } catch { Issue.record(error) }
        }
        harness.vendor.respond { request in [.write(FakeVendor.answer(201, request.text))] }
        for version in ["--http2", "--http1.1"] {
            let output = try await run(
                [
                    "--silent", "--show-error", "--max-time", "10", version, "--cacert", file.path, "--header",
                    "Content-Type: application/json",
                    "--data", #"{"a":1}"#, "--write-out", " %{http_version} %{http_code}",
                ] + more + [url])
            #expect(output == #"{"a":1} "# + (version == "--http2" ? "2" : "1.1") + " 201")
        }
        #expect(harness.vendor.requests.map(\.text) == [#"{"a":1}"#, #"{"a":1}"#])
        #expect(harness.recorder.outcomes.count == 2)
    }

    private static func run(_ arguments: [String]) async throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: curl)
        process.arguments = arguments
        process.environment = ["PATH": "/usr/bin:/bin"]
        let output = Pipe()
        process.standardOutput = output
        await withCheckedContinuation { done in
            process.terminationHandler = { _ in done.resume() }
            do {
                try process.run()
            } catch {
                Issue.record(error)
                done.resume()
            }
        }
        return String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    }
}
