/// The names of all objects open at one time, innermost last: finds two that are equal, without an allocation for usual sizes.
struct NameTable {
    private struct Entry {
        var hash: UInt64
        var start: UInt32
        var end: UInt32
        var isEscaped: Bool
    }
    /// Up to so many names, comparing each with each is quickest.
    private static let pairwiseMax = 8
    private var entries: [Entry] = []
    private var table: [UInt32] = []

    /// Room for the names of usual objects, and small enough to come from the allocator's quick lists.
    mutating func reserve() { entries.reserveCapacity(40) }

    /// Where the next object's names will begin.
    var mark: Int { entries.count }

    /// The name between two quotes, with the hash of its unescaped bytes.
    @inline(__always)
    mutating func push(hash: UInt64, from start: Int, to end: Int, isEscaped: Bool) {
        entries.append(
            Entry(hash: hash, start: UInt32(truncatingIfNeeded: start), end: UInt32(truncatingIfNeeded: end), isEscaped: isEscaped))
    }

    /// Forgets the names from `mark` on. Throws if two of them are equal after unescaping.
    @inline(__always)
    mutating func close(_ mark: Int, in bytes: Span<UInt8>, hashing: NameHash) throws(BodyError) {
        let count = entries.count &- mark
        if count > Self.pairwiseMax {
            try checkHashed(mark, bytes, hashing)
        } else if count > 1 {
            for i in mark &+ 1..<entries.count {
                for j in mark..<i where entries[i].hash == entries[j].hash { try check(i, j, bytes) }
            }
        }
        entries.removeLast(count)
    }

    private mutating func checkHashed(_ mark: Int, _ bytes: Span<UInt8>, _ hashing: NameHash) throws(BodyError) {
        let capacity = hashing.capacity(for: entries.count - mark)
        table.removeAll(keepingCapacity: true)
        table.append(contentsOf: repeatElement(0, count: capacity))
        for i in mark..<entries.count {
            var place = Int(truncatingIfNeeded: entries[i].hash) & (capacity &- 1)
            while table[place] != 0 {
                let j = Int(table[place]) &- 1
                if entries[j].hash == entries[i].hash { try check(i, j, bytes) }
                place = (place &+ 1) & (capacity &- 1)
            }
            table[place] = UInt32(truncatingIfNeeded: i &+ 1)
        }
    }

    private func check(_ i: Int, _ j: Int, _ bytes: Span<UInt8>) throws(BodyError) {
        if unescaped(entries[i], bytes) == unescaped(entries[j], bytes) {
            throw BodyError(.duplicateName, offset: Int(entries[i].start) - 1)
        }
    }

    private func unescaped(_ entry: Entry, _ bytes: Span<UInt8>) -> [UInt8] {
        var name: [UInt8] = []
        JSONLexer.unescape(bytes, from: Int(entry.start), to: Int(entry.end), into: &name)
        return name
    }
}
