import Testing

@testable import WaybillCore

@Suite struct JSONProofTests {
    static let rig = BodyRig(
        records: "$.inputs[*]", people: [("email", 0, 0), ("name", 1, 0), ("friend", 0, 1)], shared: [("note", 2)], structure: ["id"],
        envelope: ["mode"])
    static let keepEmail = BodyRig.plan([.keep, .drop])

    static let leaks: [(String, String)] = [
        ("an unclassified member", #"{"inputs":[{"email":"a","ssn":"1"}]}"#),
        ("a dropped field", #"{"inputs":[{"email":"a","name":"n"}]}"#),
        ("the field of a person without a plan", #"{"inputs":[{"email":"a","friend":"b"}]}"#),
        ("a record too many", #"{"inputs":[{"email":"a"},{"email":"b"}]}"#),
        ("a record too few", #"{"inputs":[]}"#),
        ("a shared field", #"{"inputs":[{"email":"a"}],"note":"n"}"#),
        ("a member outside", #"{"inputs":[{"email":"a"}],"x":1}"#),
        ("no JSON", #"{"inputs":[{"email":"a"}]"#),
        ("a byte order mark", "\u{FEFF}" + #"{"inputs":[{"email":"a"}]}"#),
        ("another shape", #"{"input":[]}"#),
        ("a repeated name", #"{"inputs":[{"email":"a","email":"b"}]}"#),
    ]

    @Test(arguments: leaks)
    func `the proof fails on`(what: String, written: String) {
        let actions: [RecordAction] = [.omit, .write([Self.keepEmail, nil])]
        #expect(bodyErrorKind { try Self.rig.prove(Array(written.utf8), actions, shared: BodyRig.plan([])) } == .proofFailed)
    }

    @Test func `the proof passes what may go`() {
        let written = #"{"mode":1,"inputs":[{"email":"a","id":2}]}"#
        #expect(
            bodyErrorKind { try Self.rig.prove(Array(written.utf8), [.omit, .write([Self.keepEmail, nil])], shared: BodyRig.plan([])) }
                == nil)
    }

    @Test func `an operator identifier outside the set drops and does not trap`() throws {
        var plan = Self.keepEmail
        plan.actions[0] = .apply(OperatorID(999))
        let reduced = try Self.rig.reduce(#"{"inputs":[{"email":"a","id":1}]}"#, [.write([plan])])
        #expect(reduced.bytes == Array(#"{"inputs":[{"id":1}]}"#.utf8))
        plan.actions = []
        #expect(try Self.rig.reduce(#"{"inputs":[{"email":"a","id":1}]}"#, [.write([plan])]).bytes == Array(#"{"inputs":[{"id":1}]}"#.utf8))
    }
}
