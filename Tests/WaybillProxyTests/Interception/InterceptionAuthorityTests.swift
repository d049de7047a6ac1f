import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@testable import WaybillProxy

@Suite("A certificate and a key as interception CA")
struct InterceptionAuthorityTests {
    private func made(_ permit: [String] = ["hubapi.com"]) throws -> InterceptionAuthority {
        try InterceptionAuthority.make(organisation: "Acme", permit: permit, now: SystemWallClock().now())
    }

    @Test("What was made reads back")
    func roundTrip() throws {
        let made = try made(["hubapi.com", "mailchimp.com"])
        let read = try InterceptionAuthority(certificatePEM: made.certificatePEM, keyPEM: made.keyPEM)
        #expect(read.permitted == ["hubapi.com", "mailchimp.com"] && read.mark == made.mark && read.sha256 == made.sha256)
        #expect(made.mark.utf8.count == 8 && made.sha256.utf8.count == 64)
        #expect(made.notAfter.seconds - made.notBefore.seconds == InterceptionAuthority.validityDays * 86_400 + 3_600)
    }

    @Test("What could not sign, or could sign for everybody, is refused")
    func refused() throws {
        let (one, other, test) = (try made(), try made(), try TestAuthority())
        let leaf = try test.issue(["api.hubapi.com"])
        let cases: [(certificate: String, key: String, fault: AuthorityFault)] = [
            ("x", one.keyPEM, .noCertificate), (one.keyPEM, one.keyPEM, .noCertificate), (one.certificatePEM, "x", .noKey),
            (one.certificatePEM, other.keyPEM, .foreignKey), (leaf.certificatePEM, leaf.keyPEM, .noAuthority),
        ]
        for (certificate, key, fault) in cases {
            #expect(throws: fault) { try InterceptionAuthority(certificatePEM: certificate, keyPEM: key) }
        }
        #expect(throws: AuthorityFault.unconstrained) { try made([]) }
    }

    @Test("Two CAs have different names, so that clients that trust both find the right one")
    func names() throws {
        let (one, other) = (try made(), try made())
        #expect(one.mark != other.mark)
    }
}
