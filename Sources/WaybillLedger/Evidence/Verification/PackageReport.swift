/// What the verifier found in an evidence package.
package struct PackageReport: Sendable {
    package struct Fault: Sendable, Equatable {
        package enum Kind: String, Sendable, CaseIterable {
            case form, signature, file, tree, sequence, outcome, opening, agreement

            /// What the reader must conclude.
            package var consequence: String {
                switch self {
                case .form: "The package cannot be read as one; ask for it again."
                case .signature: "Nobody vouches for the package as it is; do not rely on it."
                case .file: "A file was added, removed or changed after the package was made; do not rely on it."
                case .tree: "The entry is not the log's, or not there; do not rely on it."
                case .sequence: "Entries of the vendor may be missing; do not take the package for complete."
                case .outcome: "How a transfer ended is not shown; count it as disclosed."
                case .opening: "It is not shown that the transfer was about the person."
                case .agreement: "The text of an agreement is not the one that transfers were made under."
                }
            }
        }
        package var kind: Kind
        /// Of the entry; nil: of the package as a whole.
        package var index: UInt64?
        /// In the package, with the line if it has lines: `entries.ndjson:17`.
        package var place: String
        /// One sentence, without personal data.
        package var what: String
    }
    package static let faultsMax = 100

    package var entries: UInt64 = 0
    package var root = ""
    /// In the order found; at most `faultsMax`.
    package internal(set) var faults: [Fault] = []
    /// Whether a key from outside was given: otherwise authenticity rests on the key inside.
    package var isTrusted = false
    /// Of a vendor's package: whether entries show both edges of the period.
    package var isComplete: Bool?
    package var hasTimestamp = false
    package var isSound: Bool { faults.isEmpty }

    package init() {}

    /// Of something that cannot even be opened.
    package init(unreadable what: String) { add(.form, "package", what) }

    mutating func add(_ kind: Fault.Kind, _ place: String, _ what: String, index: UInt64? = nil) {
        if faults.count < PackageReport.faultsMax { faults.append(Fault(kind: kind, index: index, place: place, what: what)) }
    }
}
