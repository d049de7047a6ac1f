/// Reads from side rows whom each transfer's lines are about, without copying what an index does not keep.
struct SideScan {
    /// A number and one line about it, without the record's index and the positions; nil: it cannot be told any more.
    typealias Mark = (number: UInt32, line: Range<Int>?)

    private var subjects: [(number: UInt32, position: UInt32?)] = []
    private var lines: [Range<Int>] = []
    private var marks: [Mark] = []

    /// Gives each record's marks, valid within the call. False if the row is damaged.
    mutating func scan(
        _ row: UnsafeRawBufferPointer, first: UInt64, _ each: (UInt64, [Mark]) throws -> Void
    ) rethrows -> Bool {
        var at = 0
        while at < row.count {
            guard let offset = word(row, at), let length = word(row, at + 4), at + 8 + length <= row.count else { return false }
            let end = at + 8 + length
            if offset == Int(SideRowSeal.offset) { return end == row.count }
            guard read(row, at + 8, end) else { return false }
            if !subjects.isEmpty {
                mark(row)
                try each(first + UInt64(offset), marks)
            }
            at = end
        }
        return true
    }

    private func word(_ row: UnsafeRawBufferPointer, _ at: Int) -> Int? {
        guard at >= 0, at + 4 <= row.count else { return nil }
        return Int(UInt32(bigEndian: row.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
    }

    /// One payload, in the form of `SideRecord`.
    private mutating func read(_ row: UnsafeRawBufferPointer, _ low: Int, _ end: Int) -> Bool {
        subjects.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        var at = low
        guard let count = word(row, at), count <= (end - at) / 36 else { return false }
        at += 4
        for _ in 0..<count {
            guard let number = word(row, at + TreeHash.byteCount) else { return false }
            subjects.append((UInt32(truncatingIfNeeded: number), nil))
            at += TreeHash.byteCount + 4
        }
        guard let keyLength = word(row, at), keyLength <= end - at else { return false }
        at += 4 + keyLength
        guard let lineCount = word(row, at), lineCount <= (end - at) / 4 else { return false }
        at += 4
        for _ in 0..<lineCount {
            guard let length = word(row, at), length <= end - at - 4 else { return false }
            lines.append(at + 4..<at + 4 + length)
            at += 4 + length
        }
        return positions(row, at, end)
    }

    private mutating func positions(_ row: UnsafeRawBufferPointer, _ low: Int, _ end: Int) -> Bool {
        guard low < end else {
            if let first = subjects.first?.number, subjects.allSatisfy({ $0.number == first }) {
                for i in subjects.indices { subjects[i].position = 0 }
            }
            return low == end
        }
        guard end - low == 4 * subjects.count else { return false }
        for i in subjects.indices {
            let position = word(row, low + 4 * i) ?? 0
            subjects[i].position = position == Int(UInt32.max) ? nil : UInt32(truncatingIfNeeded: position)
        }
        return true
    }

    private mutating func mark(_ row: UnsafeRawBufferPointer) {
        marks.removeAll(keepingCapacity: true)
        // By position; 0: nobody, or erased.
        var numbers = [UInt32](repeating: 0, count: subjects.count)
        for (number, position) in subjects where number != 0 {
            guard let position = position.map(Int.init), position < numbers.count else {
                marks = Set(subjects.lazy.map(\.number)).sorted().filter { $0 != 0 }.map { ($0, nil) }
                return
            }
            numbers[position] = number
        }
        var named = [Bool](repeating: false, count: numbers.count)
        for line in lines {
            guard let core = Self.core(of: line, row) else { continue }
            Self.forEachPosition(in: line, row) { position in
                guard position < numbers.count, numbers[position] != 0 else { return }
                named[position] = true
                marks.append((numbers[position], core))
            }
        }
        for (position, number) in numbers.enumerated() where number != 0 && !named[position] { marks.append((number, nil)) }
    }

    /// A line up to its record's index: what stands behind (`,"i":12,"s":[0,4]}`) are numbers only.
    private static func core(of line: Range<Int>, _ row: UnsafeRawBufferPointer) -> Range<Int>? {
        var at = line.upperBound - 1
        while at > line.lowerBound, row[at] != 0x5b { at -= 1 }
        // From `[` back over `,"s":`, then over the index's digits and `"i":`.
        at -= 6
        while at > line.lowerBound, row[at] != 0x2c { at -= 1 }
        return at > line.lowerBound ? line.lowerBound..<at : nil
    }

    private static func forEachPosition(in line: Range<Int>, _ row: UnsafeRawBufferPointer, _ body: (Int) -> Void) {
        var at = line.upperBound - 1
        while at > line.lowerBound, row[at] != 0x5b { at -= 1 }
        var value: Int?
        for i in at + 1..<max(at + 1, line.upperBound - 1) {
            let digit = row[i] &- 48
            if digit < 10 {
                value = ((value ?? 0) * 10 + Int(digit)) & 0xffff_ffff
            } else {
                if let value { body(value) }
                value = nil
            }
        }
    }
}
