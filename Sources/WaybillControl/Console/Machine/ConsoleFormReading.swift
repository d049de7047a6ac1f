import HTTPTypes
import Hummingbird

/// Reads a form's body, whichever of the two ways a browser sends it.
enum ConsoleFormReading {
    /// `takesFiles`: else the form is small, whoever sends it.
    static func read(_ request: Request, takesFiles: Bool) async throws -> ([String: [String]], [String: ConsoleUpload]) {
        let type = request.headers[.contentType] ?? ""
        if takesFiles, var form = MultipartForm(contentType: type) {
            var bytes = 0
            do {
                for try await piece in request.body {
                    bytes += piece.readableBytes
                    guard bytes <= MultipartForm.bytesMax else { throw tooLarge }
                    try form.feed(piece.readableBytesView)
                }
                try form.finish()
            } catch is MultipartForm.Malformed {
                throw malformed
            }
            return (form.fields, form.files)
        }
        guard type.lowercased().hasPrefix("application/x-www-form-urlencoded") else { throw malformed }
        var bytes: [UInt8] = []
        for try await piece in request.body {
            bytes += piece.readableBytesView
            guard bytes.count <= FormDecoding.bytesMax else { throw tooLarge }
        }
        guard let text = String(validating: bytes, as: UTF8.self), let fields = FormDecoding.fields(text) else { throw malformed }
        return (fields, [:])
    }

    private static let malformed = ConsoleRefusal(.badRequest, "The form did not arrive as a browser sends one. Open its page again.")
    private static let tooLarge = ConsoleRefusal(
        .contentTooLarge, "The form is larger than the console takes. Send a smaller file, or use the command line.")
}
