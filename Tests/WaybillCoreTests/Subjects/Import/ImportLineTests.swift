import Testing

@testable import WaybillCore

@Suite struct ImportLineTests {
    static let consent = """
        {"subject":"email:anna@example.com","purpose":"newsletter","state":"given","recipients":["hubspot"],\
        "event_time":"2026-05-01T00:00:00Z","notice":"n-7","proof":"web-form","controller":"acme-eu","expires":null,"explicit":false}
        """
    static let facts = """
        {"ids":["email:anna@example.com","crm:17"],"kind":"consumer","countries":["DE"],"country_source":"billing","born":"1984-03-07",\
        "preference":1,"objections":[{"scope":"direct_marketing","at":"2026-05-01T00:00:00Z"}],"restricted":false,\
        "signals":[{"gpc":true,"at":"2026-05-01T00:00:00Z"}]}
        """

    @Test func `The consent line of the format description is read whole`() throws {
        let line = try ConsentLine(Array(Self.consent.utf8), line: 1)
        #expect(line.identifier.bytes == Array("email:anna@example.com".utf8))
        #expect(
            line.event
                == ConsentEvent(
                    state: .given, purpose: "newsletter", recipients: ["hubspot"], controller: "acme-eu",
                    eventTime: try #require(Timestamp(rfc3339: "2026-05-01T00:00:00Z")), notice: "n-7", proof: "web-form"))
    }

    @Test func `The facts line of the format description is read whole`() throws {
        let line = try FactsLine(Array(Self.facts.utf8), line: 1)
        let at = try #require(Timestamp(rfc3339: "2026-05-01T00:00:00Z"))
        #expect(line.identifiers.map { String(decoding: $0.bytes, as: UTF8.self) } == ["email:anna@example.com", "crm:17"])
        var facts = SubjectFacts()
        facts.apply(line.change)
        #expect(
            facts
                == SubjectFacts(
                    kind: .consumer, countries: [try #require(Region("DE"))], countrySource: "billing",
                    born: Day(year: 1984, month: 3, day: 7), preference: 1, restricted: false,
                    objections: [SubjectFacts.Objection(scope: .directMarketing, at: at)],
                    signals: [SubjectFacts.Signal(content: .gpc(true), at: at)]))
    }

    @Test func `Identifiers are made canonical as the gate makes them`() throws {
        #expect(throws: LineProblem.self) { try FactsLine(Array(#"{"ids":[" email:x@y.z"]}"#.utf8), line: 1) }
        let read = try FactsLine(Array(#"{"ids":["email: Anna@Example.COM ","email:anna@example.com"]}"#.utf8), line: 1)
        #expect(read.identifiers.map { String(decoding: $0.bytes, as: UTF8.self) } == ["email:anna@example.com"])
    }

    @Test func `A date alone is a day, and remembered as one`() throws {
        let text = Self.consent.replacing("2026-05-01T00:00:00Z", with: "2026-05-01")
        let event = try ConsentLine(Array(text.utf8), line: 1).event
        #expect(event.dateOnly)
        #expect(event.eventTime.rfc3339 == "2026-05-01T00:00:00Z")
    }

    @Test func `An objection dated by its day counts from the day's end`() throws {
        let line = try FactsLine(Array(#"{"ids":["crm:1"],"objections":[{"scope":"all","at":"2026-05-01"}]}"#.utf8), line: 1)
        #expect(line.change.objections.map(\.at.rfc3339) == ["2026-05-02T00:00:00Z"])
    }

    @Test func `An unreadable privacy string is kept as unreadable`() throws {
        for (text, content) in [
            ("1YYN", SubjectFacts.Signal.Content.usPrivacy(.optedOut(true))), ("1YNN", .usPrivacy(.optedOut(false))),
            ("1---", .usPrivacy(.doesNotApply)), ("2YYN", .unreadable), ("", .unreadable), ("1yyn", .unreadable),
        ] {
            let line = try FactsLine(
                Array(#"{"ids":["crm:1"],"signals":[{"usprivacy":"\#(text)","at":"2026-05-01"}]}"#.utf8), line: 1)
            #expect(line.change.signals.map(\.content) == [content])
        }
    }

    @Test(arguments: [
        (#"{"subject":"email:anna@example.com""#, nil, "an object is not closed"),
        (#"{"subject":"crm:1","purpose":"p","state":"given","event_time":"2026-05-01","subject":"crm:2"}"#, nil, "stands there twice"),
        (#"{"subject":"crm:1","purpose":"p","state":"given","event_time":"2026-05-01","e":1}"#, nil, "unknown member; known are actor"),
        (#"{"purpose":"p","state":"given","event_time":"2026-05-01"}"#, "subject", "is required"),
        (#"{"subject":"anna@example.com","purpose":"p","state":"given","event_time":"2026-05-01"}"#, "subject", "must be scheme:value"),
        (#"{"subject":"email:anna","purpose":"p","state":"given","event_time":"2026-05-01"}"#, "subject", "is not usable"),
        (#"{"subject":17,"purpose":"p","state":"given","event_time":"2026-05-01"}"#, "subject", "must be a string, not a number"),
        (#"{"subject":"crm:1","purpose":"p","state":"subscribed","event_time":"2026-05-01"}"#, "state", "must be one of requested"),
        (#"{"subject":"crm:1","purpose":"p","event_time":"2026-05-01"}"#, "state", "is required"),
        (#"{"subject":"crm:1","state":"given","event_time":"2026-05-01"}"#, "purpose", "is required, except for a stop"),
        (#"{"subject":"crm:1","purpose":"a b@c","state":"given","event_time":"2026-05-01"}"#, "purpose", "must be a name"),
        (#"{"subject":"crm:1","purpose":"p","state":"given"}"#, "event_time", "is required"),
        (#"{"subject":"crm:1","purpose":"p","state":"given","event_time":"yesterday"}"#, "event_time", "is not a time; write"),
        (#"{"subject":"crm:1","purpose":"p","state":"given","event_time":"2026-02-30"}"#, "event_time", "is not a time; write"),
        (#"{"subject":"crm:1","purpose":"p","state":"given","event_time":1780000000}"#, "event_time", "must be a string"),
        (#"{"subject":"crm:1","purpose":"p","state":"given","event_time":"2026-05-01","expires":"2026-05-01"}"#, "expires", "not after"),
        (#"{"subject":"crm:1","purpose":"p","state":"given","event_time":"2026-05-01","recipients":"hubspot"}"#, "recipients", "an array"),
        (#"{"subject":"crm:1","purpose":"p","state":"given","event_time":"2026-05-01","explicit":"yes"}"#, "explicit", "true or false"),
        (#"{"subject":"crm:1","purpose":"p","state":"given","event_time":"2026-05-01","proof":""}"#, "proof", "must hold 1 to"),
        (#"["crm:1"]"#, nil, "must be an object"),
    ])
    func `A bad consent line is refused by line and member, without its values`(text: String, member: String?, message: String) {
        let problem = #expect(throws: LineProblem.self) { try ConsentLine(Array(text.utf8), line: 42) }
        #expect(problem?.line == 42)
        #expect(problem?.member == member)
        #expect(problem?.message.contains(message) ?? false, "\(problem?.message ?? "")")
        for value in ["anna@", "yesterday", "subscribed", "a b@c", "1780000000"] where text.contains(value) {
            // The messages' own example is not a value.
            #expect(problem?.text.replacing("email:anna@example.com", with: "").contains(value) == false)
        }
    }

    @Test(arguments: [
        (#"{"ids":[]}"#, "ids", "at least one"),
        (#"{"kind":"consumer"}"#, "ids", "at least one"),
        (#"{"ids":[17]}"#, "ids", "must hold strings"),
        (#"{"ids":["crm:1"],"kind":"robot"}"#, "kind", "must be one of consumer, business_contact, employee"),
        (#"{"ids":["crm:1"],"countries":["XX"]}"#, "countries", "must hold ISO 3166 codes"),
        (#"{"ids":["crm:1"],"countries":"DE"}"#, "countries", "must be an array"),
        (#"{"ids":["crm:1"],"born":"07.03.1984"}"#, "born", "is not a date"),
        (#"{"ids":["crm:1"],"born":"1984-02-30"}"#, "born", "is not a date"),
        (#"{"ids":["crm:1"],"preference":4}"#, "preference", "must be 0, 1, 2 or 3"),
        (#"{"ids":["crm:1"],"preference":1.0}"#, "preference", "must be 0, 1, 2 or 3"),
        (#"{"ids":["crm:1"],"restricted":"no"}"#, "restricted", "must be true or false"),
        (#"{"ids":["crm:1"],"objections":[{"scope":"ads","at":"2026-05-01"}]}"#, "objections[0].scope", "must be one of all"),
        (#"{"ids":["crm:1"],"objections":[{"scope":"all"}]}"#, "objections[0].at", "is required"),
        (#"{"ids":["crm:1"],"objections":[{"scope":"all","at":"2026-05-01","why":"x"}]}"#, "objections[0]", "unknown member"),
        (#"{"ids":["crm:1"],"signals":[{"at":"2026-05-01"}]}"#, "signals[0].gpc", "one of gpc, usprivacy and gpp"),
        (#"{"ids":["crm:1"],"signals":[{"gpc":true,"usprivacy":"1YNN","at":"2026-05-01"}]}"#, "signals[0].gpc", "a signal for each"),
        (#"{"ids":["crm:1"],"signals":[{"gpc":1,"at":"2026-05-01"}]}"#, "signals[0].gpc", "true or false"),
        (#"{"ids":["crm:1"],"countries":["DE"],"country":"DE"}"#, nil, "unknown member"),
    ])
    func `A bad facts line is refused by line and member`(text: String, member: String?, message: String) {
        let problem = #expect(throws: LineProblem.self) { try FactsLine(Array(text.utf8), line: 7) }
        #expect(problem?.line == 7)
        #expect(problem?.member == member)
        #expect(problem?.message.contains(message) ?? false, "\(problem?.message ?? "")")
    }

    @Test func `A stop may leave out the purpose and the recipients`() throws {
        let text = #"{"subject":"crm:1","purpose":null,"state":"withdrawn","recipients":null,"event_time":"2026-05-01"}"#
        let event = try ConsentLine(Array(text.utf8), line: 1).event
        #expect(event.purpose == nil)
        #expect(event.recipients.isEmpty)
    }

    @Test func `Null clears a fact and absence leaves it`() throws {
        var facts = SubjectFacts()
        facts.apply(try FactsLine(Array(Self.facts.utf8), line: 1).change)
        facts.apply(try FactsLine(Array(#"{"ids":["crm:17"],"born":null,"countries":[]}"#.utf8), line: 2).change)
        #expect(facts.born == nil)
        #expect(facts.countries.isEmpty)
        #expect(facts.kind == .consumer)
        #expect(facts.preference == 1)
        #expect(facts.objections.count == 1)
    }

    @Test(arguments: [
        (#"{"a":"\u0041\ud83d\ude00\n"}"#, JSONValue.object(["a": .string("A😀\n")])),
        (#" [1,-0.5e+3,true,false,null,{}] "#, .array([.number("1"), .number("-0.5e+3"), .bool(true), .bool(false), .null, .object([:])])),
    ])
    func `JSON is read as RFC 8259 has it`(text: String, value: JSONValue) throws {
        #expect(try StrictJSONReader.read(Array(text.utf8)) == value)
    }

    @Test(arguments: [
        "", "{", "[1,]", #"{"a":1,}"#, "01", "1.", "+1", "nul", #""\ud800""#, #""\udc00""#, #""\x""#, "\"\t\"", "{\"a\" 1}", "1 2",
        "[[[[[[[[[1]]]]]]]]]",
        #"{"a":1,"\u0061":2}"#,
    ])
    func `What is not JSON, or doubtful, is refused`(text: String) {
        #expect(throws: StrictJSONReader.Failure.self) { try StrictJSONReader.read(Array(text.utf8)) }
    }

    @Test func `Invalid UTF-8 is refused`() {
        #expect(throws: StrictJSONReader.Failure.self) { try StrictJSONReader.read([0x22, 0xC3, 0x28, 0x22]) }
    }

    @Test(arguments: 1...9)
    func `Lines are the same however the stream is cut`(size: Int) {
        let text = Array("one\r\ntwo\n\nthree".utf8)
        var splitter = LineSplitter()
        var lines: [LineSplitter.Line] = []
        for start in stride(from: 0, to: text.count, by: size) {
            lines += splitter.feed(Array(text[start..<min(start + size, text.count)]))
        }
        if let last = splitter.finish() { lines.append(last) }
        #expect(lines == ["one", "two", "", "three"].map { .whole(Array($0.utf8)) })
    }

    @Test func `A line beyond the limit is dropped and the next one read`() {
        var splitter = LineSplitter()
        var lines = splitter.feed(Array(repeating: 0x61, count: LineSplitter.lineBytesMax))
        lines += splitter.feed(Array("b\nnext\n".utf8))
        #expect(lines == [.tooLong, .whole(Array("next".utf8))])
        #expect(splitter.finish() == nil)
    }
}
