import Crypto
import Testing
import WaybillLedger

@testable import WaybillControl

@Suite("Forms as browsers send them")
struct ConsoleFormTests {
    static let queries: [(String, [String: [String]]?)] = [
        ("", [:]), ("a=b", ["a": ["b"]]), ("a=b&a=c&d", ["a": ["b", "c"], "d": [""]]), ("a=%C3%A4+b%2B", ["a": ["ä b+"]]),
        ("a=x%0D%0Ay", ["a": ["x\ny"]]), ("a=b=c", ["a": ["b=c"]]), ("a=%zz", nil), ("a=%f", nil), ("a=%FF", nil), ("a=%00", nil),
        (String(repeating: "a&", count: 1_001), nil),
    ]

    @Test("Fields are decoded, or the whole is refused", arguments: queries)
    func fields(query: String, expected: [String: [String]]?) { #expect(FormDecoding.fields(query) == expected) }

    @Test("What is written as a query is read as it was")
    func roundTrip() {
        let fields = ["a b": ["c&d=e", "ä"], "z": ["%"]]
        #expect(FormDecoding.fields(FormDecoding.query(fields)) == fields)
    }

    private static let boundary = "----x9"
    private static func body(_ file: String) -> String {
        "--\(boundary)\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nan ä\r\nline\r\n"
            + "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\tmp\\a.pdf\"\r\n"
            + "Content-Type: application/pdf\r\n\r\n\(file)\r\n--\(boundary)--\r\n"
    }

    @Test("A file is digested as it passes, in pieces of any size", arguments: [1, 2, 3, 7, 64, 4_096])
    func multipart(pieceBytes: Int) throws {
        // Begins of delimiters within the file are no delimiters.
        let file = "\r\n--\r\n----x\r\n------x8" + String(repeating: "z", count: 300)
        let bytes = Array(Self.body(file).utf8)
        var form = try #require(MultipartForm(contentType: "multipart/form-data; boundary=\(Self.boundary)"))
        for start in stride(from: 0, to: bytes.count, by: pieceBytes) { try form.feed(bytes[start..<min(start + pieceBytes, bytes.count)]) }
        try form.finish()
        #expect(form.fields == ["note": ["an ä\nline"]])
        let upload = try #require(form.files["file"])
        #expect(upload.name == "a.pdf" && upload.bytes == file.utf8.count)
        #expect(upload.sha256 == hex(Array(SHA256.hash(data: Array(file.utf8)))))
    }

    @Test("Of a large file only size and digest are kept")
    func large() throws {
        let file = String(repeating: "0123456789abcdef", count: 1 << 17)
        var form = try #require(MultipartForm(contentType: "multipart/form-data; boundary=\(Self.boundary)"))
        try form.feed(Array(Self.body(file).utf8))
        try form.finish()
        let upload = try #require(form.files["file"])
        #expect(upload.bytes == 1 << 21 && upload.sha256 == hex(Array(SHA256.hash(data: Array(file.utf8)))))
    }

    static let malformed = [
        "", "--\(boundary)\r\n", "--\(boundary)\r\nContent-Disposition: form-data\r\n\r\nx\r\n--\(boundary)--",
        "--\(boundary)\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx", "--\(boundary)xx",
        "--\(boundary)\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\u{0}\r\n--\(boundary)--",
        "--\(boundary)\r\n" + String(repeating: "a", count: 5_000),
    ]

    @Test("What is cut off or malformed is refused", arguments: malformed)
    func refused(text: String) throws {
        var form = try #require(MultipartForm(contentType: "multipart/form-data; boundary=\"\(Self.boundary)\""))
        #expect(throws: MultipartForm.Malformed.self) {
            try form.feed(Array(text.utf8))
            try form.finish()
        }
    }

    @Test(
        "A content type without a boundary is no form", arguments: ["multipart/form-data", "multipart/form-data; boundary=", "text/plain"])
    func noBoundary(type: String) { #expect(MultipartForm(contentType: type) == nil) }
}
