import Testing
import WaybillCore

@testable import WaybillProxy

@Suite struct OriginTests {
    @Test(arguments: [
        ("api.acme.test:443", "api.acme.test", 443), ("API.Acme.TEST:443", "api.acme.test", 443), ("a:1", "a", 1), ("a:65535", "a", 65_535),
        ("127.0.0.1:8443", "127.0.0.1", 8_443), ("[::1]:443", "[::1]", 443), ("api.acme.test.:443", "api.acme.test.", 443),
        ("a_b.test:443", "a_b.test", 443),
    ])
    func `an authority is a host and a port`(_ text: String, _ host: String, _ port: Int) throws {
        let origin = try #require(Origin(authority: Array(text.utf8), isTLS: true, needsPort: true))
        #expect(origin.host == host && origin.port == port && origin.isTLS)
    }

    @Test(arguments: [
        "", ":", "a", "a:", ":443", "a:0", "a:65536", "a:99999", "a:0443", "a:+1", "a:4 4", "a:44x", "a:123456", "a:443:443", "u@a:443",
        "a/:443", "[::1]", "[::1]443", "[]:443", "[::1", "[g::1]:443", "::1:443", "a%41:443", "a\\b:443", "https://a:443", "a:443/", "*",
        "ä:443",
    ])
    func `anything else is none`(_ text: String) {
        #expect(Origin(authority: Array(text.utf8), isTLS: true, needsPort: true) == nil)
    }

    @Test func `the port may be left out where a scheme has its own`() {
        #expect(Origin(authority: Array("a".utf8), isTLS: true, needsPort: false)?.port == 443)
        #expect(Origin(authority: Array("a".utf8), isTLS: false, needsPort: false)?.port == 80)
        let origin = { (port: Int, isTLS: Bool) in Origin(authority: Array("a:\(port)".utf8), isTLS: isTLS, needsPort: true) }
        let names = { (origin: Origin?) in (origin?.authorities ?? []).map { String(decoding: $0, as: UTF8.self) } }
        #expect(names(origin(443, true)) == ["a", "a:443"])
        #expect(names(origin(8_443, true)) == ["a:8443"])
        #expect(names(origin(80, false)) == ["a", "a:80"])
        #expect(names(origin(80, true)) == ["a:80"])
    }
}
