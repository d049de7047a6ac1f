import NIOCore
import Testing

@testable import WaybillProxy

/// Bytes in any order and any pieces never trap, and pieces change nothing.
@Suite struct ParserFuzzTests {
    private struct Dice: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state ^ state >> 29
        }
    }

    private static let seeds =
        StrictnessTests.cases.map(\.request) + [
            Array(Wire.post().utf8), Array(Wire.get().utf8),
            Array(
                (Wire.request("POST /to/acme HTTP/1.1", fields: ["Transfer-Encoding: chunked"]) + "3;x\r\nabc\r\n0\r\nA: b\r\n\r\n").utf8),
        ]

    /// Everything a parser says about `bytes`, fed in pieces of `size`.
    private func read(_ bytes: [UInt8], pieces size: Int) -> String {
        var parser = RequestParser(headBytesMax: 2_000, fieldsMax: 50)
        var (said, body) = ("", 0)
        for start in stride(from: 0, to: bytes.count, by: size) {
            parser.feed(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
            do throws(HTTPFault) {
                while let part = try parser.next() {
                    switch part {
                    case .head(let head): said += "head \(head.target) \(head.framing) "
                    case .body(let bytes): body += bytes.readableBytes
                    case .end: said += "end \(body) "
                    }
                }
            } catch {
                return said + error.rule
            }
        }
        return said
    }

    @Test func mutationsNeverTrapAndPiecesMeanTheSame() {
        var dice = Dice(state: 7)
        let bits: [UInt8] = [0, 9, 10, 13, 32, 35, 44, 58, 59, 95, 127, 128, 255]
        var heads = 0
        for round in 0..<6_000 {
            var bytes = Self.seeds[round % Self.seeds.count]
            guard bytes.count < 1_900 else { continue }
            for _ in 0..<Int.random(in: 0...3, using: &dice) where !bytes.isEmpty {
                let at = Int.random(in: 0..<bytes.count, using: &dice)
                switch Int.random(in: 0...3, using: &dice) {
                case 0: bytes[at] = bits.randomElement(using: &dice) ?? 0
                case 1: bytes.insert(bits.randomElement(using: &dice) ?? 0, at: at)
                case 2: bytes.remove(at: at)
                default: bytes = Array(bytes[..<at])
                }
            }
            let whole = read(bytes, pieces: 8_192)
            if whole.contains("head") { heads += 1 }
            for size in [1, 7] { #expect(read(bytes, pieces: size) == whole) }
        }
        #expect(heads > 300)
    }

    @Test func answersNeverTrapEither() {
        var dice = Dice(state: 8)
        let seeds = [
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 204 N\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "HTTP/1.1 200\r\n\r\nx", "H", "HTTP/1.1 2",
        ]
        for round in 0..<6_000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0..<Int.random(in: 0...3, using: &dice) where !bytes.isEmpty {
                let at = Int.random(in: 0..<bytes.count, using: &dice)
                if Bool.random(using: &dice) { bytes[at] = UInt8.random(in: 0...255, using: &dice) } else { bytes.remove(at: at) }
            }
            var parser = AnswerParser(headBytesMax: 500, fieldsMax: 20, interimMax: 3)
            parser.begin(answersHEAD: round % 7 == 0)
            for byte in bytes {
                parser.feed(ByteBuffer(bytes: [byte]))
                do throws(AnswerFault) { while case .some = try parser.next() {} } catch { break }
            }
        }
    }
}
