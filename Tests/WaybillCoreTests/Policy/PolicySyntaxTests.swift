import Testing

@testable import WaybillCore

@Suite struct PolicySyntaxTests {
    @Test(
        arguments: [
            ("P30D", 2_592_000), ("P3M", 7_776_000), ("P1Y", 31_536_000), ("P2W", 1_209_600), ("PT24H", 86_400), ("P1DT12H", 129_600),
            ("P0D", 0),
            ("P1Y6M", 47_088_000), ("PT1H30M15S", 5_415), ("P", nil), ("PT", nil), ("30D", nil), ("P30", nil), ("P-1D", nil),
            ("P1.5D", nil),
            ("P1D1D", nil), ("P1D2M", nil), ("PT1D", nil), ("P1H", nil), ("P1DT", nil), ("P1TT1H", nil), ("p1d", nil), ("P999999999Y", nil),
            ("", nil),
        ] as [(String, Int64?)])
    func `periods are ISO 8601 with months of 30 and years of 365 days`(text: String, seconds: Int64?) {
        #expect(Period.seconds(text) == seconds)
    }

    @Test(arguments: [
        "email", "properties.email", "['a.b'].c", "tags[*]", "a[0].b", "$set.$email", "a['x.y'][*].c", "[*].a",
    ])
    func `a path reads back as it was written`(text: String) throws {
        let path = try BodyPathParser.relative(text)
        #expect(path.path.description == text)
        #expect(!path.subtree)
    }

    @Test func `a subtree ends in two stars`() throws {
        #expect(try BodyPathParser.relative("a.b.**") == StructurePath(path: BodyPath(steps: [.name("a"), .name("b")]), subtree: true))
    }

    @Test(
        arguments: [
            ("$", [], nil), ("$.inputs[*]", [.name("inputs"), .each], nil), ("$['a.b']", [.name("a.b")], nil), ("inputs", nil, 0),
            ("", nil, 0),
            ("$inputs", nil, 1), ("$.", nil, 2), ("$[", nil, 2), ("$.a[*", nil, 5),
        ] as [(String, [BodyPath.Step]?, Int?)])
    func `rooted paths begin at the body`(text: String, steps: [BodyPath.Step]?, offset: Int?) {
        do throws(SyntaxError) {
            #expect(try BodyPathParser.rooted(text).path.steps == steps)
        } catch {
            #expect(error.offset == offset)
        }
    }

    @Test(arguments: [
        ("", 0), ("a..b", 2), ("a.", 2), (".a", 0), ("a[x]", 2), ("a[0", 3), ("a[0]b", 4), ("a['b]", 2), ("a['']", 2), ("a*", 1),
        ("a.*", 2),
        ("a.**.b", 2), ("a[99999]", 2), ("a\"b", 1), ("a]", 1),
    ])
    func `a wrong path is refused at the character`(text: String, offset: Int) {
        do throws(SyntaxError) {
            let path = try BodyPathParser.relative(text)
            Issue.record("read as \(path)")
        } catch {
            #expect(error.offset == offset)
            #expect(!error.remedy.isEmpty)
        }
    }

    @Test(arguments: [
        ("*", "anything", true), ("contacts.*", "contacts.create", true), ("contacts.*", "contacts.batch.create", true),
        ("contacts.*", "companies", false), ("*.create", "contacts.create", true), ("c*c*e", "contacts.create", true),
        ("contacts", "contacts.create", false), ("a*a", "a", false), ("*b*", "abc", true), ("", "a", false),
    ])
    func `globs match whole ids`(pattern: String, text: String, matches: Bool) {
        #expect(Glob.matches(pattern, text) == matches)
    }

    @Test(arguments: [
        ("in_scop", "in_scope", 1), ("ab", "ba", 1), ("", "abc", 3), ("kitten", "sitting", 3), ("same", "same", 0),
    ])
    func `distance counts edits and swaps`(a: String, b: String, distance: Int) {
        #expect(Suggestion.distance(a, b) == distance)
    }

    @Test(arguments: [
        ("https://api.example", "https", "api.example", 443), ("https://API.example:8443/", "https", "api.example", 8_443),
        ("http://127.0.0.1:8080", "http", "127.0.0.1", 8_080), ("https://localhost:1", "https", "localhost", 1),
        ("http://[::1]:80", "http", "[::1]", 80),
    ])
    func `destinations are scheme, host and port`(text: String, scheme: String, host: String, port: Int) throws {
        let url = try #require(DestinationURL(text))
        #expect((url.scheme, url.host, url.port) == (scheme, host, port))
    }

    @Test(arguments: [
        "http://api.example", "ftp://api.example", "https://", "https://api", "https://api.example/x", "https://u:p@api.example",
        "https://api.example:0",
        "https://api.example:99999", "https://10.0.0.1", "https://api..example", "https://-a.example", "https://api.example?x",
        "https://a_b.example",
        "api.example", "https://[::2]",
    ])
    func `anything else is no destination`(text: String) {
        #expect(DestinationURL(text) == nil)
    }
}
