/// Reads length-prefixed rows; each read gives nil past the end.
struct ByteReader {
    private let all: [UInt8]
    private(set) var at = 0
    init(_ bytes: [UInt8]) { all = bytes }
    var atEnd: Bool { at >= all.count }

    mutating func uint32() -> UInt32? {
        guard at + 4 <= all.count else { return nil }
        defer { at += 4 }
        return all[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    mutating func bytes(_ count: Int) -> [UInt8]? {
        guard count >= 0, count <= all.count - at else { return nil }
        defer { at += count }
        return Array(all[at..<at + count])
    }
}

extension [UInt8] {
    mutating func append(bigEndian value: UInt32) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}
