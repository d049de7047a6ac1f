package import WaybillLedger

/// Sentences that the HTML and the PDF of an evidence report share.
package enum ReportText {
    /// The report's title, without a person's identifier.
    package static func title(_ report: EvidenceReport) -> String {
        switch report.scope {
        case .vendor(_, let name): "Transfers to \(name)"
        case .subject: "Transfers about one person"
        }
    }
}
