extension BodyFormat {
    /// The formats this version has scanners for; the policy loader refuses the rest.
    package static let built: [BodyFormat] = [.json, .form, .none]

    /// Whether a body of this media type is of this format, in UTF-8. Never sniffed.
    func accepts(_ contentType: String?) -> Bool {
        switch self {
        case .json: MediaType.isJSON(contentType)
        case .form: MediaType.isForm(contentType)
        case .ndjson, .csv, .multipart, .xml, .none: false
        }
    }

    /// For the answer to a body of another media type.
    var mediaType: String { self == .form ? "application/x-www-form-urlencoded" : "application/json" }
}
