/// Picks the tiles that the package's entries need up to the root, and copies each once.
///
/// Level 0 only where an entry of the package stands; above it the tiles over them; at every level the incomplete one of the
/// checkpoint's right edge. So any public tool that reads `tlog-tiles` can take the folder for a log of that size.
struct PackageTiles {
    private let reader: any LogReader
    let size: UInt64
    private var current: (index: UInt64, body: [UInt8])?
    private var parents: Set<Tile.Name> = []

    init(reader: any LogReader, size: UInt64) {
        self.reader = reader
        self.size = size
    }

    /// Entries come in rising order. Throws if the entry is not the one the tree has there.
    mutating func take(_ index: UInt64, leaf: TreeHash, into folder: PackageFolder) throws {
        let tile = index / UInt64(Tile.width)
        if current?.index != tile {
            let body = try body(Tile.Name(level: 0, index: tile))
            if width(Tile.Name(level: 0, index: tile)) == Tile.width {
                try write(Tile.Name(level: 0, index: tile), body, folder)
                parents.insert(Tile.Name(level: 1, index: tile / UInt64(Tile.width)))
            }
            current = (tile, body)
        }
        let offset = Int(index % UInt64(Tile.width)) * TreeHash.byteCount
        guard let body = current?.body, body.withUnsafeBytes({ TreeHash(at: offset, in: $0) }) == leaf else {
            throw PackageError("Entry \(index) is not the one its tree was made of; run waybill log verify.")
        }
    }

    /// What is above, and the right edge.
    mutating func finish(into folder: PackageFolder) throws {
        var level = 0
        while size >> UInt64(Tile.height * level) > 0 {
            let count = size >> UInt64(Tile.height * level)
            let edge = Tile.Name(level: level, index: count / UInt64(Tile.width))
            if count % UInt64(Tile.width) > 0 { try write(edge, try body(edge), folder) }
            for name in parents.filter({ $0.level == level && $0.index < edge.index }).sorted(by: { $0.index < $1.index }) {
                try write(name, try body(name), folder)
                parents.insert(Tile.Name(level: level + 1, index: name.index / UInt64(Tile.width)))
            }
            level += 1
        }
    }

    private func width(_ name: Tile.Name) -> Int {
        let count = size >> UInt64(Tile.height * name.level)
        return Int(min(UInt64(Tile.width), count - name.index * UInt64(Tile.width)))
    }

    private func body(_ name: Tile.Name) throws -> [UInt8] {
        let width = width(name)
        guard let body = try reader.tile(name, width: width), body.count >= width * TreeHash.byteCount else {
            throw PackageError("A tile of the log is missing or damaged; run waybill log verify.")
        }
        return Array(body.prefix(width * TreeHash.byteCount))
    }

    private func write(_ name: Tile.Name, _ body: [UInt8], _ folder: PackageFolder) throws {
        try folder.write(Tile.path(level: name.level, index: name.index, width: body.count / TreeHash.byteCount), body)
    }
}
