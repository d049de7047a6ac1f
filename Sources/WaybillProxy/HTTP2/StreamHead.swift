import NIOCore
import NIOHPACK

/// A request's head as a stream gives it, checked by HTTP/2's own rules. `write` says it in HTTP/1.1, so that one parser and one set of
/// rules decide for both versions; nothing that could be read as more than this one head is ever written.
struct StreamHead {
    private(set) var method = ""
    private var scheme = ""
    private var authority = ""
    private var path = ""
    private let headers: HPACKHeaders
    /// As the caller says; digits only.
    private(set) var length: Int?

    init(_ headers: HPACKHeaders) throws(HTTPFault) {
        self.headers = headers
        var isBehindPseudo = false
        for (name, value, _) in headers {
            if name.utf8.first == UInt8(ascii: ":") {
                guard !isBehindPseudo else { throw .badPseudoField }
                try setPseudo(name, value)
            } else {
                isBehindPseudo = true
                try check(name, value)
            }
        }
        try checkPseudo()
    }

    var isHEAD: Bool { method == "HEAD" }

    private mutating func setPseudo(_ name: String, _ value: String) throws(HTTPFault) {
        switch name {
        case ":method": try Self.set(&method, value)
        case ":scheme": try Self.set(&scheme, value)
        case ":authority": try Self.set(&authority, value)
        case ":path": try Self.set(&path, value)
        default: throw .badPseudoField
        }
    }

    /// Once, and never empty.
    private static func set(_ field: inout String, _ value: String) throws(HTTPFault) {
        guard field.isEmpty, !value.isEmpty else { throw .badPseudoField }
        field = value
    }

    private func checkPseudo() throws(HTTPFault) {
        guard !method.isEmpty, method.utf8.allSatisfy(HTTPBytes.isNameByte) else { throw .badPseudoField }
        guard method != "CONNECT" else { throw .connectOverStreams }
        guard !scheme.isEmpty, !path.isEmpty else { throw .badPseudoField }
        guard scheme == "https" else { throw .badScheme }
        // A blank or a control character in either would end the HTTP/1.1 line it is written to.
        guard path.utf8.allSatisfy({ Self.isVisible($0) && $0 != UInt8(ascii: "#") }),
            path.utf8.first == UInt8(ascii: "/") || path == "*" && method == "OPTIONS"
        else { throw .badPath }
        guard !authority.isEmpty, authority.utf8.allSatisfy(Self.isVisible) else { throw .badAuthority }
        for (name, value, _) in headers where name == "host" {
            guard value.lowercased() == authority.lowercased() else { throw .badAuthority }
        }
    }

    private mutating func check(_ name: String, _ value: String) throws(HTTPFault) {
        try Self.checkField(name, value)
        switch name {
        case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade": throw .connectionField
        case "te": guard value == "trailers" else { throw .connectionField }
        case "content-length":
            guard length == nil, (1...18).contains(value.utf8.count), value.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else {
                throw .badLength
            }
            length = Int(value)
        default: break
        }
    }

    /// What holds for every regular field, trailers included.
    static func checkField(_ name: String, _ value: String) throws(HTTPFault) {
        guard !name.isEmpty, name.utf8.allSatisfy(HTTPBytes.isNameByte) else { throw .badName }
        guard !name.utf8.contains(where: { $0 &- UInt8(ascii: "A") < 26 }) else { throw .upperCaseName }
        var last: UInt8 = 0
        for byte in value.utf8 {
            guard HTTPBytes.isValueByte(byte) else { throw .badValue }
            last = byte
        }
        guard !isBlank(value.utf8.first ?? 0), !isBlank(last) else { throw .blankAroundValue }
        // HPACK's decoder has put this in place of bytes that are no UTF-8: what the caller meant cannot be said any more.
        guard !value.unicodeScalars.contains("\u{FFFD}") else { throw .notText }
    }

    static func checkTrailer(_ name: String, _ value: String) throws(HTTPFault) {
        try checkField(name, value)
        if FieldName.named(name).isForbiddenInTrailers { throw .forbiddenTrailer }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == HTTPBytes.space || byte == HTTPBytes.tab }
    private static func isVisible(_ byte: UInt8) -> Bool { byte > HTTPBytes.space && byte < 0x7f }

    /// `isChunked`: a body of unknown length follows, in chunks.
    func write(to out: inout ByteBuffer, isChunked: Bool) {
        out.writeString(method)
        out.writeStaticString(" ")
        out.writeString(path)
        out.writeStaticString(" HTTP/1.1\r\nHost: ")
        out.writeString(authority)
        out.writeStaticString("\r\n")
        for (name, value, _) in headers where name.utf8.first != UInt8(ascii: ":") && name != "host" && name != "te" {
            out.writeString(name)
            out.writeStaticString(": ")
            out.writeString(value)
            out.writeStaticString("\r\n")
        }
        out.writeStaticString(isChunked ? "Transfer-Encoding: chunked\r\n\r\n" : "\r\n")
    }
}
