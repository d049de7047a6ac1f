import Crypto
import Foundation
import Testing

@testable import WaybillCore

/// One endpoint's body and the plans for its fields, from short notation: `"properties.email": 0` puts field 0 there.
struct BodyRig {
    /// In this order in `operators`.
    enum Operator: Int, CaseIterable {
        case keep, drop, mask, replace, hash, generalizeYear
    }
    static let operators: [any RedactionOperator] = {
        let made: [(String, OperatorArguments)] = [
            ("keep", .none), ("drop", .none), ("mask", .map(["keep_last": "2"])), ("replace", .scalar("redacted")), ("hash", .none),
            ("generalize", .scalar("year")),
        ]
        return made.compactMap { name, arguments in
            do { return try RedactionOperators.make(name: name, arguments: arguments) } catch {
                Issue.record("\(name): \(error)")
                return nil
            }
        }
    }()
    static let position = SourcePosition(file: "vendors/test.yaml", line: 1, column: 1)
    static let fieldCount = 8

    var shape: BodyShape
    var limits = BodyLimits()

    init(
        records: String? = "$", slots: [(String, Int)] = [], people: [(String, Int, Int)] = [], shared: [(String, Int)] = [],
        structure: [String] = [], envelope: [String] = [], only: [(String, Endpoint.OnlyMember.Rule)] = [], format: BodyFormat = .json,
        nested: String? = nil
    ) {
        let all = slots.map { ($0.0, $0.1, 0) } + people
        shape = BodyShape(
            BodyShape.Source(
                format: format, records: records.map { .path(Self.path(String($0.dropFirst($0.hasPrefix("$.") ? 2 : 1)))) },
                slots: all.map { Self.slot($0.0, $0.1, person: $0.2) }, shared: shared.map { Self.slot($0.0, $0.1, person: 0) },
                structure: structure.map(Self.structure), envelope: envelope.map(Self.structure),
                only: only.map { Endpoint.OnlyMember(path: Self.path($0.0), rule: $0.1) },
                nested: nested.map(Self.path), identifying: [FieldID(0)]))
    }

    /// Everything passes.
    static var permissive: BodyRig { BodyRig(structure: ["**"]) }

    static func field(_ index: Int) -> Field {
        Field(
            name: "field_\(index)", category: "user", identifierScheme: index == 0 ? "email" : nil, canonical: index == 0 ? .email : nil,
            sensitive: [], freeText: false, entity: false, position: position)
    }

    static func plan(_ operators: [Operator]) -> FieldPlan {
        FieldPlan(
            actions: (0..<fieldCount).map { i in
                i < operators.count ? .apply(OperatorID(operators[i].rawValue)) : .drop(.fieldNotAgreed)
            })
    }

    /// One person, by field: the rest is dropped.
    static func write(_ operators: Operator...) -> RecordAction { .write([plan(operators)]) }

    func scan(_ body: String) throws -> ScannedBody { try scan(Array(body.utf8)) }
    func scan(_ body: [UInt8]) throws -> ScannedBody { try shape.scan(body, limits: limits) }

    func reduce(_ body: String, _ actions: [RecordAction]? = nil, shared: FieldPlan = plan([]), reporting: Bool = true) throws
        -> ReducedBody
    {
        try reduce(Array(body.utf8), actions, shared: shared, reporting: reporting)
    }

    /// Scans, reduces and proves, as the gate does. Without actions: every record is written with every field kept.
    func reduce(_ body: [UInt8], _ actions: [RecordAction]? = nil, shared: FieldPlan = plan([]), reporting: Bool = true) throws
        -> ReducedBody
    {
        let scanned = try scan(body)
        let actions = actions ?? scanned.records.map { _ in .write([Self.plan(Array(repeating: .keep, count: Self.fieldCount))]) }
        let reduced = try shape.reduce(
            body, scanned: scanned, actions: actions, shared: shared, operators: Self.operators, context: Self.context,
            reporting: reporting)
        try shape.prove(reduced.bytes, of: scanned, actions: actions, shared: shared, operators: Self.operators, limits: limits)
        return reduced
    }

    func prove(_ written: [UInt8], _ actions: [RecordAction], shared: FieldPlan = plan([])) throws {
        try JSONBody.prove(written, shape: shape, actions: actions, shared: shared, operators: Self.operators, limits: limits)
    }

    static func context(_ field: FieldID) -> RedactionContext {
        RedactionContext(
            field: Self.field(field.position), hashing: SymmetricKey(data: [UInt8](repeating: 1, count: 32)),
            pseudonyms: SymmetricKey(data: [UInt8](repeating: 2, count: 32)))
    }

    // MARK: notation

    static func slot(_ path: String, _ field: Int, person: Int) -> Endpoint.Slot {
        Endpoint.Slot(path: Self.path(path), field: FieldID(field), person: person, position: position)
    }

    static func structure(_ text: String) -> StructurePath {
        guard text.hasSuffix("**") else { return StructurePath(path: path(text), subtree: false) }
        return StructurePath(path: path(String(text.dropLast(text == "**" ? 2 : 3))), subtree: true)
    }

    /// Names joined by dots, `[*]`, `[0]`; names with dots are not needed here.
    static func path(_ text: String) -> BodyPath {
        var steps: [BodyPath.Step] = []
        for part in text.split(separator: ".") {
            let pieces = part.split(separator: "[")
            if !part.hasPrefix("["), let name = pieces.first { steps.append(.name(String(name))) }
            for piece in part.hasPrefix("[") ? pieces[...] : pieces.dropFirst() {
                let inner = piece.dropLast()
                steps.append(Int(inner).map { .index($0) } ?? .each)
            }
        }
        return BodyPath(steps: steps)
    }
}

/// Runs `work` and gives the kind of body error it throws, nil if it throws none.
func bodyErrorKind(_ work: () throws -> Void) -> BodyError.Kind? {
    do {
        try work()
        return nil
    } catch let error as BodyError {
        return error.kind
    } catch {
        Issue.record("not a BodyError: \(error)")
        return nil
    }
}

/// The directory of shared corpora: `WAYBILL_SHARED`, else `../shared` beside the package. Nil, said aloud, if it is not there.
func sharedDirectory(_ file: String = #filePath) -> URL? {
    let root = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let directory =
        ProcessInfo.processInfo.environment["WAYBILL_SHARED"].map { URL(fileURLWithPath: $0) }
        ?? root.deletingLastPathComponent().appending(path: "shared")
    guard FileManager.default.fileExists(atPath: directory.path) else {
        print("SKIPPED: no shared corpus (\(file.split(separator: "/").last ?? ""))")
        return nil
    }
    return directory
}
