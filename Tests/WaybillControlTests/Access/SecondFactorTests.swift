import Testing
import WaybillCore

@testable import WaybillControl

@Suite("Second factors and passwords")
struct SecondFactorTests {
    @Test(
        "Codes are those of RFC 6238, of which the last six digits count",
        arguments: [
            (59, "287082"), (1_111_111_109, "081804"), (1_111_111_111, "050471"), (1_234_567_890, "005924"), (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] as [(Int64, String)])
    func vectors(seconds: Int64, code: String) {
        #expect(TOTP.code(Array("12345678901234567890".utf8), step: seconds / 30) == code)
    }

    @Test("A code is good one step early or late, not two, and never twice")
    func skew() {
        let secret = Array("12345678901234567890".utf8)
        let now = Timestamp(seconds: 1_790_000_010)
        let step = TOTP.step(at: now)
        for (offset, isGood) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] as [(Int64, Bool)] {
            let found = TOTP.match(TOTP.code(secret, step: step + offset), secret: secret, after: 0, now: now)
            #expect(found == (isGood ? step + offset : nil))
        }
        #expect(TOTP.match(TOTP.code(secret, step: step), secret: secret, after: step, now: now) == nil)
        #expect(TOTP.match("", secret: secret, after: 0, now: now) == nil)
    }

    @Test("The picture says what apps read, with names escaped")
    func uri() {
        #expect(
            TOTP.uri(Array("12345678901234567890".utf8), account: "anna", issuer: "Way bill")
                == "otpauth://totp/Way%20bill:anna?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Way%20bill&algorithm=SHA1&digits=6&period=30"
        )
        #expect(Base32.text(Array("foobar".utf8)) == "MZXW6YTBOI" && Base32.text([]) == "")
    }

    @Test("Recovery codes are ten, all different, and read however they are typed")
    func recovery() {
        let codes = RecoveryCodes.make()
        #expect(Set(codes).count == 10 && codes.allSatisfy { $0.count == 19 })
        #expect(RecoveryCodes.digest(codes[0]) == RecoveryCodes.digest(codes[0].lowercased().replacing("-", with: " ")))
    }

    @Test(
        "Passwords that are short, common, a row of keys or a name are refused",
        arguments: [
            "short", "password1234", "Passw0rd!2026", "qwertyuiop12", "aaaaaaaaaaaaaa", "abcabcabcabc", "123456789012", "anna.schmidt1",
            "Waybill-2026!", "letmeinletmein",
        ])
    func weak(password: String) {
        #expect(throws: APIProblem.self) { try PasswordRules.check(password, names: ["anna.schmidt"]) }
    }

    @Test(
        "Others are not, whatever they are composed of", arguments: ["violets under the bridge", "zwölf Füchse im Regen", "7Gq2vT9bLx4m"])
    func strong(password: String) throws { try PasswordRules.check(password, names: ["anna"]) }

    @Test("A hash has the parameters it was made by, another salt each time, and matches its password only")
    func hashes() throws {
        let first = try PasswordHash("violets under the bridge", rounds: 1 << 16)
        let second = try PasswordHash("violets under the bridge", rounds: 16)
        #expect(first.rounds == 65_536 && first.blockSize == 8 && first.parallelism == 1 && first.salt != second.salt)
        #expect(try first.matches("violets under the bridge") && second.matches("violets under the bridge"))
        #expect(try !first.matches("violets under the Bridge"))
    }
}
