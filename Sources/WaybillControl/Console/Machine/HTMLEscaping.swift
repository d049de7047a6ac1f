import Mustache

/// Escapes what templates show, byte by byte. Mustache's own goes by whole characters: a `<` or a quote that a combining mark, or a sign such as
/// U+0600 before it, makes one character with its neighbour would pass as it is, and open a tag or close an attribute.
struct HTMLEscaping: MustacheContentType {
    /// As templates name it.
    static let name = "CONSOLE"

    func escapeText(_ text: String) -> String {
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "<"): out += "&lt;".utf8
            case UInt8(ascii: ">"): out += "&gt;".utf8
            case UInt8(ascii: "&"): out += "&amp;".utf8
            case UInt8(ascii: "\""): out += "&quot;".utf8
            case UInt8(ascii: "'"): out += "&#39;".utf8
            default: out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
