@testable import WaybillCore

/// How servers read forms, each written down from its own source and as plainly as possible: what the gate lets through must be the same to
/// all of them.
enum FormReaders {
    typealias Field = (path: [String], value: String)

    static let all: [(String, @Sendable (String) -> [Field])] = [("flat", flat), ("PHP", php), ("Rack", rack)]

    /// The URL standard: names are names.
    static func flat(_ body: String) -> [Field] { pairs(body).map { ([$0], $1) } }

    static func pairs(_ body: String) -> [(String, String)] {
        body.utf8.split(separator: UInt8(ascii: "&")).map { pair in
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            return (unquote(Array(pair[..<end])), end == pair.endIndex ? "" : unquote(Array(pair[pair.index(after: end)...])))
        }
    }

    static func unquote(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        var i = 0
        while i < bytes.count {
            let hex = i + 2 < bytes.count ? String(decoding: bytes[(i + 1)...(i + 2)], as: UTF8.self) : ""
            if bytes[i] == UInt8(ascii: "%"), hex.allSatisfy(\.isHexDigit), let byte = UInt8(hex, radix: 16) {
                output.append(byte)
                i += 3
            } else {
                output.append(bytes[i] == UInt8(ascii: "+") ? 0x20 : bytes[i])
                i += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// `php_register_variable_ex`: leading spaces go, `.` and space become `_`, an open bracket too, and text behind `]` is ignored.
    static func php(_ body: String) -> [Field] {
        pairs(body).compactMap { name, value in
            var scalars = Array(name.unicodeScalars.drop { $0 == " " })
            if let nul = scalars.firstIndex(of: "\0") { scalars = Array(scalars[..<nul]) }
            var base: [Unicode.Scalar] = []
            var i = 0
            while i < scalars.count, scalars[i] != "[" {
                base.append(scalars[i] == "." || scalars[i] == " " ? "_" : scalars[i])
                i += 1
            }
            guard !base.isEmpty || i < scalars.count else { return nil }
            var path = [text(base)]
            while i < scalars.count, scalars[i] == "[" {
                guard let close = scalars[i...].firstIndex(of: "]") else {
                    if path.count == 1 { path[0] += "_" + text(Array(scalars[(i + 1)...])) }
                    break
                }
                let inner = text(Array(scalars[(i + 1)..<close]))
                path.append(inner.isEmpty || inner == " " ? "*" : inner)
                i = close + 1
            }
            return (path, value)
        }
    }

    /// `Rack::QueryParser#_normalize_params`.
    static func rack(_ body: String) -> [Field] {
        pairs(body).compactMap { name, value in
            var path: [String] = []
            var rest = Array(name.unicodeScalars)
            while true {
                let original = rest
                rest = Array(rest.drop { $0 == "[" || $0 == "]" })
                let key = Array(rest.prefix { $0 != "[" && $0 != "]" })
                if key.isEmpty { return path.isEmpty ? nil : (path + [text(original)], value) }
                rest = Array(rest.dropFirst(key.count).drop { $0 == "]" })
                path.append(text(key))
                if rest.isEmpty { return (path, value) }
                if text(rest) == "[" { return (path.dropLast() + [text(original)], value) }
                if text(rest) == "[]" { return (path + ["*"], value) }
                if rest.starts(with: "[]".unicodeScalars) {
                    path.append("*")
                    rest = Array(rest.dropFirst(2))
                }
            }
        }
    }

    private static func text(_ scalars: [Unicode.Scalar]) -> String { String(String.UnicodeScalarView(scalars)) }
}
