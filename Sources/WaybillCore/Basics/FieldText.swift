// Values of header fields, byte by byte: going by `Character` costs more than all other checks of a head together.

extension Substring.UTF8View {
    /// Without the white space that HTTP allows around a value.
    var trimmingSpaces: Self {
        var text = self
        while let first = text.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return text
    }

    /// Equal to a lower-cased ASCII name but for the case of its letters.
    func matches(_ name: StaticString) -> Bool { count == name.utf8CodeUnitCount && begins(with: name) }

    func begins(with name: StaticString) -> Bool { startsAlike(name, at: startIndex) }

    func ends(with name: StaticString) -> Bool {
        guard let start = index(endIndex, offsetBy: -name.utf8CodeUnitCount, limitedBy: startIndex) else { return false }
        return startsAlike(name, at: start)
    }

    private func startsAlike(_ name: StaticString, at start: Index) -> Bool {
        var at = start
        for i in 0..<name.utf8CodeUnitCount {
            guard at < endIndex else { return false }
            let byte = self[at]
            guard ((65...90).contains(byte) ? byte | 0x20 : byte) == name.utf8Start[i] else { return false }
            formIndex(after: &at)
        }
        return true
    }
}

extension String.UTF8View {
    var trimmingSpaces: Substring.UTF8View { self[...].trimmingSpaces }
}
