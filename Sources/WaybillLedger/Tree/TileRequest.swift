/// A resource of C2SP `tlog-tiles` below a log's prefix, as its path names it: a tile of hashes, or a bundle of entries.
package enum TileRequest: Hashable, Sendable {
    case tile(Tile.Name, width: Int)
    case entries(bundle: UInt64, width: Int)

    /// `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`; nil unless written exactly as the specification writes it.
    package init?(path: some StringProtocol) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0] == "tile", let (index, width) = TileRequest.number(parts[2...].map { String($0) }) else {
            return nil
        }
        if parts[1] == "entries" {
            self = .entries(bundle: index, width: width)
        } else {
            guard let level = TileRequest.decimal(parts[1]), level <= TileRequest.levelMax else { return nil }
            self = .tile(Tile.Name(level: level, index: index), width: width)
        }
    }

    package var path: String {
        switch self {
        case .tile(let name, let width): Tile.path(level: name.level, index: name.index, width: width)
        case .entries(let bundle, let width): Tile.entriesPath(bundle: bundle, width: width)
        }
    }

    /// A tree of `size` has all the hashes or entries of it.
    package func isCovered(by size: UInt64) -> Bool {
        let (level, index, width) =
            switch self {
            case .tile(let name, let width): (name.level, name.index, width)
            case .entries(let bundle, let width): (0, bundle, width)
            }
        let hashes = level * Tile.height < UInt64.bitWidth ? size >> UInt64(level * Tile.height) : 0
        let full = hashes / UInt64(Tile.width)
        return index < full || (index == full && UInt64(width) <= hashes % UInt64(Tile.width))
    }

    /// The specification's; no tree has so many.
    private static let levelMax = 63
    /// Of three digits each; what they say fits 64 bits.
    private static let groupsMax = 6

    /// `x001/x234/067.p/5` → 1234067 and 5.
    private static func number(_ parts: [String]) -> (index: UInt64, width: Int)? {
        var groups = parts
        var width = Tile.width
        if groups.count >= 2, groups[groups.count - 2].hasSuffix(".p") {
            guard let partial = decimal(groups.removeLast()), (1..<Tile.width).contains(partial) else { return nil }
            width = partial
            groups[groups.count - 1].removeLast(2)
        }
        guard let last = groups.popLast(), groups.count < groupsMax, var index = digits(last) else { return nil }
        var scale: UInt64 = 1_000
        for group in groups.reversed() {
            guard group.first == "x", let part = digits(group.dropFirst()) else { return nil }
            index += part * scale
            scale *= 1_000
        }
        // No group of zeros in front.
        guard groups.isEmpty || index >= scale / 1_000 else { return nil }
        return (index, width)
    }

    private static func digits(_ text: some StringProtocol) -> UInt64? {
        text.utf8.count == 3 && text.utf8.allSatisfy { (48...57).contains($0) } ? UInt64(text) : nil
    }

    /// Without zeros in front; at most three digits.
    private static func decimal(_ text: some StringProtocol) -> Int? {
        guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }), let value = Int(text),
            String(value) == String(text)
        else { return nil }
        return value
    }
}
