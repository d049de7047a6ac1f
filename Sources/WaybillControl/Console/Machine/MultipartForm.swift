import Crypto
import WaybillLedger

/// `multipart/form-data` (RFC 7578), piece by piece: fields are kept, files are digested as they pass.
struct MultipartForm {
    /// Of the whole body.
    static let bytesMax = 256 << 20
    private static let headBytesMax = 4 * 1_024
    private static let partsMax = 100

    struct Malformed: Error {}
    private(set) var fields: [String: [String]] = [:]
    private(set) var files: [String: ConsoleUpload] = [:]

    private enum Place { case beforeFirst, head, body, ended }
    private struct Part {
        var name: String
        /// Nil: a field, not a file.
        var file: String?
        var bytes = 0
        var content: [UInt8] = []
        var hash = SHA256()
    }
    private let delimiter: [UInt8]
    private var place = Place.beforeFirst
    /// Not looked at yet; begins as if a line had ended, so that the first delimiter is found as the others are.
    private var rest: [UInt8] = Array("\r\n".utf8)
    private var part: Part?
    private var parts = 0
    private var fieldBytes = 0

    /// Nil: the content type names no boundary that RFC 2046 permits.
    init?(contentType: String) {
        guard contentType.lowercased().hasPrefix("multipart/form-data"), let start = contentType.lowercased().firstRange(of: "boundary=")
        else { return nil }
        var boundary = contentType[start.upperBound...].prefix { $0 != ";" }
        if boundary.hasPrefix("\""), boundary.hasSuffix("\""), boundary.utf8.count > 2 { boundary = boundary.dropFirst().dropLast() }
        guard (1...70).contains(boundary.utf8.count), boundary.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else { return nil }
        delimiter = Array("\r\n--\(boundary)".utf8)
    }

    mutating func feed(_ bytes: some Collection<UInt8>) throws(Malformed) {
        rest += bytes
        while try step() {}
    }

    /// Throws unless the last delimiter was there.
    func finish() throws(Malformed) { guard place == .ended else { throw Malformed() } }

    /// False: more bytes are needed.
    private mutating func step() throws(Malformed) -> Bool {
        switch place {
        case .ended:
            rest = []
            return false
        case .beforeFirst, .body:
            guard let range = Self.find(delimiter, in: rest) else {
                let sure = rest.count - delimiter.count
                if sure > 0 { try take(rest[..<sure]) }
                return false
            }
            // What follows a delimiter says whether it is the last.
            guard rest.count >= range.upperBound + 2 else {
                try take(rest[..<range.lowerBound])
                return false
            }
            try take(rest[..<range.lowerBound])
            let mark = Array(rest[delimiter.count..<delimiter.count + 2])
            rest.removeFirst(delimiter.count + 2)
            try endPart()
            if mark == Array("--".utf8) { place = .ended } else if mark == Array("\r\n".utf8) { place = .head } else { throw Malformed() }
            return true
        case .head:
            guard let end = Self.find(Array("\r\n\r\n".utf8), in: rest) else {
                guard rest.count <= Self.headBytesMax else { throw Malformed() }
                return false
            }
            parts += 1
            guard parts <= Self.partsMax, let found = Self.part(head: rest[..<end.lowerBound]) else { throw Malformed() }
            part = found
            rest.removeFirst(end.upperBound)
            place = .body
            return true
        }
    }

    /// Takes what is certainly of the part off the front.
    private mutating func take(_ bytes: ArraySlice<UInt8>) throws(Malformed) {
        defer { rest.removeFirst(bytes.count) }
        guard var part else { return }
        self.part = nil
        part.bytes += bytes.count
        if part.file == nil {
            fieldBytes += bytes.count
            guard fieldBytes <= FormDecoding.bytesMax else { throw Malformed() }
            part.content += bytes
        } else {
            part.hash.update(data: bytes)
        }
        self.part = part
    }

    private mutating func endPart() throws(Malformed) {
        guard let part else { return }
        self.part = nil
        guard let file = part.file else {
            guard let text = FormDecoding.text(part.content) else { throw Malformed() }
            fields[part.name, default: []].append(text)
            return
        }
        // A browser sends a file field that was left empty as a file without a name.
        guard !file.isEmpty || part.bytes > 0 else { return }
        files[part.name] = ConsoleUpload(name: file, bytes: part.bytes, sha256: hex(Array(part.hash.finalize())))
    }

    private static func part(head: ArraySlice<UInt8>) -> Part? {
        guard let text = String(validating: head, as: UTF8.self) else { return nil }
        for line in text.split(separator: "\r\n") where line.lowercased().hasPrefix("content-disposition:") {
            guard let name = parameter("name", in: line) else { return nil }
            // Some send a path; only its last part is a name.
            let file = parameter("filename", in: line).map { $0.split { $0 == "/" || $0 == "\\" }.last.map(String.init) ?? "" }
            return Part(name: name, file: file.map { String($0.prefix(200)) })
        }
        return nil
    }

    private static func parameter(_ name: String, in line: Substring) -> String? {
        guard let start = line.firstRange(of: "; \(name)=\"") else { return nil }
        let value = line[start.upperBound...].prefix { $0 != "\"" }
        return String(value).replacing("%22", with: "\"")
    }

    private static func find(_ needle: [UInt8], in bytes: [UInt8]) -> Range<Int>? {
        guard let first = needle.first, bytes.count >= needle.count else { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            var position = 0
            while position <= bytes.count - needle.count {
                if bytes[position] == first, bytes[position..<position + needle.count].elementsEqual(needle) {
                    return position..<position + needle.count
                }
                position += 1
            }
            return nil
        }
    }
}
