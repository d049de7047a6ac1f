package import WaybillLedger

/// The report on paper: A4, with the same charts and tables as the HTML.
package enum EvidenceReportPDF {
    /// The same report on the same machine is always the same bytes. Blocks for as long as the drawing takes.
    package static func write(_ report: EvidenceReport) throws(ReportFailure) -> [UInt8] {
        let document = ReportDocument(report)
        // Each page tells how many there are, which is known after one round.
        let (_, pages) = try write(document, pagesTotal: 0)
        return try write(document, pagesTotal: pages).bytes
    }

    private static func write(_ document: ReportDocument, pagesTotal: Int) throws(ReportFailure) -> (bytes: [UInt8], pages: Int) {
        let sheet = try PDFSheet(document)
        var flow = PDFFlow(sheet, document, pagesTotal: pagesTotal)
        flow.layOut()
        return (try sheet.close(), flow.page)
    }
}
