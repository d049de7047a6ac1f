/// Cuts a file into records: CSV by its header line, or JSON: one document a line, or one in the whole file.
package struct SourceRows {
    /// Of a JSON document that takes several lines, and of one CSV row.
    package static let documentBytesMax = 64 << 20
    package static let rowBytesMax = 1 << 20
    package static let columnsMax = 1_024

    private enum Kind { case undecided, csv, lines, document }
    private var kind = Kind.undecided
    private var splitter = LineSplitter()
    private var line = 0
    private var pending: [UInt8] = []
    private var isTooLong = false
    private var header: [String] = []
    private var quotes = 0

    init() {}

    /// Records, or what is wrong with a line.
    mutating func feed(_ bytes: [UInt8]) -> [Result<SourceRecord, LineProblem>] { splitter.feed(bytes).flatMap { take($0) } }

    mutating func finish() -> [Result<SourceRecord, LineProblem>] {
        var found = splitter.finish().map { take($0) } ?? []
        if kind == .document { found += document(pending, line: 1) }
        if kind == .csv, !pending.isEmpty { found.append(.failure(problem("a quote is not closed"))) }
        return found
    }

    private mutating func take(_ found: LineSplitter.Line) -> [Result<SourceRecord, LineProblem>] {
        line += 1
        guard case .whole(var bytes) = found else { return [.failure(problem("is longer than \(LineSplitter.lineBytesMax) bytes"))] }
        if line == 1, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        let isBlank = bytes.allSatisfy { $0 == 0x20 || $0 == 0x09 }
        switch kind {
        case .undecided:
            if isBlank { return [] }
            let first = bytes.first { $0 != 0x20 && $0 != 0x09 }
            guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else {
                kind = .csv
                return row(bytes)
            }
            do {
                _ = try StrictJSONReader.read(bytes)
                kind = .lines
                return document(bytes, line: line)
            } catch {
                // What ends too early goes on in the next line.
                kind = .document
                pending = bytes + [0x0A]
                return []
            }
        case .lines: return isBlank ? [] : document(bytes, line: line)
        case .document:
            guard pending.count + bytes.count < Self.documentBytesMax else {
                if isTooLong { return [] }
                isTooLong = true
                return [.failure(problem("makes the document larger than \(Self.documentBytesMax) bytes; export fewer at once, or one a line"))]
            }
            pending += bytes + [0x0A]
            return []
        case .csv: return row(bytes)
        }
    }

    private func document(_ bytes: [UInt8], line: Int) -> [Result<SourceRecord, LineProblem>] {
        do { return try SourceRecord.records(json: bytes, line: line).map { .success($0) } } catch { return [.failure(error)] }
    }

    private mutating func row(_ bytes: [UInt8]) -> [Result<SourceRecord, LineProblem>] {
        // A line end inside quotes belongs to the value.
        pending += pending.isEmpty ? bytes : [0x0A] + bytes
        quotes += bytes.count { $0 == UInt8(ascii: "\"") }
        guard quotes.isMultiple(of: 2) else {
            guard pending.count <= Self.rowBytesMax else {
                (pending, quotes) = ([], 0)
                return [.failure(problem("is a row larger than \(Self.rowBytesMax) bytes; look for a quote that is not closed"))]
            }
            return []
        }
        defer { (pending, quotes) = ([], 0) }
        if pending.isEmpty { return [] }
        guard let cells = Self.cells(pending) else { return [.failure(problem("is no CSV: a quote stands where none may"))] }
        if header.isEmpty {
            guard cells.count <= Self.columnsMax, Set(cells).count == cells.count else {
                header = [""]
                return [.failure(problem("has a column twice, or more than \(Self.columnsMax); no row can be read"))]
            }
            header = cells
            return []
        }
        guard cells.count == header.count else { return [.failure(problem("has \(cells.count) cells, and the header \(header.count)"))] }
        return [.success(SourceRecord(line: line, members: Dictionary(zip(header, cells.map { .string($0) })) { first, _ in first }))]
    }

    /// RFC 4180; nil: a quote inside a value that does not begin with one.
    static func cells(_ bytes: [UInt8]) -> [String]? {
        var cells: [String] = []
        var cell: [UInt8] = []
        var (isQuoted, wasQuoted) = (false, false)
        var i = 0
        while i < bytes.count {
            let byte = bytes[i]
            i += 1
            if isQuoted {
                if byte != UInt8(ascii: "\"") {
                    cell.append(byte)
                } else if i < bytes.count, bytes[i] == UInt8(ascii: "\"") {
                    cell.append(byte)
                    i += 1
                } else {
                    (isQuoted, wasQuoted) = (false, true)
                }
            } else if byte == UInt8(ascii: ",") {
                cells.append(String(decoding: cell, as: UTF8.self))
                (cell, wasQuoted) = ([], false)
            } else if byte == UInt8(ascii: "\"") {
                guard cell.isEmpty, !wasQuoted else { return nil }
                isQuoted = true
            } else {
                if wasQuoted { return nil }
                cell.append(byte)
            }
        }
        cells.append(String(decoding: cell, as: UTF8.self))
        return cells
    }

    private func problem(_ message: String) -> LineProblem { LineProblem(line: line, member: nil, message: message) }
}
