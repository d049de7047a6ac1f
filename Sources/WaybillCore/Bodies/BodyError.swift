/// Why a body is refused. Never holds bytes of the body.
package struct BodyError: Error, Sendable, Hashable {
    package enum Kind: String, Sendable, CaseIterable {
        case invalidSyntax = "invalid_syntax"
        case duplicateName = "duplicate_name"
        case confusableName = "confusable_name"
        case loneSurrogate = "lone_surrogate"
        case nulInName = "nul_in_name"
        case invalidUTF8 = "invalid_utf8"
        case tooDeep = "too_deep"
        case tooManyMembers = "too_many_members"
        case numberTooLong = "number_too_long"
        case empty
        case unsupportedEncoding = "unsupported_encoding"
        case unsupportedMediaType = "unsupported_media_type"
        case unsupportedContentCoding = "unsupported_content_coding"
        case tooLarge = "too_large"
        case compressedDamaged = "compressed_damaged"
        /// The body does not have the shape the endpoint describes (no records where they should be, …).
        case shapeMismatch = "shape_mismatch"
        /// What we wrote did not prove free of what was dropped; a defect of ours, and nothing is sent.
        case proofFailed = "proof_failed"
    }
    package var kind: Kind
    /// Byte offset in the decoded body, where there is one.
    package var offset: Int?
    package init(_ kind: Kind, offset: Int? = nil) {
        self.kind = kind
        self.offset = offset
    }
    /// 413, 415 or 422; 500 never.
    package var status: Int {
        switch kind {
        case .tooLarge: 413
        case .unsupportedContentCoding, .unsupportedMediaType, .unsupportedEncoding: 415
        case .proofFailed: 503
        default: 422
        }
    }
}
