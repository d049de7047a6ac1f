import Testing

@testable import WaybillCore

@Suite struct FormPropertyTests {
    private static let paths = ["a", "b.c", "b.d", "b.e.f", "l[*]", "é", "x y", "日.本", "q&r=s%"]
    private static let texts = ["", "x", "Anna", "a b+c", "&=;%", "Łódź", "😀😀😀", "12345678901234567", "e\u{301}", "[1]", "\"\\"]

    private struct Maker {
        var random: SeededRandom

        mutating func pair() -> (path: String, name: String, value: String) {
            let path = paths.randomElement(using: &random) ?? "a"
            var name = ""
            for (i, part) in path.split(separator: ".").enumerated() {
                let inner = part.hasSuffix("[*]") ? String(part.dropLast(3)) : String(part)
                name += i == 0 ? inner : "[\(inner)]"
                if part.hasSuffix("[*]") { name += Bool.random(using: &random) ? "[]" : "[\(Int.random(in: 0...3, using: &random))]" }
            }
            return (path, name, texts.randomElement(using: &random) ?? "")
        }

        /// One of the many ways to write it.
        mutating func spelled(_ text: String, isName: Bool) -> String {
            var output = ""
            for byte in text.utf8 {
                let isPlain = byte > 0x20 && byte < 0x7F && !"%&+;".utf8.contains(byte) && !(isName && byte == UInt8(ascii: "="))
                if isPlain, Int.random(in: 0..<4, using: &random) > 0 {
                    output.unicodeScalars.append(Unicode.Scalar(byte))
                } else if byte == 0x20, Bool.random(using: &random) {
                    output += "+"
                } else {
                    let hex = String(byte, radix: 16, uppercase: .random(using: &random))
                    output += "%" + (hex.count == 1 ? "0" : "") + hex
                }
            }
            return output
        }
    }

    private static func expected(_ value: String, _ reduction: BodyRig.Operator) -> String? {
        switch reduction {
        case .keep: value
        case .mask:
            value.count <= 2 ? String(repeating: "*", count: value.count) : String(repeating: "*", count: value.count - 2) + value.suffix(2)
        case .replace: "redacted"
        default: nil
        }
    }

    @Test("reducing agrees with a plain model, keeps the bytes of what it does not change, and proves")
    func model() throws {
        var maker = Maker(random: SeededRandom(state: 20_261_122))
        var changes = 0
        for _ in 0..<4_000 {
            let known = Self.paths.shuffled(using: &maker.random).prefix(5)
            let slots = Array(known.prefix(3))
            let structure = Array(known.dropFirst(3))
            let rig = BodyRig(slots: slots.enumerated().map { ($1, $0 + 1) }, structure: structure, format: .form)
            let plan = (0..<4).map { _ in [.keep, .drop, .mask, .replace].randomElement(using: &maker.random) ?? BodyRig.Operator.drop }
            var written: [String] = []
            var wanted: [(name: String, value: String, raw: String?)] = []
            for _ in 0..<Int.random(in: 1...8, using: &maker.random) {
                let pair = maker.pair()
                let raw = maker.spelled(pair.name, isName: true) + "=" + maker.spelled(pair.value, isName: false)
                written.append(raw)
                if let slot = slots.firstIndex(of: pair.path) {
                    guard let value = Self.expected(pair.value, plan[slot + 1]) else { continue }
                    wanted.append((pair.name, value, value == pair.value ? raw : nil))
                } else if structure.contains(pair.path) {
                    wanted.append((pair.name, pair.value, raw))
                }
            }
            let body = written.joined(separator: "&")
            let reduced = try rig.reduce(body, [.write([BodyRig.plan(plan)])])
            let output = String(decoding: reduced.bytes, as: UTF8.self)
            let found = FormReaders.pairs(output)
            #expect(found.map(\.0) == wanted.map(\.name) && found.map(\.1) == wanted.map(\.value), "\(body) → \(output)")
            let raws = output.isEmpty ? [] : output.split(separator: "&", omittingEmptySubsequences: false).map(String.init)
            for (raw, want) in zip(raws, wanted) where want.raw != nil { #expect(raw == want.raw) }
            #expect(reduced.isChanged == (output != body))
            if reduced.isChanged { changes += 1 }
        }
        #expect(changes > 2_000)
    }

    /// Ways that lead to the declared fields; everything else must be dropped or refused, however it is written.
    private static let seeds = [
        "email", "name", "address[line1]", "tags[]", "tags[0]", "ssn", "address.line1", "address[line1", "email[]", " email",
        "address[ssn]", "address",
        "tags", "a[email]", "tags[][ssn]", "[email]", "email]", "name[first]",
    ]
    private static let noise = [
        "[", "]", "%5B", "%5d", "%5D", ".", " ", "+", "%20", "_", "%00", "%", "%25", "%255B", ";", "%3B", "=", "%3D", "&", "0", "é",
        "%C3%A9", "E",
        "%45", "*", "\"", "%0a", "[]", "[0]", "x",
    ]

    @Test("no mixture of spellings lets a field through that is not declared, for any of three readers")
    func mixtures() throws {
        var random = SeededRandom(state: 7)
        let rig = BodyRig(slots: [("email", 0), ("name", 1), ("address.line1", 2), ("tags[*]", 3)], format: .form)
        var accepted = 0
        var refused = 0
        for _ in 0..<30_000 {
            let body = (0..<Int.random(in: 1...4, using: &random)).map { i in
                var name = Array(Self.seeds.randomElement(using: &random) ?? "email")
                for _ in 0..<max(0, Int.random(in: -2...3, using: &random)) {
                    let at = Int.random(in: 0...name.count, using: &random)
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0 where at < name.count: name.remove(at: at)
                    case 1 where at < name.count:
                        name.replaceSubrange(at...at, with: Array("%" + String(name[at].asciiValue ?? 0x41, radix: 16)))
                    default: name.insert(contentsOf: Self.noise.randomElement(using: &random) ?? "[", at: at)
                    }
                }
                return String(name) + "=v\(i)"
            }.joined(separator: "&")
            let reduced: ReducedBody
            do { reduced = try rig.reduce(body) } catch let error as BodyError {
                #expect(error.kind != .proofFailed, "\(body)")
                refused += 1
                continue
            }
            let output = String(decoding: reduced.bytes, as: UTF8.self)
            if !output.isEmpty { accepted += 1 }
            for (reader, read) in FormReaders.all {
                let fields = read(output)
                for field in fields { #expect(Self.isDeclared(field.path, reader), "\(reader): \(body) → \(output)") }
                #expect(fields.count { $0.path == ["email"] } <= 1, "\(reader): \(body) → \(output)")
            }
        }
        #expect(accepted > 4_000 && refused > 4_000, "\(accepted) accepted, \(refused) refused")
    }

    private static func isDeclared(_ path: [String], _ reader: String) -> Bool {
        if reader == "flat" {
            guard path[0] != "email", path[0] != "name", path[0] != "address[line1]", path[0] != "tags[]" else { return true }
            return path[0].hasPrefix("tags[") && path[0].hasSuffix("]") && path[0].dropFirst(5).dropLast().allSatisfy(\.isNumber)
        }
        if path.count == 2, path[0] == "tags" { return path[1] == "*" || path[1].allSatisfy(\.isNumber) }
        return [["email"], ["name"], ["address", "line1"]].contains(path)
    }

    @Test("the readers read what their servers do")
    func readers() {
        #expect(FormReaders.php("a.b[c]d=1&x[y=2&+z[]=3&t[ ]=4").map(\.path) == [["a_b", "c"], ["x_y"], ["z", "*"], ["t", "*"]])
        #expect(
            FormReaders.rack("a[b]c=1&[x]=2&y]=3&z[][w]=4&t[]=5").map(\.path) == [
                ["a", "b", "c"], ["x"], ["y"], ["z", "*", "w"], ["t", "*"],
            ])
    }
}
