import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillReport

@Suite("The report as PDF")
struct EvidenceReportPDFTests {
    private func pdf(_ name: String) throws -> (file: URL, bytes: [UInt8]) {
        let report = try #require(ReportFixture.all.first { $0.name == name }).report
        let bytes = try EvidenceReportPDF.write(report)
        return (try ReportFixture.file("\(name).pdf", bytes), bytes)
    }

    /// Runs one of Poppler's tools.
    private func run(_ tool: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [tool] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(tool)")
        return String(decoding: data, as: UTF8.self)
    }

    @Test("It opens, its pages are numbered, and it tells title, author and date", arguments: ReportFixture.all.map(\.name))
    func opens(name: String) throws {
        let (file, _) = try pdf(name)
        let info = try run("pdfinfo", [file.path])
        let pages = try #require(info.firstMatch(of: /Pages:\s+(\d+)/).flatMap { Int($0.1) })
        #expect(info.contains("A4") && info.contains("Creator:         Waybill"))
        #expect(info.contains(/CreationDate: .*2026/))
        let text = try run("pdftotext", ["-layout", file.path, "-"])
        for page in 1...pages { #expect(text.contains("Page \(page) of \(pages)")) }
        #expect(!text.contains("Page \(pages + 1) of"))
        #expect(name != "crowded" || pages > 8)
    }

    @Test("The same report is the same bytes")
    func same() throws { #expect(try pdf("sample").bytes == pdf("sample").bytes) }

    @Test("The sample says what was counted")
    func sample() throws {
        let text = try run("pdftotext", ["-layout", try pdf("sample").file.path, "-"])
        for words in [
            "Transfers to HubSpot", "Evidence report of Acme Europe GmbH", "2026-01-01 to 2026-03-31, both included (UTC)", "48,211",
            "20,311,845 bytes (20.3 MB)", "consent_withdrawn", "adequacy:EU-US-DPF", "product_analytics", "open end",
        ] { #expect(text.contains(words), "\(words)") }
    }

    @Test("A table that goes over pages repeats its header")
    func headers() throws {
        let text = try run("pdftotext", ["-layout", try pdf("crowded").file.path, "-"])
        let pages = text.split(separator: "\u{c}")
        let within = pages.filter { $0.contains(/field_\d+ +\d/) }
        #expect(within.count > 4)
        for page in within { #expect(page.contains(/Field +Number/)) }
        for i in [0, 150, 299] { #expect(text.contains("field_\(i) ")) }
    }
}
