import WaybillCore

/// Parts of canonical JSON where they lie. What is given must have been scanned: of other bytes the parts make no sense, but none lies
/// outside.
enum CanonicalParts {
    /// Each element of an array; none if it is not one.
    static func forEachElement(of array: UnsafeRawBufferPointer?, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard let array, array.count > 2, array[0] == 0x5b else { return }
        var at = 1
        while at < array.count - 1 {
            let end = end(ofValueAt: at, in: array)
            body(UnsafeRawBufferPointer(rebasing: array[at..<end]))
            at = end + 1
        }
    }

    /// Each member of an object, its name without the quotes; none if it is not one.
    static func forEachMember(
        of object: UnsafeRawBufferPointer?, _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
    ) {
        guard let object, object.count > 2, object[0] == 0x7b else { return }
        var at = 1
        while at < object.count - 1 {
            let colon = end(ofValueAt: at, in: object)
            guard colon - at >= 2, colon < object.count else { return }
            let end = end(ofValueAt: colon + 1, in: object)
            body(UnsafeRawBufferPointer(rebasing: object[at + 1..<colon - 1]), UnsafeRawBufferPointer(rebasing: object[colon + 1..<end]))
            at = end + 1
        }
    }

    /// A member of an object.
    static func member(_ name: StaticString, of object: UnsafeRawBufferPointer?) -> UnsafeRawBufferPointer? {
        var found: UnsafeRawBufferPointer?
        let wanted = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        forEachMember(of: object) { if $0.elementsEqual(wanted) { found = $1 } }
        return found
    }

    /// Where the value that begins at `start` ends.
    private static func end(ofValueAt start: Int, in bytes: UnsafeRawBufferPointer) -> Int {
        var (at, depth) = (start, 0)
        while at < bytes.count {
            switch bytes[at] {
            case 0x22:
                at += 1
                while at < bytes.count, bytes[at] != 0x22 { at += bytes[at] == 0x5c ? 2 : 1 }
                at = min(at, bytes.count - 1)
            case 0x5b, 0x7b: depth += 1
            case 0x5d, 0x7d:
                if depth == 0 { return at }
                depth -= 1
            case 0x2c, 0x3a: if depth == 0 { return at }
            default: break
            }
            at += 1
        }
        return bytes.count
    }

    /// What a JSON string says, its escapes undone; a number as it stands.
    static func withText<Result>(_ value: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        guard value.count >= 2, value[0] == 0x22 else { return body(value) }
        let inner = UnsafeRawBufferPointer(rebasing: value[1..<value.count - 1])
        guard inner.contains(0x5c), case .string(let text) = CanonicalParser.parse(Array(value)) else { return body(inner) }
        return Array(text.utf8).withUnsafeBytes(body)
    }
}
