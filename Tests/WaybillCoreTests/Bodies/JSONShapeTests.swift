import Foundation
import Testing

@testable import WaybillCore

@Suite struct JSONShapeTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var rig: BodyRig
        var body: String
        var actions: [RecordAction]?
        var written: String
        var dropped: [[String]]
        var outside: [String] = []
        init(
            _ name: String, _ rig: BodyRig, _ body: String, _ actions: [RecordAction]? = nil, writes: String, dropped: [[String]],
            outside: [String] = []
        ) {
            testDescription = name
            self.rig = rig
            self.body = body
            self.actions = actions
            written = writes
            self.dropped = dropped
            self.outside = outside
        }
    }

    static let contact = BodyRig(slots: [("properties.email", 0), ("properties.name", 1)], structure: ["id"])
    static let batch = BodyRig(records: "$.inputs[*]", slots: [("email", 0)], structure: ["id"], envelope: ["mode", "meta.**"])
    static let tags = BodyRig(slots: [("tags[*]", 0), ("people[*].email", 1)])
    static let positions = BodyRig(slots: [("pair[0]", 0), ("pair[1]", 1)])
    static let picked = BodyRig(records: "$.inputs[1]", slots: [("email", 0)])
    static let subtree = BodyRig(slots: [("free.email", 0)], structure: ["free.**", "flat"])
    static let keep = BodyRig.write(.keep, .keep)

    static let cases: [Case] = [
        Case(
            "unlisted members go", contact, #"{"properties":{"email":"a","ssn":"1","name":"n"},"id":7}"#,
            writes: #"{"properties":{"email":"a","name":"n"},"id":7}"#, dropped: [["properties.ssn"]]),
        Case("the first member goes", contact, #"{"x":[1,{"y":2}], "id":7}"#, writes: #"{ "id":7}"#, dropped: [["x"]]),
        Case("the last member goes", contact, "{\"id\":7 , \"x\":1 }", writes: "{\"id\":7 }", dropped: [["x"]]),
        Case(
            "two in the middle go", contact, #"{"id":7,"x":1,"y":2,"properties":{}}"#, writes: #"{"id":7,"properties":{}}"#,
            dropped: [["x", "y"]]),
        Case("the first two go", contact, #"{"x":1 , "y":2 , "id":7}"#, writes: #"{ "id":7}"#, dropped: [["x", "y"]]),
        Case("all go", contact, #"{ "x":1, "y":2 }"#, writes: "{ }", dropped: [["x", "y"]]),
        Case(
            "containers on the way stay", contact, #"{"properties":{"ssn":1}}"#, writes: #"{"properties":{}}"#,
            dropped: [["properties.ssn"]]),
        Case(
            "numbers and white space stay", contact, "{\n  \"id\" : 1.10,\n  \"properties\": { \"email\" : \"\\u0061\" }\n}\n",
            writes: "{\n  \"id\" : 1.10,\n  \"properties\": { \"email\" : \"\\u0061\" }\n}\n", dropped: [[]]),
        Case(
            "a container where a scalar is listed goes", contact, #"{"id":{"ssn":1},"properties":{"email":["x"],"name":"n"}}"#,
            writes: #"{"properties":{"name":"n"}}"#, dropped: [["id", "properties.email"]]),
        Case(
            "an empty container may stand there", contact, #"{"id":[ ],"properties":{"email":{}}}"#,
            writes: #"{"id":[ ],"properties":{"email":{}}}"#, dropped: [[]]),
        Case(
            "a scalar where a container is listed goes", contact, #"{"properties":"x","id":1}"#, writes: #"{"id":1}"#,
            dropped: [["properties"]]),
        Case(
            "a container of the other kind goes", contact, #"{"properties":[{"email":"a"}],"id":1}"#, writes: #"{"id":1}"#,
            dropped: [["properties"]]),
        Case("look-alikes of unlisted spelling go", contact, #"{"ID":1,"ｉd":2,"İd":3}"#, writes: "{}", dropped: [["ID", "ｉd", "İd"]]),
        Case("names match after unescaping", contact, #"{"\u0069d":1}"#, writes: #"{"\u0069d":1}"#, dropped: [[]]),
        Case(
            "a field not agreed goes", contact, #"{"properties":{"email":"a","name":"n"}}"#, [BodyRig.write(.keep)],
            writes: #"{"properties":{"email":"a"}}"#, dropped: [["properties.name"]]),
        Case(
            "an operator that cannot apply drops", contact, #"{"properties":{"email":true,"name":"n"}}"#, [BodyRig.write(.mask, .keep)],
            writes: #"{"properties":{"name":"n"}}"#, dropped: [["properties.email"]]),
        Case(
            "records are found in a list", batch, #"{"inputs":[{"email":"a","z":1},{"id":2}],"mode":"x","other":{"a":1}}"#,
            writes: #"{"inputs":[{"email":"a"},{"id":2}],"mode":"x"}"#, dropped: [["z"], []], outside: ["other"]),
        Case(
            "the envelope's subtree passes", batch, #"{"meta":{"a":[{"b":1}]},"inputs":[]}"#,
            writes: #"{"meta":{"a":[{"b":1}]},"inputs":[]}"#,
            dropped: []),
        Case(
            "an omitted record leaves its list", batch, #"{"inputs":[{"email":"a"}, {"email":"b"}, {"email":"c"}]}"#, [.omit, keep, .omit],
            writes: #"{"inputs":[ {"email":"b"}]}"#, dropped: [[], [], []]),
        Case(
            "the record in the middle is omitted", batch, #"{"inputs":[{"email":"a"}, {"email":"b"}, {"email":"c"}]}"#,
            [keep, .omit, keep],
            writes: #"{"inputs":[{"email":"a"}, {"email":"c"}]}"#, dropped: [[], [], []]),
        Case(
            "every record is omitted", batch, #"{"inputs":[{"email":"a"},{"email":"b"}]}"#, [.omit, .omit], writes: #"{"inputs":[]}"#,
            dropped: [[], []]),
        Case(
            "a record that is a member is omitted",
            BodyRig(records: "$.events[*].user", slots: [("email", 0)], envelope: ["events[*].type"]),
            #"{"events":[{"type":1,"user":{"email":"a"}},{"user":{"email":"b"},"type":2}]}"#, [keep, .omit],
            writes: #"{"events":[{"type":1,"user":{"email":"a"}},{"type":2}]}"#, dropped: [[], []]),
        Case(
            "elements of lists are fields", tags, #"{"tags":["a",["x"],"b"],"people":[{"email":"e","q":1},3]}"#,
            writes: #"{"tags":["a","b"],"people":[{"email":"e"}]}"#, dropped: [["tags[*]", "people[*].q", "people[*]"]]),
        Case(
            "a dropped field leaves its lists empty", tags, #"{"tags":["a","b"]}"#, [BodyRig.write(.drop)], writes: #"{"tags":[]}"#,
            dropped: [["tags[*]"]]),
        Case(
            "positions hold with null", positions, #"{"pair":["a","b","c"]}"#, [BodyRig.write(.drop, .keep)],
            writes: #"{"pair":[null,"b",null]}"#, dropped: [["pair[*]"]]),
        Case(
            "null in a position is nothing", positions, #"{"pair":[null,"b"]}"#, [BodyRig.write(.drop, .keep)],
            writes: #"{"pair":[null,"b"]}"#, dropped: [[]]),
        Case(
            "one record is picked", picked, #"{"inputs":[{"email":"a"},{"email":"b","c":1},{"email":"d"}]}"#,
            writes: #"{"inputs":[null,{"email":"b"},null]}"#, dropped: [["c"]], outside: ["inputs[*]"]),
        Case(
            "a subtree passes whole but for its fields", subtree, #"{"free":{"email":"a","x":{"y":[1]}},"flat":{"x":1}}"#,
            [BodyRig.write(.drop)], writes: #"{"free":{"x":{"y":[1]}}}"#, dropped: [["free.email", "flat"]]),
        Case(
            "a field's own place is not widened by a subtree", subtree, #"{"free":{"email":{"deep":1}}}"#, writes: #"{"free":{}}"#,
            dropped: [["free.email"]]),
    ]

    @Test func `a field with fields inside is descended into`() throws {
        let rig = BodyRig(slots: [("a", 0), ("a.b", 1)])
        #expect(try rig.reduce(#"{"a":{"b":1,"c":2}}"#, [BodyRig.write(.drop, .keep)]).bytes == Array(#"{"a":{"b":1}}"#.utf8))
        #expect(try rig.reduce(#"{"a":{"b":1,"c":2}}"#, [BodyRig.write(.drop, .drop)]).bytes == Array(#"{"a":{}}"#.utf8))
        #expect(try rig.reduce(#"{"a":1}"#, [BodyRig.write(.drop, .keep)]).bytes == Array("{}".utf8))
        #expect(try rig.reduce(#"{"a":[]}"#, [BodyRig.write(.drop, .keep)]).bytes == Array("{}".utf8))
    }

    @Test(arguments: cases)
    func `what is not agreed is left out`(test: Case) throws {
        let reduced = try test.rig.reduce(test.body, test.actions)
        #expect(String(decoding: reduced.bytes, as: UTF8.self) == test.written)
        #expect(reduced.reports.map(\.dropped) == test.dropped)
        #expect(reduced.outside.dropped == test.outside)
        #expect(reduced.isChanged == (test.body != test.written))
    }

    @Test func `operators replace values and are reported`() throws {
        let reduced = try Self.contact.reduce(
            #"{"properties":{"email":"Anna@x.org","name":"Anna"},"id":7}"#, [BodyRig.write(.mask, .replace)])
        #expect(String(decoding: reduced.bytes, as: UTF8.self) == #"{"properties":{"email":"********rg","name":"redacted"},"id":7}"#)
        #expect(reduced.reports == [ReductionReport(dropped: [], changed: ["properties.email", "properties.name"])])
    }

    @Test func `a replacement that equals the value is no change`() throws {
        let reduced = try Self.contact.reduce(#"{"properties":{"name":"redacted"}}"#, [BodyRig.write(.keep, .replace)])
        #expect(!reduced.isChanged)
        #expect(reduced.reports == [ReductionReport()])
    }

    @Test func `each person's fields follow that person's plan`() throws {
        let rig = BodyRig(people: [("email", 0, 0), ("friend.email", 0, 1), ("friend.name", 1, 1)])
        let body = #"{"email":"a","friend":{"email":"b","name":"n"}}"#
        let plan = BodyRig.plan([.keep, .keep])
        func written(_ plans: [FieldPlan?]) throws -> String {
            String(decoding: try rig.reduce(body, [.write(plans)]).bytes, as: UTF8.self)
        }
        #expect(try written([plan, plan]) == body)
        #expect(try written([plan, nil]) == #"{"email":"a","friend":{}}"#)
        #expect(try written([nil, plan]) == #"{"friend":{"email":"b","name":"n"}}"#)
        #expect(try written([plan]) == #"{"email":"a","friend":{}}"#)
        #expect(try written([]) == #"{"friend":{}}"#)
    }

    @Test func `shared fields follow the shared plan`() throws {
        let rig = BodyRig(
            records: "$.to[*]", slots: [("email", 0)], shared: [("subject", 1), ("from.email", 0)], envelope: ["from.name"])
        let body = #"{"from":{"email":"f","name":"n"},"subject":"Hello","to":[{"email":"a"}]}"#
        let scanned = try rig.scan(body)
        #expect(scanned.shared.map(\.slot) == [1, 0])
        #expect(scanned.records.map(\.hits.count) == [1])
        let kept = try rig.reduce(body, shared: BodyRig.plan([.keep, .keep]))
        #expect(!kept.isChanged)
        let reduced = try rig.reduce(body, shared: BodyRig.plan([.mask, .drop]))
        #expect(String(decoding: reduced.bytes, as: UTF8.self) == #"{"from":{"email":"*","name":"n"},"to":[{"email":"a"}]}"#)
        #expect(reduced.outside == ReductionReport(dropped: ["subject"], changed: ["from.email"]))
        #expect(reduced.reports == [ReductionReport()])
    }

    @Test func `hits name their slot and value`() throws {
        let body = #"{"id":1,"properties":{"name":"A\u00e9","email":12.50}}"#
        let record = try #require(try Self.contact.scan(body).records.first)
        #expect(record.hits.map(\.slot) == [1, 0])
        #expect(record.range == 0..<body.utf8.count)
        let values = record.hits.map { JSONBody.value(Array(body.utf8), $0.value) }
        guard case .string(let name) = values[0], case .number(let number) = values[1] else {
            Issue.record("wrong kinds")
            return
        }
        #expect(name == Array("Aé".utf8) && number == Array("12.50".utf8))
    }

    @Test func `unclassified members are counted where they stand`() throws {
        let scanned = try Self.batch.scan(#"{"inputs":[{"a":1,"b":{"c":1}},{"email":"x"}],"c":1,"d":1,"e":1}"#)
        #expect(scanned.records.map(\.unclassified) == [2, 0])
        #expect(scanned.unclassifiedOutside == 3)
    }

    static let mismatches: [(String, String)] = [
        ("$.inputs[*]", "{}"), ("$.inputs[*]", #"{"inputs":{}}"#), ("$.inputs[*]", #"{"inputs":null}"#),
        ("$.inputs[*]", #"{"inputs":[1]}"#),
        ("$.inputs[*]", #"{"inputs":[[]]}"#), ("$.inputs[*]", "[]"), ("$", "[]"), ("$", "1"), ("$", "null"), ("$[*]", "{}"),
        ("$.inputs[1]", #"{"inputs":[{}]}"#), ("$.inputs[0]", #"{"inputs":[]}"#), ("$.a[*].to[*]", #"{"a":[{"to":[]},{}]}"#),
        ("$.data", #"{"data":"x"}"#),
    ]

    @Test(arguments: mismatches)
    func `a body without records where they should be is refused`(records: String, body: String) {
        let rig = BodyRig(records: records, slots: [("email", 0)], envelope: ["x"])
        #expect(bodyErrorKind { _ = try rig.scan(body) } == .shapeMismatch)
    }

    static let found: [(String, String, Int)] = [
        ("$.inputs[*]", #"{"inputs":[]}"#, 0), ("$[*]", #"[{},{"email":1}]"#, 2), ("$", "{}", 1), ("$.data", #"{"data":{}}"#, 1),
        ("$.a[*].to[*]", #"{"a":[{"to":[{},{}]},{"to":[{}]}]}"#, 3), ("$.inputs[0]", #"{"inputs":[{},{}]}"#, 1),
    ]

    @Test(arguments: found)
    func `records are found by their selector`(records: String, body: String, count: Int) throws {
        #expect(try BodyRig(records: records, slots: [("email", 0)]).scan(body).records.count == count)
    }

    @Test func `a body that is one record and is left out is never written`() {
        #expect(bodyErrorKind { _ = try Self.contact.reduce("{}", [.omit]) } == .proofFailed)
        #expect(bodyErrorKind { _ = try Self.contact.reduce("{}", []) } == .proofFailed)
    }

    static let only: [(String, Bool)] = [
        (#"{"properties":{"email":"a@b.c","optout":"true"}}"#, true), (#"{"properties":{"optout":true,"email":"a@b.c"}}"#, true),
        (#"{"properties":{"email":"a@b.c","optout":"tr\u0075e"}}"#, true), (#"{"properties":{"email":"a@b.c","optout":"false"}}"#, false),
        (#"{"properties":{"email":"a@b.c"}}"#, false), (#"{"properties":{"email":"a@b.c","optout":"true","x":1}}"#, false),
        (#"{"properties":{"email":"a@b.c","optout":"true","name":"listed too"}}"#, false),
        (#"{"properties":{"email":"a@b.c","optout":"true"},"x":[]}"#, false), ("{}", false),
        (#"{"properties":{"email":{},"optout":"true"}}"#, false), (#"{"properties":{"email":"a@b.c","optout":["true"]}}"#, false),
    ]

    @Test(arguments: only)
    func `only matches a record of exactly these members`(body: String, matches: Bool) throws {
        let rig = BodyRig(
            slots: [("properties.email", 0), ("properties.name", 1)],
            only: [("properties.email", .field(FieldID(0))), ("properties.optout", .constant("true"))])
        #expect(try rig.scan(body).records.map(\.matchesOnly) == [matches])
    }

    static let confusables: [(String, Bool)] = [
        (#"{"email":"a","Email":"b"}"#, true), (#"{"EMAIL":"b","email":"a"}"#, true), (#"{"email":"a","ｅｍａｉｌ":"b"}"#, true),
        (#"{"email":"a","\uff45mail":"b"}"#, true), (#"{"email":"a","e\u004dail":"b"}"#, true), (#"{"straße":1,"STRASSE":2}"#, true),
        (#"{"K":1,"\u212a":2}"#, true), (#"{"sum":1,"ſum":2}"#, true), (#"{"café":1,"cafe\u0301":2}"#, true),
        (#"{"Email":"a","EMAIL":"b"}"#, false), (#"{"unlisted":1,"Unlisted":2}"#, false), (#"{"email":"a","emails":"b"}"#, false),
        (#"{"other":{"email":1,"Email":2}}"#, false), (#"{"email":"a","еmail":"Cyrillic is another letter"}"#, false),
    ]

    @Test(arguments: confusables)
    func `a look-alike beside a listed name is refused`(body: String, isRefused: Bool) {
        let rig = BodyRig(slots: [("email", 0), ("straße", 1), ("K", 2), ("sum", 3), ("café", 4)])
        #expect(bodyErrorKind { _ = try rig.scan(body) } == (isRefused ? .confusableName : nil))
    }

    @Test func `a plain repetition is reported as one`() {
        #expect(bodyErrorKind { _ = try Self.contact.scan(#"{"id":1,"id":2}"#) } == .duplicateName)
    }

    @Test func `envelope and shared paths never reach into records`() throws {
        let rig = BodyRig(records: "$.list[*]", slots: [("email", 0)], shared: [("list[*].name", 1)], envelope: ["list[*].ssn", "list.**"])
        #expect(try rig.reduce(#"{"list":[{"email":"a","ssn":"1","name":"n"}]}"#).bytes == Array(#"{"list":[{"email":"a"}]}"#.utf8))
        let whole = BodyRig(slots: [("email", 0)], shared: [("name", 1)], envelope: ["ssn"])
        #expect(try whole.reduce(#"{"email":"a","ssn":"1","name":"n"}"#).bytes == Array(#"{"email":"a"}"#.utf8))
    }

    @Test func `rows are no shape of a JSON body`() {
        let shape = BodyShape(
            BodyShape.Source(format: .json, records: .rows, slots: [], shared: [], structure: [], envelope: [], only: [], identifying: []))
        #expect(bodyErrorKind { _ = try JSONBody.scan(Array("{}".utf8), shape: shape, limits: BodyLimits()) } == .shapeMismatch)
    }
}
