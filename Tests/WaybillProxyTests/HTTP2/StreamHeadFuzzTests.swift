import NIOCore
import NIOHPACK
import Testing

@testable import WaybillProxy

/// Whatever a stream's head holds, what is written for the parser is refused or read back as exactly that head, and nothing besides.
@Suite struct StreamHeadFuzzTests {
    private static let bad = [
        " ", "\r\n", "\n", "\r", "\u{0}", "\t", "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", "\u{7f}", "\u{e9}", ":", "\u{fffd}", "A",
    ]

    private static func word(_ sound: [String], _ dice: inout FuzzDice) -> String {
        var word = Array(dice.pick(sound).unicodeScalars)
        if dice.once(in: 12) { word.insert(contentsOf: dice.pick(bad).unicodeScalars, at: dice.below(word.count + 1)) }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: word)
        return String(text)
    }

    private static func headers(_ dice: inout FuzzDice) -> HPACKHeaders {
        var lines = [
            (":method", word(MessageGrammar.methods, &dice)), (":scheme", word(["https"], &dice)),
            (":authority", word(MessageGrammar.hosts, &dice)), (":path", word(MessageGrammar.paths + ["*"], &dice)),
        ]
        if dice.once(in: 20) { lines.shuffle(using: &dice) }
        let names = MessageGrammar.names.map { $0.lowercased() } + ["content-length", "host", "transfer-encoding", "connection", "x_a", ""]
        for _ in 0..<dice.below(4) { lines.append((word(names, &dice), word(MessageGrammar.values, &dice))) }
        if dice.once(in: 25) { lines.insert(dice.pick(lines), at: dice.below(lines.count)) }
        if dice.once(in: 25) { lines.remove(at: dice.below(lines.count)) }
        return HPACKHeaders(lines)
    }

    @Test func whatPassesIsReadBackAsItWas() {
        var passed = 0
        for seed in 0..<20_000 as Range<UInt64> {
            var dice = FuzzDice(seed: seed)
            let headers = Self.headers(&dice)
            var bytes = ByteBuffer()
            var parser = RequestParser(headBytesMax: 8_192, fieldsMax: 100)
            do throws(HTTPFault) {
                try StreamHead(headers).write(to: &bytes, isChunked: dice.once(in: 2))
                parser.feed(bytes)
                guard case .head(let head) = try parser.next() else {
                    Issue.record("seed \(seed): no head")
                    continue
                }
                passed += 1
                #expect(parser.bufferedBytes == 0, "seed \(seed)")
                #expect(head.methodText == headers.first(name: ":method") && head.fields.text(head.target) == headers.first(name: ":path"))
                #expect(Self.fields(head) == Self.fields(headers), "seed \(seed)")
            } catch {
                continue
            }
        }
        #expect(passed > 3_000, "the generator lost its balance: \(passed)")
    }

    private static func fields(_ head: CallerHead) -> [String] {
        head.fields.lines.filter { $0.known != .transferEncoding }
            .map { "\(head.fields.text($0.name)?.lowercased() ?? ""): \(head.fields.text($0.value) ?? "")" }
    }

    private static func fields(_ headers: HPACKHeaders) -> [String] {
        ["host: \(headers.first(name: ":authority") ?? "")"]
            + headers.filter { !$0.name.hasPrefix(":") && $0.name != "host" && $0.name != "te" }.map { "\($0.name): \($0.value)" }
    }
}
