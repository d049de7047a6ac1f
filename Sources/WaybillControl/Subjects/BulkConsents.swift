import FoundationEssentials
import WaybillCore

/// Many consents in one request: lines in, a result for each out, in their order. Holds one batch at a time.
///
/// A line taken twice is one event: its content is its identity, so that a request that broke off may be sent again as a whole.
actor BulkConsents {
    static let batchLines = 500

    private let desk: SubjectDesk
    private let input: @Sendable () async throws -> [UInt8]?
    private var splitter = LineSplitter()
    private var number = 0
    private var isAtEnd = false

    init(_ desk: SubjectDesk, input: @escaping @Sendable () async throws -> [UInt8]?) {
        self.desk = desk
        self.input = input
    }

    /// Result lines; nil: all are given.
    func next() async throws -> [UInt8]? {
        while !isAtEnd {
            var lines: [LineSplitter.Line] = []
            if let bytes = try await input() {
                lines = splitter.feed(bytes)
            } else {
                isAtEnd = true
                lines = splitter.finish().map { [$0] } ?? []
            }
            guard !lines.isEmpty else { continue }
            var out: [UInt8] = []
            for start in stride(from: 0, to: lines.count, by: Self.batchLines) {
                out += try await results(lines[start..<min(start + Self.batchLines, lines.count)])
            }
            if !out.isEmpty { return out }
        }
        return nil
    }

    private func results(_ lines: ArraySlice<LineSplitter.Line>) async throws -> [UInt8] {
        var results: [Int: JSONValue] = [:]
        var taken: [ImportLine] = []
        var doubts: [Int: String] = [:]
        let first = number + 1
        for line in lines {
            number += 1
            guard case .whole(let bytes) = line else {
                results[number] = Self.refusal(
                    LineProblem(line: number, member: nil, message: "is longer than \(LineSplitter.lineBytesMax) bytes"))
                continue
            }
            if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
            do {
                let one = try ConsentLine(bytes, line: number)
                taken.append(.consent(one))
                do throws(ControlFailure) {
                    try desk.check(purpose: one.event.purpose, one.event.recipients)
                } catch {
                    // A stop is never refused for that, and an event of a purpose to come may be sent ahead.
                    doubts[number] = error.message
                }
            } catch {
                results[number] = Self.refusal(error)
            }
        }
        if !taken.isEmpty {
            let batch: ImportBatch
            do throws(ConsentStoreError) {
                batch = try await desk.parts.records.apply(taken, atomically: false, now: desk.now)
            } catch {
                throw APIProblem(.unavailable, "The lines from line \(first) on were not taken. \(error.message)")
            }
            for problem in batch.refused { results[problem.line] = Self.refusal(problem) }
            for entered in batch.entered {
                var result: [String: JSONValue] = [
                    "line": .int(Int64(entered.line)), "result": .string(entered.isDuplicate ? "duplicate" : "taken"),
                    "event": .string(desk.parts.ids.event(entered.number, entered.sequence)),
                    "subject": .string(desk.parts.ids.subject(entered.number)),
                ]
                if let doubt = doubts[entered.line] { result["message"] = .string(doubt) }
                results[entered.line] = .object(result)
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var out: [UInt8] = []
        for line in results.keys.sorted() { out += Array(try encoder.encode(results[line])) + [0x0A] }
        return out
    }

    private static func refusal(_ problem: LineProblem) -> JSONValue {
        .object([
            "line": .int(Int64(problem.line)), "result": .string("refused"), "member": .optional(problem.member),
            "message": .string(problem.message),
        ])
    }
}
