package import WaybillLedger

/// The report as one file that needs nothing else: no script, no other resource, light and dark, and fit to be printed.
package enum EvidenceReportHTML {
    /// UTF-8. The same report is always the same bytes.
    package static func write(_ report: EvidenceReport) -> [UInt8] { Array(text(ReportDocument(report)).utf8) }

    private static func text(_ document: ReportDocument) -> String {
        let title = HTMLText.escaped(document.title)
        var out = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="generator" content="Waybill">
            <title>\(title)</title>
            <style>
            \(style)</style>
            </head>
            <body>
            <main>
            <header>
            <h1><bdi>\(title)</bdi></h1>
            <p class="muted"><bdi>\(HTMLText.escaped(document.subtitle))</bdi></p>
            </header>

            """
        for (number, section) in document.sections.enumerated() { append(section, number, to: &out) }
        return out + "</main>\n</body>\n</html>\n"
    }

    private static func append(_ section: ReportDocument.Section, _ number: Int, to out: inout String) {
        let id = "s\(number)"
        out += "<section aria-labelledby=\"\(id)\">\n<h\(section.level) id=\"\(id)\"><bdi>\(HTMLText.escaped(section.title))</bdi>"
        out += "</h\(section.level)>\n"
        for (i, block) in section.blocks.enumerated() { append(block, "\(id)b\(i)", to: &out) }
        out += "</section>\n"
    }

    private static func append(_ block: ReportDocument.Block, _ id: String, to out: inout String) {
        switch block {
        case .paragraph(let text): out += "<p>\(HTMLText.escaped(text))</p>\n"
        case .list(let items): out += "<ul>\n" + items.map { "<li>\(HTMLText.escaped($0))</li>\n" }.joined() + "</ul>\n"
        case .facts(let facts):
            out += "<dl>\n"
            for fact in facts {
                out += "<div><dt>\(HTMLText.escaped(fact.label))</dt><dd><bdi>\(HTMLText.escaped(fact.value))</bdi></dd></div>\n"
            }
            out += "</dl>\n"
        case .chart(let drawing):
            out += "<figure>"
            drawing.appendSVG(to: &out, labelledBy: id)
            out += "</figure>\n"
        case .table(let table): append(table, to: &out)
        }
    }

    private static func append(_ table: ReportDocument.Table, to out: inout String) {
        out += "<div class=\"table\"><table>\n<caption>\(HTMLText.escaped(table.caption))</caption>\n<thead><tr>"
        for column in table.columns {
            out += "<th scope=\"col\"\(column.isNumber ? " class=\"number\"" : "")>\(HTMLText.escaped(column.title))</th>"
        }
        out += "</tr></thead>\n<tbody>\n"
        for row in table.rows {
            out += "<tr>"
            for (i, (cell, column)) in zip(row, table.columns).enumerated() {
                let (tag, scope) = i == 0 ? ("th", " scope=\"row\"") : ("td", "")
                out += "<\(tag)\(scope)\(column.isNumber ? " class=\"number\"" : "")><bdi>\(HTMLText.escaped(cell))</bdi></\(tag)>"
            }
            out += "</tr>\n"
        }
        out += "</tbody>\n</table></div>\n"
    }
}
