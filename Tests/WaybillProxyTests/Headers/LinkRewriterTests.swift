import Testing
import WaybillCore

@testable import WaybillProxy

@Suite struct LinkRewriterTests {
    private static func rewriter(prefix: String = "/to/acme") -> LinkRewriter {
        let destinations = FakePolicy.set(moreHosts: ["files.acme.test"]).vendors[0].destinations
        return LinkRewriter(prefix: Array(prefix.utf8), vendor: "acme", destination: destinations[0], destinations: destinations)
    }

    static let references: [(String, String?)] = [
        ("https://api.acme.test/v1/2?x=1#f", "/to/acme/v1/2?x=1#f"),
        ("https://API.acme.test:443/v1", "/to/acme/v1"),
        ("HTTPS://api.acme.test", "/to/acme/"),
        ("https://api.acme.test?x", "/to/acme/?x"),
        ("https://files.acme.test/a", "/to/acme@files.acme.test/a"),
        ("//api.acme.test/v1", "/to/acme/v1"),
        ("/v1/2", "/to/acme/v1/2"),
        ("next?page=2", "next?page=2"),
        ("?page=2", "?page=2"),
        ("http://api.acme.test/v1", nil),
        ("https://api.acme.test:444/v1", nil),
        ("https://api.acme.test.evil.test/", nil),
        ("https://api.acme.test@evil.test/", nil),
        ("https://evil.test/", nil),
        ("//evil.test/", nil),
        ("javascript:alert(1)", nil),
        ("/v1/../../other/x", nil),
        ("../../other", nil),
        ("/v1/%2e%2E/x", nil),
        ("/v1\\..\\x", nil),
        ("", nil),
    ]

    @Test(arguments: references)
    func locationsAreRewrittenOrRemoved(_ value: String, _ expected: String?) {
        let result = Self.rewriter().reference(Array(value.utf8))
        #expect(result.map { String(decoding: $0, as: UTF8.self) } == expected)
    }

    @Test(arguments: [
        ("<https://api.acme.test/a>; rel=next", "</to/acme/a>; rel=next"),
        ("</a>; title=\"x, <y>\"; rel=next, </b>", "</to/acme/a>; title=\"x, <y>\"; rel=next, </to/acme/b>"),
        ("<https://evil.test/a>; rel=next, </b>; rel=prev", "</to/acme/b>; rel=prev"),
        ("<https://evil.test/a>; rel=next", nil),
        ("https://api.acme.test/a", nil),
        ("</a", nil),
        ("</a>; title=\"open", nil),
        ("", nil),
    ])
    func linksAreRewrittenOneByOne(_ value: String, _ expected: String?) {
        let result = Self.rewriter().links(Array(value.utf8))
        #expect(result.map { String(decoding: $0, as: UTF8.self) } == expected)
    }

    @Test func theCallersOwnFormOfThePrefixIsKept() {
        let result = Self.rewriter(prefix: "/to/acme@api.acme.test").reference(Array("/x".utf8))
        #expect(result.map { String(decoding: $0, as: UTF8.self) } == "/to/acme@api.acme.test/x")
    }
}
