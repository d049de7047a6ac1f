import Testing

@testable import WaybillCore

/// What a form must be before anything in it is looked at.
@Suite struct FormStrictnessTests {
    private static var rig: BodyRig {
        BodyRig(
            slots: [("email", 0), ("name", 1), ("emails[*]", 0)], structure: ["a", "b.c", "list[*]", "free.**", "rows[*].x"],
            format: .form)
    }

    @Test(
        "a form that everybody reads in the same way passes as it came",
        arguments: [
            "a=1", "a=", "a", "&a=1", "a=1&", "a=1&&b[c]=2", "&&", "a=b=c", "a=%26%3D%3B%25", "a=1&a=2", "b[c]=1", "b%5Bc%5D=1", "b%5bc]=1",
            "%61=1", "list[]=1&list[]=2", "list[0]=1&list[1]=2", "list[0]=1&list[]=2", "list[999999]=1", "a=%C5%81%C3%B3d%C5%BA", "a=Łódź",
            "a=x%20y+z", "a=\"{'<>|\\^`~!@#$()*,/:?\u{7F}", "free[x][y][]=1", "free[ ]=1", "free[*]=1", "free[%3D]=1", "free[0][00]=1",
            "rows[0][x]=1&rows[1][x]=2", "rows[][x]=1", "a=%EF%BB%BFx", "name&email=a%40b.c", "emails[]=a%40b.c&emails[]=d%40e.f",
            "emails[0]=a&emails[1]=b",
        ])
    func passes(body: String) throws {
        let reduced = try Self.rig.reduce(body)
        #expect(!reduced.isChanged)
        #expect(String(decoding: reduced.bytes, as: UTF8.self) == body)
    }

    private static let refused: [(String, BodyError.Kind)] = [
        ("a=%", .invalidSyntax), ("a=%4", .invalidSyntax), ("a=%4g", .invalidSyntax), ("a=%%41", .invalidSyntax), ("%=1", .invalidSyntax),
        ("a=% 41", .invalidSyntax), ("a=%u0041", .invalidSyntax), ("a%4", .invalidSyntax),
        ("a=1;b=2", .invalidSyntax), ("a;b=2", .invalidSyntax), ("unknown=1;email=x", .invalidSyntax),
        ("_charset_=utf-8", .invalidSyntax), ("a=1&_CharSet_=utf-7", .invalidSyntax), ("%5Fcharset_", .invalidSyntax),
        ("_charset_[x]=1", .invalidSyntax),
        ("=1", .invalidSyntax), ("a=1&=2", .invalidSyntax), ("=", .invalidSyntax), ("[]=1", .invalidSyntax), ("[a]=1", .invalidSyntax),
        ("b[c=1", .invalidSyntax), ("b]=1", .invalidSyntax), ("b]c[=1", .invalidSyntax), ("b[c]d=1", .invalidSyntax),
        ("b[c]]=1", .invalidSyntax), ("b[[c]]=1", .invalidSyntax), ("b[c[d]=1", .invalidSyntax), ("b[c][=1", .invalidSyntax),
        ("b[c].d=1", .invalidSyntax), ("b[c] [d]=1", .invalidSyntax), ("b%5Bc=1", .invalidSyntax), ("unknown[c=1", .invalidSyntax),
        ("a%00=1", .nulInName), ("%00a=1", .nulInName), ("b[c%00]=1", .nulInName), ("a\u{0}b=1", .unsupportedEncoding),
        ("abcdef\u{0}=1", .nulInName), ("a=%00", .invalidSyntax), ("aaaa=\u{0}", .invalidSyntax),
        ("a=1\n", .invalidSyntax), ("a=1\r\nb=2", .invalidSyntax), ("a\t=1", .invalidSyntax), ("a=\u{1}", .invalidSyntax),
        ("a=%FF", .invalidUTF8), ("a=%C5", .invalidUTF8), ("a=%C0%AF", .invalidUTF8), ("a=%ED%A0%80", .invalidUTF8),
        ("%C5=1", .invalidUTF8), ("unknown%F5=1", .invalidUTF8), ("a=%F4%90%80%80", .invalidUTF8), ("b[%C5]%81=1", .invalidUTF8),
        ("email=a&email=b", .duplicateName), ("email=a&email=a", .duplicateName), ("email=a&%65mail=b", .duplicateName),
        ("email=a&x=1&e%6Dail", .duplicateName), ("email&email", .duplicateName), ("emails[0]=a&emails[0]=b", .duplicateName),
        ("emails[]=a&emails[0]=b", .duplicateName), ("emails[1]=a&emails%5B%5D=b", .duplicateName),
        ("email=a&Email=b", .confusableName), ("Email=b&email=a", .confusableName), ("%EF%BD%85mail=b&email=a", .confusableName),
        ("b[c]=1&b[C]=2", .confusableName), ("B[c]=1&b[c]=2", .confusableName),
        ("", .empty),
    ]

    @Test("a form that two servers could read in two ways is refused whole", arguments: refused)
    func refuses(body: String, kind: BodyError.Kind) {
        let expected = kind == .empty ? nil : kind
        #expect(bodyErrorKind { _ = try Self.rig.scan(body) } == expected, "\(body)")
    }

    @Test("raw bytes that are no UTF-8 are refused")
    func rawBytes() {
        for (bytes, kind) in [
            ([0x61, 0x3D, 0xFF, 0x61], BodyError.Kind.invalidUTF8), ([0x61, 0xC5, 0x3D, 0x31], .invalidUTF8),
            ([0xFF, 0xFE, 0x61, 0], .unsupportedEncoding),
            ([0xFE, 0xFF, 0, 0x61], .unsupportedEncoding), ([0x61, 0, 0x3D, 0], .unsupportedEncoding),
        ] as [([UInt8], BodyError.Kind)] {
            #expect(bodyErrorKind { _ = try Self.rig.scan(bytes) } == kind)
        }
    }

    @Test("a byte order mark is dropped, and nothing else with it")
    func byteOrderMark() throws {
        let reduced = try Self.rig.reduce([0xEF, 0xBB, 0xBF] + Array("a=1&b[c]=2".utf8))
        #expect(reduced.isChanged)
        #expect(String(decoding: reduced.bytes, as: UTF8.self) == "a=1&b[c]=2")
    }

    @Test("pairs, steps and size have limits")
    func limits() throws {
        var rig = BodyRig(structure: ["free.**", "a"], format: .form)
        rig.limits.membersMax = 3
        rig.limits.depthMax = 4
        #expect(bodyErrorKind { _ = try rig.scan("a&a&a&&&") } == nil)
        #expect(bodyErrorKind { _ = try rig.scan("a&a&a&a") } == .tooManyMembers)
        #expect(bodyErrorKind { _ = try rig.scan("free[1][2][3]=x") } == nil)
        #expect(bodyErrorKind { _ = try rig.scan("free[1][2][3][4]=x") } == .tooDeep)
        #expect(bodyErrorKind { _ = try rig.scan("unknown[1][2][3][4]=x") } == .tooDeep)
        let wide = BodyRig(structure: ["a"], format: .form)
        #expect(bodyErrorKind { _ = try wide.scan(Array(repeating: "a=1", count: 10_000).joined(separator: "&")) } == nil)
        #expect(bodyErrorKind { _ = try wide.scan(Array(repeating: "a=1", count: 10_001).joined(separator: "&")) } == .tooManyMembers)
        #expect(bodyErrorKind { _ = try wide.scan("a" + String(repeating: "[x]", count: 64)) } == .tooDeep)
    }

    @Test("many names that differ little are told apart in good time")
    func manyNames() throws {
        let rig = BodyRig(slots: [("emails[*]", 0)], format: .form)
        let body = (0..<10_000).map { "emails[\($0)]=x" }.joined(separator: "&")
        #expect(try rig.scan(body).records[0].hits.count == 10_000)
        let twice = (0..<9_999).map { "emails[\($0)]=x" }.joined(separator: "&") + "&emails[%317]=y"
        #expect(bodyErrorKind { _ = try rig.scan(twice) } == .duplicateName)
    }

    @Test(
        "the media type is that of forms, in UTF-8",
        arguments: [
            ("application/x-www-form-urlencoded", true), ("application/x-www-form-urlencoded; charset=utf-8", true),
            ("Application/X-WWW-Form-Urlencoded;charset=\"UTF-8\"", true), ("application/x-www-form-urlencoded; charset=iso-8859-1", false),
            ("application/x-www-form-urlencoded; charset=utf-8; charset=utf-7", false),
            ("application/x-www-form-urlencoded; boundary=x", false),
            ("application/x-www-form-urlencoded;", false), ("application/json", false), ("multipart/form-data", false),
            ("text/plain", false),
            ("application/x-www-form-urlencoded2", false),
        ])
    func mediaTypes(type: String, isForm: Bool) {
        #expect(BodyFormat.form.accepts(type) == isForm)
        #expect(!BodyFormat.form.accepts(nil))
        #expect(!BodyFormat.json.accepts("application/x-www-form-urlencoded"))
    }
}
