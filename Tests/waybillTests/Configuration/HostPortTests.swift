import Testing

@testable import waybill

@Suite("Addresses")
struct HostPortTests {
    @Test(
        "Host and port are read, and written the same way",
        arguments: [
            ("127.0.0.1:8080", true), ("127.9.9.9:0", true), ("localhost:1", true), ("[::1]:443", true), ("0.0.0.0:80", false),
            ("[::]:80", false), ("gate.example:8080", false), ("127.0.0.1.example:1", false), ("127.0.0.256:1", false),
        ])
    func read(text: String, loopback: Bool) {
        #expect(HostPort(text)?.description == text)
        #expect(HostPort(text)?.isLoopback == loopback)
    }

    @Test(
        "Anything else is no address",
        arguments: ["", ":", "8080", "a:", ":1", "a:b", "a:-1", "a:65536", "::1:80", "a b:1", "a/b:1", "u@h:1", "a:000001"])
    func refused(text: String) { #expect(HostPort(text) == nil) }
}
