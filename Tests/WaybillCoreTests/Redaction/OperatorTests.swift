import Crypto
import Foundation
import Testing

@testable import WaybillCore

@Suite struct OperatorTests {
    /// What an operator makes of a value: JSON text, `=` unchanged, `-` not applicable.
    static func apply(_ name: String, _ arguments: OperatorArguments, _ value: ScalarValue, field: Int = 1) throws -> String {
        let made = try RedactionOperators.make(name: name, arguments: arguments)
        var output: [UInt8] = []
        switch made.apply(to: value, in: BodyRig.context(FieldID(field)), into: &output) {
        case .unchanged: return "="
        case .notApplicable: return "-"
        case .replaced: return String(decoding: output, as: UTF8.self)
        }
    }
    static func string(_ text: String) -> ScalarValue { .string(Array(text.utf8)) }
    static func number(_ text: String) -> ScalarValue { .number(Array(text.utf8)) }

    static let replaced: [(String, OperatorArguments, ScalarValue, String)] = [
        ("keep", .none, string("x"), "="), ("drop", .none, string("x"), "-"),
        ("truncate", .scalar("3"), string("Annabel"), "\"Ann\""), ("truncate", .map(["length": "3"]), string("Ann"), "="),
        ("truncate", .scalar("1"), string("😀😀"), "\"😀\""), ("truncate", .scalar("2"), number("12345"), "\"12\""),
        ("truncate", .scalar("2"), .bool(true), "-"), ("truncate", .scalar("1"), string("\"quoted\""), "\"\\\"\""),
        ("mask", .none, string("Anna"), "\"****\""), ("mask", .map(["keep_last": "2"]), string("+48601234567"), "\"**********67\""),
        ("mask", .map(["keep_first": "1", "keep_last": "1", "with": "#"]), string("Anna"), "\"A##a\""),
        ("mask", .map(["keep_first": "2", "keep_last": "2"]), string("Anna"), "\"****\""),
        ("mask", .map(["keep_last": "2"]), string("ab"), "\"**\""),
        ("mask", .map(["keep_last": "2"]), number("123456"), "\"****56\""), ("mask", .none, .bool(false), "-"),
        ("mask", .none, string(""), "\"\""),
        ("mask", .map(["with": "\""]), string("ab"), "\"\\\"\\\"\""),
        ("replace", .scalar("gone"), string("x"), "\"gone\""), ("replace", .map(["with": "a\nb"]), .bool(true), "\"a\\nb\""),
        ("replace", .map(["with": ""]), number("1"), "\"\""),
        ("generalize", .scalar("year"), string("1984-03-07"), "\"1984\""),
        ("generalize", .scalar("month"), string("1984-03-07"), "\"1984-03\""),
        ("generalize", .scalar("year"), string("1984/03/07"), "\"1984\""),
        ("generalize", .scalar("month"), string("1984/03/07"), "\"1984/03\""),
        ("generalize", .scalar("year"), string("1984-03-07T10:00:00+02:00"), "\"1984\""),
        ("generalize", .scalar("year"), string("03/07"), "-"),
        ("generalize", .scalar("month"), string("03/07"), "-"), ("generalize", .scalar("year"), string("1984-02-30"), "-"),
        ("generalize", .scalar("year"), string("1984-03/07"), "-"), ("generalize", .scalar("year"), string("1984-03-07 and more"), "-"),
        ("generalize", .scalar("year"), number("447465600"), "-"), ("generalize", .scalar("year"), string(""), "-"),
        ("generalize", .scalar("ip"), string("203.0.113.77"), "\"203.0.113.0\""),
        ("generalize", .scalar("ip"), string("2001:db8:1:2::77"), "\"2001:db8:1::\""),
        ("generalize", .scalar("ip"), string("2001:DB8::1"), "\"2001:db8::\""),
        ("generalize", .scalar("ip"), string("::1"), "\"::\""),
        ("generalize", .scalar("ip"), string("::ffff:203.0.113.77"), "\"::ffff:203.0.113.0\""),
        ("generalize", .scalar("ip"), string("1:2:3:4:5:6:7:8"), "\"1:2:3::\""), ("generalize", .scalar("ip"), string("203.0.113"), "-"),
        ("generalize", .scalar("ip"), string("203.0.113.256"), "-"), ("generalize", .scalar("ip"), string("203.0.113.07"), "-"),
        ("generalize", .scalar("ip"), string("1::2::3"), "-"), ("generalize", .scalar("ip"), string("1:2:3:4:5:6:7:8:9"), "-"),
        ("generalize", .scalar("ip"), string("fe80::1%eth0"), "-"), ("generalize", .scalar("ip"), string("host"), "-"),
        ("generalize", .scalar("ip"), string("1:2:3:4:5:6:7::8"), "-"), ("generalize", .scalar("ip"), string(":1:2:3:4:5:6:7"), "-"),
        ("generalize", .map(["postcode": "3"]), string("80331"), "\"803\""),
        ("generalize", .map(["postcode": "3"]), number("80331"), "\"803\""),
        ("generalize", .map(["postcode": "3"]), string(" SW1A 1AA"), "\"SW1\""),
        ("generalize", .map(["postcode": "3"]), string("803"), "-"),
        ("generalize", .map(["band": "10"]), number("37"), "\"30-39\""), ("generalize", .map(["band": "10"]), string("37.9"), "\"30-39\""),
        ("generalize", .map(["band": "1000"]), number("999"), "\"0-999\""), ("generalize", .map(["band": "10"]), number("-5"), "-"),
        ("generalize", .map(["band": "10"]), number("1e3"), "-"), ("generalize", .map(["band": "10"]), string("old"), "-"),
        ("generalize", .map(["band": "10"]), number("99999999999999999999"), "-"),
        ("generalize", .map(["band": "10"]), number("9223372036854775807"), "-"),
        ("hash", .none, .bool(true), "-"), ("pseudonymize", .none, .bool(true), "-"),
    ]

    @Test(arguments: replaced)
    func `operators replace as documented`(name: String, arguments: OperatorArguments, value: ScalarValue, expected: String) throws {
        #expect(try Self.apply(name, arguments, value) == expected)
    }

    static let refused: [(String, OperatorArguments)] = [
        ("keep", .scalar("x")), ("drop", .map([:])), ("hash", .map(["salt": "x"])), ("pseudonymize", .scalar("")), ("truncate", .none),
        ("truncate", .scalar("0")), ("truncate", .scalar("-1")), ("truncate", .scalar("3.5")), ("truncate", .map(["size": "3"])),
        ("truncate", .map(["length": "3", "from": "1"])), ("truncate", .scalar("99999999999999999999")), ("truncate", .scalar("١")),
        ("mask", .scalar("2")), ("mask", .map(["keep_last": "two"])), ("mask", .map(["keep": "2"])), ("mask", .map(["with": "**"])),
        ("mask", .map(["with": ""])), ("mask", .map(["with": "\u{7}"])), ("replace", .none), ("replace", .map(["by": "x"])),
        ("generalize", .none), ("generalize", .scalar("decade")), ("generalize", .map(["postcode": "0"])),
        ("generalize", .map(["band": "1"])),
        ("generalize", .map(["band": "10", "postcode": "2"])), ("generalize", .map([:])), ("tokenize", .none), ("encrypt", .none),
        ("Keep", .none), ("", .none),
    ]

    @Test(arguments: refused)
    func `arguments an operator does not know are refused with a remedy`(name: String, arguments: OperatorArguments) {
        do throws(OperatorError) {
            _ = try RedactionOperators.make(name: name, arguments: arguments)
            Issue.record("\(name) took \(arguments)")
        } catch {
            #expect(!error.message.isEmpty && !error.remedy.isEmpty)
        }
    }

    @Test func `an operator that is not built yet says so`() {
        for name in RedactionOperators.notBuiltYet {
            do throws(OperatorError) {
                _ = try RedactionOperators.make(name: name, arguments: .none)
                Issue.record("\(name) was made")
            } catch { #expect(error.message.contains("not built yet")) }
        }
    }

    static let working: [(String, OperatorArguments, String)] = [
        ("keep", .none, "keep"), ("truncate", .scalar("3"), "truncate {length: 3}"),
        ("mask", .map(["keep_last": "2"]), "mask {keep_last: 2}"),
        ("mask", .none, "mask"), ("generalize", .scalar("year"), "generalize year"),
        ("generalize", .map(["band": "10"]), "generalize {band: 10}"),
        ("pseudonymize", .none, "pseudonymize"), ("hash", .none, "hash"), ("replace", .scalar("x"), "replace {with: \"x\"}"),
        ("drop", .none, "drop"),
    ]

    @Test(arguments: working)
    func `null and empty containers pass every operator but drop`(name: String, arguments: OperatorArguments, summary: String) throws {
        for value in [ScalarValue.null, .emptyContainer] {
            #expect(try Self.apply(name, arguments, value) == (name == "drop" ? "-" : "="))
        }
        #expect(try RedactionOperators.make(name: name, arguments: arguments).summary == summary)
    }

    @Test func `narrowness orders the list from keep to drop`() {
        let order = RedactionOperators.all.map { $0.narrowness }
        #expect(order == order.sorted() && Set(order).count == order.count)
        #expect(order.first == 0 && order.last == 100)
        #expect(Set(RedactionOperators.all.map { $0.name }).isDisjoint(with: RedactionOperators.notBuiltYet))
    }

    @Test func `a hash is the keyed digest of the canonical value`() throws {
        let key = SymmetricKey(data: [UInt8](repeating: 1, count: 32))
        let expected = HMAC<SHA256>.authenticationCode(for: Array("anna@example.com".utf8), using: key).map { String(format: "%02x", $0) }
            .joined()
        #expect(try Self.apply("hash", .none, Self.string(" Anna@Example.COM"), field: 0) == "\"\(expected)\"")
        #expect(try Self.apply("hash", .none, Self.string("not an address"), field: 0) == "-")
    }

    @Test func `a pseudonym is stable, keyed per vendor and short`() throws {
        let made = try RedactionOperators.make(name: "pseudonymize", arguments: .none)
        func pseudonym(_ value: ScalarValue, key: UInt8) -> String {
            let usual = BodyRig.context(FieldID(1))
            let context = RedactionContext(
                field: usual.field, hashing: usual.hashing, pseudonyms: SymmetricKey(data: [UInt8](repeating: key, count: 32)))
            var output: [UInt8] = []
            _ = made.apply(to: value, in: context, into: &output)
            return String(decoding: output, as: UTF8.self)
        }
        let one = pseudonym(Self.string("c-17"), key: 1)
        #expect(one.utf8.count == 28 && one.dropFirst().dropLast().allSatisfy { $0.isLowercase || ("2"..."7").contains($0) })
        #expect(one == pseudonym(Self.string("c-17"), key: 1))
        #expect(one != pseudonym(Self.string("c-17"), key: 2))
        #expect(one != pseudonym(Self.string("c-18"), key: 1))
        #expect(pseudonym(Self.number("17"), key: 1) == pseudonym(Self.string("17"), key: 1))
        // RFC 4648 base32 of HMAC-SHA256, computed outside: key 32 × 0x01, message "c-17".
        let code = Array(
            HMAC<SHA256>.authenticationCode(for: Array("c-17".utf8), using: SymmetricKey(data: [UInt8](repeating: 1, count: 32))))
        let bits = code.map { String(repeating: "0", count: 8 - String($0, radix: 2).count) + String($0, radix: 2) }.joined()
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
        let expected = (0..<26).map { i in
            let group = bits.dropFirst(5 * i).prefix(5)
            return String(alphabet[Int(group, radix: 2) ?? 0])
        }.joined()
        #expect(one == "\"\(expected)\"")
    }
}

@Suite struct CanonicalFormTests {
    static let forms: [(Field.Canonical, String, String?)] = [
        (.email, "Anna@Example.COM", "anna@example.com"), (.email, " \tanna@example.com\n", "anna@example.com"),
        (.email, "ŁUKASZ@example.com", "łukasz@example.com"), (.email, "e\u{301}@x.y", "\u{e9}@x.y"), (.email, "\"a@b\"@c", nil),
        (.email, "a@b.c,d@e.f", nil), (.email, "<a@b.c>", nil), (.email, "a\u{200b}@b.c", nil),
        (.email, "a@b\u{ff0e}c", nil), (.email, "a@b.c.", nil), (.phone, "+48 (0) 601 234 567", "+48601234567"),
        (.email, "anna", nil), (.email, "@x", nil), (.email, "a@", nil), (.email, "a b@c", nil), (.email, "", nil), (.email, "  ", nil),
        (.phone, "+48 601-234.567", "+48601234567"), (.phone, "0048 (601) 234/567", "+48601234567"),
        (.phone, " +48601234567 ", "+48601234567"),
        (.phone, "601234567", nil), (.phone, "+123456", nil), (.phone, "+1234567", "+1234567"),
        (.phone, "+123456789012345", "+123456789012345"),
        (.phone, "+1234567890123456", nil), (.phone, "+48 601 call me", nil), (.phone, "", nil), (.phone, "+", nil),
        (.phone, "++4860123456", nil),
        (.phone, "+0123456789", nil), (.phone, "+48601234567 ext 1", nil),
    ]

    @Test(arguments: forms)
    func `spellings of one identifier become one`(canonical: Field.Canonical, raw: String, expected: String?) {
        #expect(canonical.apply(Array(raw.utf8)).map { Array($0) } == expected.map { Array($0.utf8) })
    }

    static func identifier(_ scheme: String?, _ canonical: Field.Canonical?, _ value: ScalarValue) -> String? {
        var field = BodyRig.field(1)
        field.identifierScheme = scheme
        field.canonical = canonical
        return Identifier(field: field, value: value).map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    @Test func `identifiers carry scheme and canonical value, or are none`() {
        #expect(Self.identifier("email", .email, .string(Array("A@B.c".utf8))) == "email:a@b.c")
        #expect(Self.identifier("crm", nil, .string(Array(" C-17 ".utf8))) == "crm:C-17")
        #expect(Self.identifier("crm", nil, .number(Array("17".utf8))) == "crm:17")
        for unusable in [
            ScalarValue.null, .emptyContainer, .bool(true), .string([]), .string([0x20]), .number(Array("1.5".utf8)),
            .number(Array("-1".utf8)),
        ] {
            #expect(Self.identifier("crm", nil, unusable) == nil)
        }
        #expect(Self.identifier(nil, nil, .string([65])) == nil)
        #expect(Self.identifier("crm", nil, .string([UInt8](repeating: 65, count: 512))) != nil)
        #expect(Self.identifier("crm", nil, .string([UInt8](repeating: 65, count: 513))) == nil)
        #expect(Self.identifier("phone", .phone, .number(Array("48601234567".utf8))) == nil)
    }
}
