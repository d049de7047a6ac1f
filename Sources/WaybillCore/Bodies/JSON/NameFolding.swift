import Foundation  // NFKC: FoundationEssentials has no normalisation.

/// When two names count as look-alikes: equal after NFKC and case folding.
enum NameFolding {
    /// Upper- then lower-casing folds what simple lower-casing leaves apart (`ß` and `SS`, `ſ` and `s`, final sigma).
    static func fold(_ name: Span<UInt8>, from start: Int, to end: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(end - start)
        for i in start..<end { bytes.append(name[i]) }
        if bytes.allSatisfy({ $0 < 0x80 }) { return bytes.map(lowerCased) }
        let text = String(decoding: bytes, as: UTF8.self)
        return Array(
            text.precomposedStringWithCompatibilityMapping.uppercased().lowercased().precomposedStringWithCompatibilityMapping.utf8)
    }

    @inline(__always)
    static func lowerCased(_ byte: UInt8) -> UInt8 { (65...90).contains(byte) ? byte | 0x20 : byte }
}
