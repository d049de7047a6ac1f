import ArgumentParser

/// How a list command prints: `--output`.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
    case table, json, ndjson, csv
}

struct OutputOptions: ParsableArguments {
    @Option(name: .long, help: "How to print.")
    var output: OutputFormat = .table
}

/// Rows under named columns, written as `OutputFormat` says. `json` and `ndjson` keep types; `table` and `csv` show text.
struct Table {
    var columns: [String]
    /// Shown by `table` when there is no row.
    var whenEmpty: String
    private var rows: [[JSONText]] = []

    init(columns: [String], whenEmpty: String) {
        self.columns = columns
        self.whenEmpty = whenEmpty
    }

    /// `cells`: one a column.
    mutating func append(_ cells: [JSONText]) { rows.append(cells) }

    func text(_ format: OutputFormat) -> String {
        switch format {
        case .table: tableText
        case .json: JSONText.list(rows.map(object)).pretty + "\n"
        case .ndjson: rows.map { object($0).compact + "\n" }.joined()
        case .csv: ([columns] + rows.map { $0.map(\.plain) }).map(Table.csvLine).joined()
        }
    }

    /// As `json` has them.
    var objects: [JSONText] { rows.map(object) }

    private func object(_ cells: [JSONText]) -> JSONText { .object(Array(zip(columns, cells))) }

    private var tableText: String {
        guard !rows.isEmpty else { return whenEmpty + "\n" }
        let cells = rows.map { $0.map { Table.visible($0.plain) } }
        let widths = columns.indices.map { column in
            cells.reduce(columns[column].count) { max($0, $1[column].count) }
        }
        return ([columns.map { $0.uppercased() }] + cells).map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                line += cell
                if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
            }
            return line + "\n"
        }.joined()
    }

    /// A terminal must not be steered by what it is shown.
    static func visible(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) ? "\u{fffd}" : $0 }))
    }

    /// RFC 4180, and a leading apostrophe before what a spreadsheet would take for a formula.
    static func csvLine(_ cells: [String]) -> String {
        cells.map { cell in
            var text = cell
            if let first = text.unicodeScalars.first, "=+-@\t\r\n".unicodeScalars.contains(first), Int64(text) == nil { text = "'" + text }
            let mustQuote = text.unicodeScalars.contains { $0 == "\"" || $0 == "," || $0 == "\n" || $0 == "\r" }
            guard mustQuote else { return text }
            // Scalar by scalar: a quote that is one character with a mark behind it ends the cell as well.
            return "\"" + String(String.UnicodeScalarView(text.unicodeScalars.flatMap { $0 == "\"" ? [$0, $0] : [$0] })) + "\""
        }.joined(separator: ",") + "\r\n"
    }
}
