import Foundation
import Testing

@testable import WaybillCore

@Suite struct JSONPropertyTests {
    /// Foundation's parser gives values without order; so does this.
    static func foundation(_ value: JSONModel) -> NSObject {
        switch value {
        case .null: NSNull()
        case .bool(let bool): NSNumber(value: bool)
        case .number(let number): NSNumber(value: number)
        case .string(let text): text as NSString
        case .array(let elements): elements.map(foundation) as NSArray
        case .object(let members): Dictionary(uniqueKeysWithValues: members.map { ($0, foundation($1)) }) as NSDictionary
        }
    }

    @Test func `reducing agrees with the model and proves`() throws {
        var maker = JSONMaker(random: SeededRandom(state: 20_260_101))
        var changes = 0
        for round in 0..<3_000 {
            let slotPaths = maker.paths(4)
            let structure = maker.paths(2)
            let subtree = round % 3 == 0 ? maker.paths(1) : []
            let shape = ModelShape(
                slots: Dictionary(slotPaths.enumerated().map { ($1, $0) }) { a, _ in a }, structure: Set(structure), subtrees: Set(subtree))
            let inList = round % 2 == 0
            let rig = BodyRig(
                records: inList ? "$.r[*]" : "$", slots: slotPaths.enumerated().map { ($1, $0) },
                structure: structure + subtree.map { $0 + ".**" }, envelope: inList ? ["m"] : [])
            let records = (0..<(inList ? 3 : 1)).map { _ in maker.object(depth: 4) }
            var kept: [JSONModel] = []
            let actions = records.map { record -> RecordAction in
                if inList, Int.random(in: 0..<4, using: &maker.random) == 0 { return .omit }
                let plan = (0..<4).map { _ in [.keep, .drop, .mask, .replace].randomElement(using: &maker.random) ?? BodyRig.Operator.drop }
                if case .object(let members) = record {
                    kept.append(
                        .object(
                            members.compactMap { name, value in
                                shape.reduce(value, at: "." + name, inSubtree: false, plan: plan).map { (name, $0) }
                            }))
                }
                return .write([BodyRig.plan(plan)])
            }
            let whole: JSONModel = inList ? .object([("x", .number(1)), ("r", .array(records)), ("m", .bool(true))]) : records[0]
            let expected: JSONModel = inList ? .object([("r", .array(kept)), ("m", .bool(true))]) : kept[0]
            let body = maker.text(whole)
            let reduced = try rig.reduce(body, actions)
            let parsed = try JSONSerialization.jsonObject(with: Data(reduced.bytes), options: .fragmentsAllowed) as? NSObject
            #expect(parsed == Self.foundation(expected), "round \(round): \(body)")
            #expect(reduced.isChanged == (whole != expected), "round \(round)")
            #expect(reduced.isChanged == (reduced.bytes != Array(body.utf8)), "round \(round)")
            if reduced.isChanged { changes += 1 }
        }
        #expect(changes > 2_000)
    }

    static let seeds = [
        #"{"inputs":[{"email":"anna@example.com","name":"Zo\u00eb \ud83d\ude00 Łódź","tags":["a",{"b":[1.5e-3,true]}]},{"email":null}],"mode":"x"}"#,
        #"{"inputs" : [ {"email":"b","extra":{"deep":[[[]]]},"tags":[]} ] , "meta":{"k":-0.0}}"#,
        #"[1,"two",{"three":[null,false,""]},"\\\"\/\b\f\n\r\t"]"#,
    ]

    /// Bytes that matter to the grammar come up more often than others.
    static let tokens: [[UInt8]] =
        [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud83d", "\\u0000", "null", "true", "1", "-", "1e5", " ", "\n", "email",
            "\u{FEFF}",
        ]
        .map { Array($0.utf8) } + [[0x80], [0xC3], [0xED, 0xA0, 0x80], [0xFF], [0x00], [0xF4, 0x90, 0x80, 0x80]]

    @Test func `mutated bodies never crash, and what passes is JSON and proves`() throws {
        var random = SeededRandom(state: 7)
        let rig = BodyRig(
            records: "$.inputs[*]", slots: [("email", 0), ("name", 1), ("tags[*]", 2)], structure: ["extra.deep"], envelope: ["meta.**"])
        let permissive = BodyRig.permissive
        var accepted = 0
        for round in 0..<30_000 {
            var body = Array(Self.seeds[round % Self.seeds.count].utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let at = Int.random(in: 0...body.count, using: &random)
                let token = Self.tokens.randomElement(using: &random) ?? []
                switch Int.random(in: 0..<4, using: &random) {
                case 0: body.insert(contentsOf: token, at: at)
                case 1: body.replaceSubrange(at..<min(body.count, at + token.count), with: token)
                case 2: body.removeSubrange(at..<min(body.count, at + Int.random(in: 1...8, using: &random)))
                default: if at < body.count { body[at] = UInt8.random(in: 0...255, using: &random) }
                }
            }
            do {
                _ = try permissive.scan(body)
            } catch is BodyError {
                #expect(bodyErrorKind { _ = try rig.scan(body) } != nil)
                continue
            }
            accepted += 1
            if !body.starts(with: [0xEF, 0xBB, 0xBF]) {
                // Throws what Foundation, more lenient than we are, refuses.
                _ = try JSONSerialization.jsonObject(with: Data(body), options: .fragmentsAllowed)
            }
            do {
                let plan = BodyRig.plan([.mask, .drop, .keep])
                let actions = try rig.scan(body).records.indices.map { $0 % 3 == 2 ? RecordAction.omit : .write([plan]) }
                _ = try rig.reduce(body, actions)
            } catch let error as BodyError {
                #expect(error.kind == .shapeMismatch || error.kind == .confusableName)
            }
        }
        #expect(accepted > 1_000)
    }
}
