package import WaybillCore

/// What finds and opens the commitments to one subject: every number it had, each with its salt, and its identifiers.
///
/// Secret: whoever holds it and the log's keys can tell every transfer that named the person. Never logged, never exported whole.
package struct SubjectTrace: Sendable {
    package struct Part: Sendable, Equatable {
        package var number: UInt32
        /// 16 bytes.
        package var salt: InlineArray<16, UInt8>
        package init(number: UInt32, salt: InlineArray<16, UInt8>) {
            self.number = number
            self.salt = salt
        }
        package static func == (a: Part, b: Part) -> Bool {
            a.number == b.number && Fingerprint(bytes: a.salt) == Fingerprint(bytes: b.salt)
        }
    }
    /// The subject's own number first, then those of subjects that turned out to be it.
    package var parts: [Part]
    package var identifiers: [Identifier]

    package init(parts: [Part], identifiers: [Identifier]) {
        self.parts = parts
        self.identifiers = identifiers
    }
}
