import FoundationEssentials

/// Reads one JSON document (RFC 8259) strictly: UTF-8 without a mark at its beginning, no name twice in an object, no lone surrogate.
///
/// Limits: `depthMax` containers inside one another, `numberCharactersMax`. What it throws never holds bytes of the document.
struct JSONReader {
    enum Fault: Error, Sendable, Hashable, CaseIterable {
        case empty, syntax, encoding, duplicateName, loneSurrogate, tooDeep, numberTooLong, numberTooLarge
    }
    static let depthMax = 32
    static let numberCharactersMax = 64

    private let bytes: [UInt8]
    private var position = 0

    static func read(_ bytes: [UInt8]) throws(Fault) -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else { throw .encoding }
        var reader = JSONReader(bytes: bytes)
        reader.skipSpace()
        guard reader.position < bytes.count else { throw .empty }
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw .syntax }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func takes(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(Fault) -> JSONValue {
        switch next {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSONValue) throws(Fault) -> JSONValue {
        let length = word.utf8CodeUnitCount
        guard bytes[position...].prefix(length).elementsEqual("\(word)".utf8) else { throw .syntax }
        position += length
        return value
    }

    private mutating func object(depth: Int) throws(Fault) -> JSONValue {
        guard depth < Self.depthMax else { throw .tooDeep }
        position += 1
        skipSpace()
        var members: [String: JSONValue] = [:]
        if takes("}") { return .object(members) }
        while true {
            guard next == UInt8(ascii: "\"") else { throw .syntax }
            let name = try string()
            skipSpace()
            guard takes(":") else { throw .syntax }
            skipSpace()
            // Equal as Unicode says: who reads them after us may fold them to one.
            guard members.updateValue(try value(depth: depth + 1), forKey: name) == nil else { throw .duplicateName }
            skipSpace()
            if takes("}") { return .object(members) }
            guard takes(",") else { throw .syntax }
            skipSpace()
        }
    }

    private mutating func array(depth: Int) throws(Fault) -> JSONValue {
        guard depth < Self.depthMax else { throw .tooDeep }
        position += 1
        skipSpace()
        var items: [JSONValue] = []
        if takes("]") { return .array(items) }
        while true {
            items.append(try value(depth: depth + 1))
            skipSpace()
            if takes("]") { return .array(items) }
            guard takes(",") else { throw .syntax }
            skipSpace()
        }
    }

    private mutating func string() throws(Fault) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(contentsOf: String(Character(try escape())).utf8)
            case 0..<0x20: throw .syntax
            default: text.append(byte)
            }
        }
        throw .syntax
    }

    private mutating func escape() throws(Fault) -> Unicode.Scalar {
        guard let letter = next else { throw .syntax }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            if let scalar = Unicode.Scalar(unit) { return scalar }
            guard unit < 0xDC00, takes("\\"), takes("u") else { throw .loneSurrogate }
            let low = try codeUnit()
            guard (0xDC00...0xDFFF).contains(low), let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)) else {
                throw .loneSurrogate
            }
            return scalar
        default: throw .syntax
        }
    }

    private mutating func codeUnit() throws(Fault) -> UInt32 {
        let digits = bytes[position...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw .syntax }
        position += 4
        return unit
    }

    private mutating func number() throws(Fault) -> JSONValue {
        let start = position
        _ = takes("-")
        if !takes("0") { try digits() }
        var isPlain = true
        if takes(".") {
            isPlain = false
            try digits()
        }
        if takes("e") || takes("E") {
            isPlain = false
            if !takes("+") { _ = takes("-") }
            try digits()
        }
        guard position - start <= Self.numberCharactersMax else { throw .numberTooLong }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isPlain, let whole = Int64(text) { return .int(whole) }
        guard let number = Double(text), number.isFinite else { throw .numberTooLarge }
        // 1.0 is a whole number to JSON Schema.
        if let whole = Int64(exactly: number), abs(number) < 0x1p53 { return .int(whole) }
        return .double(number)
    }

    /// One or more.
    private mutating func digits() throws(Fault) {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
        guard position > start else { throw .syntax }
    }
}

extension JSONReader.Fault {
    /// For a problem's `detail`.
    var sentence: String {
        switch self {
        case .empty: "the body is empty; send one JSON document"
        case .syntax: "the body is not JSON (RFC 8259)"
        case .encoding: "the body is not UTF-8"
        case .duplicateName: "an object has a name twice; give each once"
        case .loneSurrogate: "a text has half of a surrogate pair; write the character whole"
        case .tooDeep: "containers stand more than \(JSONReader.depthMax) deep"
        case .numberTooLong: "a number has more than \(JSONReader.numberCharactersMax) characters"
        case .numberTooLarge: "a number is beyond what a double holds"
        }
    }
}
