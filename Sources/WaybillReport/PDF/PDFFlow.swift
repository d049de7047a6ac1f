/// Lays a document out on pages: what does not fit goes on the next, and a table repeats its header there.
struct PDFFlow {
    private static let margin = 54.0
    private static let footer = 40.0
    private static let (top, bottom) = (54.0, PDFSheet.height - 64.0)
    private static let width = PDFSheet.width - 2 * margin
    private static let cellPadding = 5.0

    private let sheet: PDFSheet
    private let document: ReportDocument
    /// 0: not known yet.
    private let pagesTotal: Int
    private var y = top
    private(set) var page = 1
    private var chapter: Int32 = 0

    init(_ sheet: PDFSheet, _ document: ReportDocument, pagesTotal: Int) {
        self.sheet = sheet
        self.document = document
        self.pagesTotal = pagesTotal
    }

    mutating func layOut() {
        put(document.title, .init(size: 20, weight: .bold), after: 2)
        put(document.subtitle, .init(size: 10.5, color: .muted), after: 6)
        for (i, section) in document.sections.enumerated() {
            begin(section, before: i + 1 < document.sections.count ? document.sections[i + 1] : nil)
            for block in section.blocks { put(block) }
        }
        endPage()
    }

    private mutating func begin(_ section: ReportDocument.Section, before next: ReportDocument.Section?) {
        // A title stands with something below it: of a section that only introduces others, with the first of them.
        var needed = room(section)
        if let next, next.level > section.level { needed = 60 + room(next) }
        y += section.level == 2 ? 14 : 6
        need(min(needed, 500))
        if section.level == 2, y > Self.top {
            sheet.line(Self.margin, y, Self.margin + Self.width, y, .rule)
            y += 8
        }
        let entry = sheet.outline(section.title, level: section.level, at: y, page: page, below: section.level == 2 ? 0 : chapter)
        if section.level == 2 { chapter = entry }
        put(section.title, .init(size: section.level == 2 ? 13 : 11, weight: .bold), after: 5)
    }

    private func room(_ section: ReportDocument.Section) -> Double {
        guard case .chart(let drawing)? = section.blocks.first else { return 90 }
        return 50 + Self.width * drawing.height / drawing.width
    }

    private mutating func put(_ block: ReportDocument.Block) {
        switch block {
        case .paragraph(let text): put(text, .init(size: 9.5, linesMax: 60), after: 6)
        case .list(let items):
            for item in items {
                let style = PDFSheet.Style(size: 9.5, linesMax: 30)
                let height = sheet.height(of: item, width: Self.width - 14, style)
                need(height)
                sheet.rect(x: Self.margin + 3, y: y + 5, width: 3, height: 3, .text)
                sheet.text(item, x: Self.margin + 14, y: y, width: Self.width - 14, style)
                y += height + 4
            }
        case .facts(let facts): put(facts)
        case .chart(let drawing): put(drawing)
        case .table(let table): put(table)
        }
    }

    private mutating func put(_ text: String, _ style: PDFSheet.Style, after: Double) {
        let height = sheet.height(of: text, width: Self.width, style)
        need(height)
        sheet.text(text, x: Self.margin, y: y, width: Self.width, style)
        y += height + after
    }

    private mutating func put(_ facts: [(label: String, value: String)]) {
        let labels = 110.0
        for fact in facts {
            let style = PDFSheet.Style(size: 9.5)
            let height = sheet.height(of: fact.value, width: Self.width - labels, style)
            need(height + 5)
            sheet.text(fact.label, x: Self.margin, y: y, width: labels - 8, .init(size: 9.5, color: .muted, linesMax: 1))
            sheet.text(fact.value, x: Self.margin + labels, y: y, width: Self.width - labels, style)
            y += height + 2.5
            sheet.line(Self.margin, y, Self.margin + Self.width, y, .grid, width: 0.4)
            y += 2.5
        }
    }

    private mutating func put(_ drawing: Drawing) {
        let scale = Self.width / drawing.width
        need(drawing.height * scale)
        let (left, top) = (Self.margin, y)
        for mark in drawing.marks {
            switch mark {
            case .rect(let x, let y, let width, let height, let ink, _):
                sheet.rect(x: left + x * scale, y: top + y * scale, width: width * scale, height: height * scale, PDFColor(ink))
            case .line(let x1, let y1, let x2, let y2, let ink):
                sheet.line(left + x1 * scale, top + y1 * scale, left + x2 * scale, top + y2 * scale, PDFColor(ink))
            case .text(let text, let x, let y, let anchor, let ink, let widthMax):
                sheet.label(
                    text, x: left + x * scale, y: top + y * scale, anchor: anchor, widthMax: widthMax * scale,
                    size: Drawing.textSize * scale, color: PDFColor(ink))
            }
        }
        y += drawing.height * scale + 8
    }

    private mutating func put(_ table: ReportDocument.Table) {
        let shares = table.columns.reduce(0) { $0 + $1.share }
        let widths = table.columns.map { Self.width * $0.share / shares }
        let caption = PDFSheet.Style(size: 8.5, color: .muted)
        let captionHeight = sheet.height(of: table.caption, width: Self.width, caption)
        // The caption, the header and one row stay together.
        need(captionHeight + 60)
        sheet.text(table.caption, x: Self.margin, y: y, width: Self.width, caption)
        y += captionHeight + 3
        header(table, widths)
        for row in table.rows {
            let height = rowHeight(row, widths)
            if y + height > Self.bottom {
                endPage()
                startPage()
                header(table, widths)
            }
            cells(row, table, widths, .init(size: 8.5), height)
            y += height
            sheet.line(Self.margin, y, Self.margin + Self.width, y, .grid, width: 0.4)
        }
        y += 8
    }

    private mutating func header(_ table: ReportDocument.Table, _ widths: [Double]) {
        let height = rowHeight(table.columns.map(\.title), widths)
        sheet.rect(x: Self.margin, y: y, width: Self.width, height: height, .head)
        cells(table.columns.map(\.title), table, widths, .init(size: 8.5, weight: .bold), height)
        y += height
        sheet.line(Self.margin, y, Self.margin + Self.width, y, .rule)
    }

    private func rowHeight(_ row: [String], _ widths: [Double]) -> Double {
        let heights = zip(row, widths).map { sheet.height(of: $0, width: $1 - 2 * Self.cellPadding, .init(size: 8.5, weight: .bold)) }
        return (heights.max() ?? 0) + 5
    }

    private func cells(_ row: [String], _ table: ReportDocument.Table, _ widths: [Double], _ style: PDFSheet.Style, _ height: Double) {
        var x = Self.margin
        for ((cell, column), width) in zip(zip(row, table.columns), widths) {
            var style = style
            style.align = column.isNumber ? .right : .left
            sheet.text(cell, x: x + Self.cellPadding, y: y + 2.5, width: width - 2 * Self.cellPadding, style)
            x += width
        }
    }

    /// On a new page unless there is so much room on this one.
    private mutating func need(_ height: Double) {
        guard y + height > Self.bottom, y > Self.top else { return }
        endPage()
        startPage()
    }

    private func endPage() {
        let at = PDFSheet.height - Self.footer
        let total = pagesTotal > 0 ? " of \(pagesTotal)" : ""
        sheet.text(document.title, x: Self.margin, y: at, width: Self.width - 100, .init(size: 8, color: .muted, linesMax: 1))
        sheet.text(
            "Page \(page)\(total)", x: Self.margin + Self.width - 90, y: at, width: 90,
            .init(size: 8, color: .muted, align: .right, linesMax: 1))
        sheet.endPage()
    }

    private mutating func startPage() {
        page += 1
        y = Self.top
    }
}
