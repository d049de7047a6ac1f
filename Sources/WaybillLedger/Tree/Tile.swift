/// Tiles of C2SP `tlog-tiles`: 256 hashes wide, 8 levels of the tree high.
package enum Tile {
    package static let height = 8
    package static let width = 256
    package static let fullBytes = width * TreeHash.byteCount

    package struct Name: Hashable, Sendable {
        package var level: Int
        package var index: UInt64
        package init(level: Int, index: UInt64) {
            self.level = level
            self.index = index
        }
    }

    /// `tile/<level>/<index>[.p/<width>]`.
    package static func path(level: Int, index: UInt64, width: Int) -> String {
        "tile/\(level)/\(number(index))\(width < Tile.width ? ".p/\(width)" : "")"
    }

    /// The path of the bundle that holds entry `entry` of a tree of `size`.
    package static func entriesPath(entry: UInt64, size: UInt64) -> String {
        let index = entry / UInt64(width)
        let count = min(UInt64(width), size - index * UInt64(width))
        return entriesPath(bundle: index, width: Int(count))
    }

    package static func entriesPath(bundle: UInt64, width: Int) -> String {
        "tile/entries/\(number(bundle))\(width < Tile.width ? ".p/\(width)" : "")"
    }

    /// A bundle: each entry after its length in two bytes, big-endian. Nil if an entry is longer than that can say.
    package static func bundle(_ entries: some Sequence<[UInt8]>) -> [UInt8]? {
        var bytes = [UInt8]()
        for entry in entries {
            guard let length = UInt16(exactly: entry.count) else { return nil }
            bytes.append(UInt8(length >> 8))
            bytes.append(UInt8(length & 255))
            bytes.append(contentsOf: entry)
        }
        return bytes
    }

    /// The entries of a bundle; nil if it ends within one.
    package static func entries(ofBundle bytes: [UInt8]) -> [[UInt8]]? {
        var entries = [[UInt8]]()
        var at = 0
        while at < bytes.count {
            guard at + 2 <= bytes.count else { return nil }
            let end = at + 2 + (Int(bytes[at]) << 8 | Int(bytes[at + 1]))
            guard end <= bytes.count else { return nil }
            entries.append(Array(bytes[at + 2..<end]))
            at = end
        }
        return entries
    }

    /// Groups of three digits, all but the last marked with `x`.
    private static func number(_ index: UInt64) -> String {
        var rest = index
        var groups = [String]()
        repeat {
            let digits = String(rest % 1_000)
            groups.append(String(repeating: "0", count: 3 - digits.count) + digits)
            rest /= 1_000
        } while rest > 0
        return groups.enumerated().reversed().map { $0.offset == 0 ? $0.element : "x" + $0.element }.joined(separator: "/")
    }
}
