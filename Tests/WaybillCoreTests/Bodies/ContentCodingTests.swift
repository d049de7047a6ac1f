import Testing

@testable import WaybillCore

@Suite struct ContentCodingTests {
    static let headers: [(String, ContentCoding?)] = [
        ("gzip", .gzip), ("GZip", .gzip), ("x-gzip", .gzip), (" deflate\t", .deflate), ("identity", .identity), ("br", nil), ("", nil),
        ("gzip, gzip", nil), ("gzip,", nil), ("gzip;q=1", nil), ("gzip deflate", nil), ("compress", nil),
    ]

    @Test(arguments: headers)
    func `exactly one known coding is taken`(header: String, coding: ContentCoding?) {
        #expect(ContentCoding(header: header) == coding)
    }

    static let bodies: [[UInt8]] = [
        [], Array("{}".utf8), Array(String(repeating: "{\"a\":1}", count: 20_000).utf8),
        (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 3) },
    ]

    @Test(arguments: ContentCoding.allCases, bodies)
    func `what is encoded decodes to the same`(coding: ContentCoding, body: [UInt8]) throws {
        var limits = BodyLimits()
        limits.compressionRatioMax = 2_000
        #expect(try coding.decode(coding.encode(body), limits: limits) == body)
    }

    @Test(arguments: [ContentCoding.gzip, .deflate])
    func `damage of any kind is refused`(coding: ContentCoding) throws {
        let whole = try coding.encode(Array("{\"email\":\"anna@example.com\"}".utf8))
        let limits = BodyLimits()
        var damaged: [[UInt8]] = [[], whole + whole, whole + [0], Array(whole.dropFirst(2)), Array("{}".utf8)]
        damaged += (0..<whole.count).map { Array(whole.prefix($0)) }
        var flipped = whole
        flipped[whole.count - 5] ^= 1
        damaged.append(flipped)
        for body in damaged {
            #expect(bodyErrorKind { _ = try coding.decode(body, limits: limits) } == .compressedDamaged)
        }
        let other: ContentCoding = coding == .gzip ? .deflate : .gzip
        #expect(bodyErrorKind { _ = try other.decode(whole, limits: limits) } == .compressedDamaged)
    }

    @Test func `raw deflate is not deflate`() throws {
        let zlib = try ContentCoding.deflate.encode(Array("hello hello hello".utf8))
        #expect(
            bodyErrorKind { _ = try ContentCoding.deflate.decode(Array(zlib.dropFirst(2).dropLast(4)), limits: BodyLimits()) }
                == .compressedDamaged)
    }

    @Test func `size and ratio are bounded`() throws {
        var limits = BodyLimits()
        let zeros = try ContentCoding.gzip.encode([UInt8](repeating: 0, count: 1_000_000))
        #expect(bodyErrorKind { _ = try ContentCoding.gzip.decode(zeros, limits: limits) } == .tooLarge)
        let few = try ContentCoding.gzip.encode([UInt8](repeating: 0, count: 60_000))
        #expect(few.count * limits.compressionRatioMax < 60_000)
        #expect(try ContentCoding.gzip.decode(few, limits: limits).count == 60_000)
        limits.decodedBytesMax = 1_000
        for coding in ContentCoding.allCases {
            let body = (0..<1_001).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
            #expect(bodyErrorKind { _ = try coding.decode(coding.encode(body), limits: limits) } == .tooLarge)
            #expect(try coding.decode(coding.encode(Array(body.dropLast())), limits: limits).count == 1_000)
        }
    }
}
