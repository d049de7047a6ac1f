/// Writes entries and their index, and picks their tiles, in one go. What the verifier could not follow is not packed.
struct PackageEntries {
    private let entries: PackageFile
    private let index: PackageFile
    private var tiles: PackageTiles
    private(set) var slice: PackageSlice
    private(set) var count: UInt64 = 0
    private(set) var firstIndex: UInt64?
    private(set) var lastIndex: UInt64?
    private var row: [UInt8] = []
    /// Thinned out by halves so that it never holds more than twice what may get a proof file.
    private var sample: [UInt64] = []
    private var sampleEvery: UInt64 = 1
    let folder: PackageFolder

    init(folder: PackageFolder, reader: any LogReader, scope: PackageScope) throws {
        self.folder = folder
        entries = try folder.open(PackageLayout.entries)
        index = try folder.open(PackageLayout.index)
        try index.append(PackageLayout.indexHeader.utf8)
        tiles = PackageTiles(reader: reader, size: scope.size)
        slice = PackageSlice(scope)
    }

    /// Entries come in rising order.
    mutating func add(_ bytes: UnsafeRawBufferPointer, _ at: UInt64) throws {
        let leaf = MerkleHashing.leaf(bytes)
        if let fault = slice.take(bytes, at, leaf, row: &row) {
            throw PackageError("Entry \(at) of the log is damaged (\(fault)) Run waybill log verify.")
        }
        try entries.append(line: bytes)
        try index.append(row)
        try tiles.take(at, leaf: leaf, into: folder)
        if count.isMultiple(of: sampleEvery) {
            sample.append(at)
            if sample.count > PackageLayout.proofsMax {
                sample = stride(from: 0, to: sample.count, by: 2).map { sample[$0] }
                sampleEvery *= 2
            }
        }
        count += 1
        firstIndex = firstIndex ?? at
        lastIndex = at
    }

    /// Entries that get a proof file: all of a small package; of a large one every so many, and the last.
    var provenIndexes: [UInt64] { sample.last == lastIndex ? sample : sample + (lastIndex.map { [$0] } ?? []) }

    mutating func finish() throws {
        try folder.finish(entries, isSynced: true)
        try folder.finish(index)
        try tiles.finish(into: folder)
        try folder.write(PackageLayout.gaps, slice.gaps)
    }
}
