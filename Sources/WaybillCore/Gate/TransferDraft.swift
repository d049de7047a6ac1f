/// Version 7 UUID (RFC 9562) of one transfer.
package struct TransferID: Hashable, Sendable, CustomStringConvertible {
    package var bytes: InlineArray<16, UInt8>
    package init(bytes: InlineArray<16, UInt8>) { self.bytes = bytes }
    /// 48 bits of milliseconds, then 74 random bits.
    package init(now: Timestamp, random: (UInt64, UInt64)) {
        var bytes = InlineArray<16, UInt8>(repeating: 0)
        let ms = UInt64(bitPattern: now.milliseconds)
        for i in 0..<6 { bytes[i] = UInt8(truncatingIfNeeded: ms >> UInt64(40 - 8 * i)) }
        for i in 6..<8 { bytes[i] = UInt8(truncatingIfNeeded: random.0 >> UInt64(8 * (i - 6))) }
        for i in 8..<16 { bytes[i] = UInt8(truncatingIfNeeded: random.1 >> UInt64(8 * (i - 8))) }
        bytes[6] = bytes[6] & 0x0f | 0x70
        bytes[8] = bytes[8] & 0x3f | 0x80
        self.bytes = bytes
    }
    /// Nil unless in the 8-4-4-4-12 form.
    package init?(_ text: String) {
        var bytes = InlineArray<16, UInt8>(repeating: 0)
        var digits = 0
        for (i, c) in text.utf8.enumerated() {
            if [8, 13, 18, 23].contains(i) {
                guard c == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard digits < 32, let value = Character(UnicodeScalar(c)).hexDigitValue else { return nil }
            bytes[digits / 2] = bytes[digits / 2] << 4 | UInt8(value)
            digits += 1
        }
        guard digits == 32, text.utf8.count == 36 else { return nil }
        self.bytes = bytes
    }
    package var description: String {
        var text = ""
        text.reserveCapacity(36)
        for i in 0..<16 {
            if [4, 6, 8, 10].contains(i) { text.append("-") }
            for nibble in [bytes[i] >> 4, bytes[i] & 15] {
                text.unicodeScalars.append(UnicodeScalar(nibble < 10 ? 48 + nibble : 87 + nibble))
            }
        }
        return text
    }
    package static func == (a: TransferID, b: TransferID) -> Bool { (0..<16).allSatisfy { a.bytes[$0] == b.bytes[$0] } }
    package func hash(into hasher: inout Hasher) { for i in 0..<16 { hasher.combine(bytes[i]) } }
}

/// Everything the log enters before a transfer leaves. Built by the gate; the log adds its own sequence numbers and time.
/// Holds identifiers only inside `subjects`, from which the log makes keyed commitments; no other personal data.
@dynamicMemberLookup
package struct TransferDraft: Sendable {
    package struct Subject: Sendable {
        /// Nil: first seen; the log assigns a number and keeps it in the intent's transaction.
        package var number: UInt32?
        package var salt: InlineArray<16, UInt8>
        /// Every identifier of this subject in the record, canonical.
        package var identifiers: [Identifier]
        package init(number: UInt32?, salt: InlineArray<16, UInt8>, identifiers: [Identifier]) {
            self.number = number
            self.salt = salt
            self.identifiers = identifiers
        }
    }
    /// One line committed by `dec.root`, kept in a prunable side table.
    package struct RecordLine: Sendable {
        package var index: Int
        package var decision: Outcome
        package var codes: [ReasonCode]
        package var basis: String
        package var fields: [String]
        /// Positions in `subjects`.
        package var subjects: [Int]
        package init(index: Int, decision: Outcome, codes: [ReasonCode], basis: String, fields: [String], subjects: [Int]) {
            self.index = index
            self.decision = decision
            self.codes = codes
            self.basis = basis
            self.fields = fields
            self.subjects = subjects
        }
    }
    package var xid: TransferID
    /// Of this transfer and, mostly, of many others.
    package private(set) var shared: SharedTerms
    /// Sequence of the consent store when it was decided.
    package var consentSequence: Int64
    /// Members beyond the dropped fields.
    package var droppedMembers: Int
    /// The body as sent. The log takes its keyed hash and keeps nothing of it.
    package var body: [UInt8]
    package var subjects: [Subject]

    package init(
        xid: TransferID, terms: SharedTerms, consentSequence: Int64, droppedMembers: Int, body: [UInt8], subjects: [Subject]
    ) {
        self.xid = xid
        shared = terms
        self.consentSequence = consentSequence
        self.droppedMembers = droppedMembers
        self.body = body
        self.subjects = subjects
    }

    /// A term; a draft that is given another has terms of its own.
    package subscript<Value>(dynamicMember path: WritableKeyPath<DraftTerms, Value>) -> Value {
        get { shared.terms[keyPath: path] }
        set {
            var terms = shared.terms
            terms[keyPath: path] = newValue
            shared = SharedTerms(terms)
        }
    }
}

/// How a transfer ended.
package struct TransferOutcome: Sendable {
    package enum Result: String, CaseIterable, Sendable {
        case ok
        case vendorError = "vendor_error"
        case partial, aborted, unknown
    }
    package var xid: TransferID
    package var result: Result
    /// The vendor's status, 0 if it gave none.
    package var status: Int
    /// Body bytes written to the vendor.
    package var sentBytes: Int
    package var milliseconds: Int
    /// Why, where the gate itself ended it: `crash`, `upstream_timeout`, `superseded_decision`, …
    package var reason: String?
    package init(xid: TransferID, result: Result, status: Int, sentBytes: Int, milliseconds: Int, reason: String? = nil) {
        self.xid = xid
        self.result = result
        self.status = status
        self.sentBytes = sentBytes
        self.milliseconds = milliseconds
        self.reason = reason
    }
}
