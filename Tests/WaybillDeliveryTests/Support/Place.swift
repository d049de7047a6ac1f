import WaybillTesting

@testable import WaybillDelivery

/// An authority of its own, a directory, and a client's trust in that authority.
struct Place {
    let scratch: Scratch
    let authority: TestAuthority
    let identity: CurlIdentity

    init() throws {
        scratch = try Scratch()
        authority = try TestAuthority()
        var identity = CurlIdentity()
        identity.trust = [try scratch.write("root.pem", authority.certificatePEM)]
        self.identity = identity
    }
}
