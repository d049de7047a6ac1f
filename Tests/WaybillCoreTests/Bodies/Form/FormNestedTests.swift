import Testing

@testable import WaybillCore

/// A JSON document in a field of a form.
@Suite struct FormNestedTests {
    private static let engage = BodyRig(
        records: "$.data", slots: [("$set.$email", 0), ("$set.name", 1)], shared: [("by", 1)], structure: ["$token"],
        envelope: ["verbose"], format: .form, nested: "data")
    private static let events = BodyRig(
        records: "$.p.data.list[*]", slots: [("email", 0), ("name", 1)], shared: [("p.data.by", 1)], envelope: ["p.data.v", "ip"],
        format: .form,
        nested: "p.data")

    private static func encoded(_ text: String) -> String {
        var bytes: [UInt8] = []
        FormLexer.encode(text.utf8, into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func text(_ body: ReducedBody) -> String { String(decoding: body.bytes, as: UTF8.self) }

    @Test("the document is reduced like a body, and written anew only if something changed")
    func reduces() throws {
        let kept = #"data={"$token":"t","$set":{"$email":"a%40b.c"}}&verbose=1"#
        let untouched = try Self.engage.reduce(kept)
        #expect(!untouched.isChanged && Self.text(untouched) == kept)
        let body = "data=" + Self.encoded(#"{"$token": "t", "$set": {"$email": "a@b.c", "ssn": "1"}, "x": 1.10}"#) + "&verbose=1&ssn=2"
        let reduced = try Self.engage.reduce(body)
        #expect(Self.text(reduced) == "data=" + Self.encoded(#"{"$token": "t", "$set": {"$email": "a@b.c"}}"#) + "&verbose=1")
        #expect(reduced.reports[0].dropped == ["$set.ssn", "x"])
        #expect(reduced.outside.dropped == ["ssn"])
    }

    @Test("records, what they share and what surrounds them may stand in the document or beside it")
    func records() throws {
        let document = #"{"v":1,"by":"B","z":2,"list":[{"email":"a","name":"Anna"},{"email":"b","ssn":1},{"email":"c"}]}"#
        let body = "ip=1&p[data]=\(Self.encoded(document))&p[x]=2"
        let scanned = try Self.events.scan(body)
        #expect(scanned.records.map(\.hits.count) == [2, 1, 1])
        #expect(scanned.unclassifiedOutside == 2)
        let bytes = Array(body.utf8)
        for (hit, wanted) in zip(scanned.records.flatMap(\.hits) + scanned.shared, ["a", "Anna", "b", "c", "B"]) {
            guard case .string(let value) = scanned.value(of: hit, in: bytes) else {
                Issue.record("no string")
                continue
            }
            #expect(String(decoding: value, as: UTF8.self) == wanted)
        }
        let reduced = try Self.events.reduce(body, [BodyRig.write(.keep, .mask), .omit, BodyRig.write(.keep, .keep)])
        #expect(
            Self.text(reduced)
                == "ip=1&p[data]=" + Self.encoded(#"{"v":1,"list":[{"email":"a","name":"**na"},{"email":"c"}]}"#))
        #expect(reduced.outside.dropped == ["p.x", "p.data.by", "p.data.z"])
    }

    private static let refused: [(String, BodyError.Kind)] = [
        ("verbose=1", .shapeMismatch), ("data=", .empty), ("data", .empty), ("data=1", .shapeMismatch), ("data=[]", .shapeMismatch),
        ("data={}&data={}", .duplicateName), ("data={}&d%61ta={}", .duplicateName), ("data[$set]=1", .shapeMismatch),
        ("data={}&data[$set][$email]=a", .shapeMismatch), ("data={}&data[]=x", .shapeMismatch), ("data={}&Data={}", .confusableName),
        (#"data={"a":1,"a":2}"#, .duplicateName), (#"data={"a":1,}"#, .invalidSyntax), ("data=e30%3D", .invalidSyntax),
        (#"data={"$set":{"$email":"a","$Email":"b"}}"#, .confusableName), ("data=%7B%22a%22%3A%22%FF%22%7D", .invalidUTF8),
        (#"data={}x"#, .invalidSyntax),
    ]

    @Test("a document that cannot be read in one way is refused", arguments: refused)
    func refuses(body: String, kind: BodyError.Kind) {
        #expect(bodyErrorKind { _ = try Self.engage.scan(body) } == kind, "\(body)")
    }

    @Test("an error in the document is told by the field's place")
    func offsets() {
        do {
            _ = try Self.engage.scan("verbose=1&data={]")
            Issue.record("accepted")
        } catch let error as BodyError {
            #expect(error.offset == 15)
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test(
        "what stands in the document is proved too",
        arguments: [
            (#"data={"$set":{"$email":"a"}}"#, true), (#"data={"$set":{"$email":"a","name":"b"}}"#, false), (#"data={"x":1}"#, false),
            (#"data={"$set":{"$email":"a"}}&x=1"#, false), (#"data={"$set":{"$email":"a"}}&by=b"#, false), ("verbose=1", false),
            ("data={}x", false),
            (#"data={"$set":{"n%61me":"b"}}"#, false), (#"data={"$set":{"\u006eame":"b"}}"#, false),
        ])
    func proofs(written: String, holds: Bool) throws {
        let scanned = try Self.engage.scan(#"data={"$set":{"$email":"a","name":"b"},"x":1}"#)
        let kind = bodyErrorKind {
            try Self.engage.shape.prove(
                Array(written.utf8), of: scanned, actions: [BodyRig.write(.keep, .drop)], shared: BodyRig.plan([]),
                operators: BodyRig.operators, limits: BodyLimits())
        }
        #expect(kind == (holds ? nil : .proofFailed), "\(written)")
    }

    @Test("no document goes out if its only record is left out")
    func omitted() {
        #expect(bodyErrorKind { _ = try Self.engage.reduce("data={}", [.omit]) } == .proofFailed)
    }
}
