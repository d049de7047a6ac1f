import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillReport

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite("The report as HTML")
struct EvidenceReportHTMLTests {
    static let names = ReportFixture.all.map(\.name)

    private func text(_ name: String) throws -> String {
        let report = try #require(ReportFixture.all.first { $0.name == name }).report
        let bytes = EvidenceReportHTML.write(report)
        #expect(bytes == EvidenceReportHTML.write(report))
        if ProcessInfo.processInfo.environment["WAYBILL_KEEP_REPORTS"] != nil { _ = try ReportFixture.file("\(name).html", bytes) }
        return try #require(String(validating: bytes, as: UTF8.self))
    }

    /// Elements of the page with their attributes; throws if it does not nest.
    private func elements(_ text: String) throws -> [(name: String, attributes: [String: String])] {
        // Written so that it is XML too, but for the elements that HTML never closes.
        let voids = text.replacing(/<meta [^>]*>/, with: { String($0.output.dropLast()) + "/>" })
        let parser = XMLParser(data: Data(voids.replacing("<!doctype html>", with: "").utf8))
        let collector = Collector()
        parser.delegate = collector
        guard parser.parse() else { throw parser.parserError ?? CancellationError() }
        return collector.elements
    }

    private final class Collector: NSObject, XMLParserDelegate {
        var elements: [(name: String, attributes: [String: String])] = []
        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?, attributes: [String: String]
        ) {
            elements.append((name, attributes))
        }
    }

    @Test("It nests, has one title, and its headings go down step by step", arguments: names)
    func structure(name: String) throws {
        let elements = try elements(try text(name))
        let headings = elements.compactMap { $0.name.wholeMatch(of: /h([1-6])/).flatMap { Int($0.1) } }
        #expect(headings.first == 1 && headings.count { $0 == 1 } == 1)
        for (a, b) in zip(headings, headings.dropFirst()) { #expect(b <= a + 1) }
        #expect(elements.count { $0.name == "main" } == 1)
        let ids = elements.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count)
        for element in elements {
            guard let label = element.attributes["aria-labelledby"] else { continue }
            #expect(ids.contains(label))
        }
    }

    @Test("It needs nothing from elsewhere and runs nothing", arguments: names)
    func selfContained(name: String) throws {
        let text = try text(name)
        let elements = try elements(text)
        #expect(!elements.contains { ["script", "link", "img", "iframe", "object", "embed", "a", "form"].contains($0.name) })
        #expect(!elements.contains { $0.attributes.keys.contains { $0.hasPrefix("on") || $0 == "src" || $0 == "href" } })
        #expect(!text.contains("url(") && !text.contains("@import"))
        #expect(text.contains("default-src 'none'"))
    }

    @Test("Every chart is told in words and has a table with the same figures after it", arguments: names)
    func charts(name: String) throws {
        let elements = try elements(try text(name))
        let outline = elements.map(\.name).filter { ["svg", "table"].contains($0) }
        for (i, name) in outline.enumerated() where name == "svg" { #expect(i + 1 < outline.count && outline[i + 1] == "table") }
        for svg in elements where svg.name == "svg" { #expect(svg.attributes["role"] == "img" && svg.attributes["aria-labelledby"] != nil) }
        #expect(elements.count { $0.name == "th" && $0.attributes["scope"] == nil } == 0)
    }

    @Test("The sample says what was counted")
    func sample() throws {
        let text = try text("sample")
        for words in [
            "Transfers to HubSpot", "Evidence report of Acme Europe GmbH", "2026-01-01 to 2026-03-31, both included (UTC)", "48,211",
            "20,311,845 bytes (20.3 MB)", "1204 to 98450", "consent_withdrawn", "adequacy:EU-US-DPF", "product_analytics", "open end",
            "count them as disclosed", MerkleHashing.sha256([1]).description,
        ] { #expect(text.contains(words), "\(words)") }
    }

    @Test("Names are text and nothing else")
    func escaped() throws {
        let text = try text("crowded")
        #expect(!text.contains("<script") && text.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;\u{fffd}\u{fffd}"))
        #expect(text.contains(ReportFixture.rightToLeft) && text.contains(ReportFixture.longName))
        #expect(try elements(text).count { $0.name == "rect" } < 400)
    }

    @Test("A report of nothing says so", arguments: ["empty", "subject"])
    func empty(name: String) throws {
        let text = try text(name)
        #expect(text.contains("There were no transfers and no denied requests in this period.") && !text.contains("<svg"))
        #expect(text.contains(name == "subject" ? "Transfers about one person" : "Transfers to HubSpot"))
    }
}
