/// Every format there is. A format is one file in Formats/ and one line here; one conformance suite runs over the list.
package enum ExportFormats {
    package static var all: [any ExportFormat] { formats }

    static let formats: [any EntryFormat] = [
        NDJSONFormat(),
        CSVFormat(),
        OCSFFormat(),
        CEFFormat(),
        ECSFormat(),
        CloudEventsFormat(),
        OTLPFormat(),
    ]

    /// Nil: no such format.
    package static func named(_ name: String) -> (any ExportFormat)? { formats.first { $0.name == name } }
}
