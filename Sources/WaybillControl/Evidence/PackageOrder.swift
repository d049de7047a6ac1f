package import WaybillCore

/// What evidence somebody asked for. Of a person it says nothing that tells who it is.
package struct PackageOrder: Sendable, Codable, Equatable {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// What a vendor got in a period.
        case vendor
        /// The same, of the vendor and period of an engagement.
        case engagement
        /// What was sent about one person.
        case subject
    }
    package var kind: Kind
    package var vendor: String?
    package var engagement: String?
    /// Nil: from the log's beginning.
    package var from: Timestamp?
    /// Nil: up to now.
    package var until: Timestamp?

    package init(_ kind: Kind, vendor: String? = nil, engagement: String? = nil, from: Timestamp? = nil, until: Timestamp? = nil) {
        self.kind = kind
        self.vendor = vendor
        self.engagement = engagement
        self.from = from
        self.until = until
    }

    /// Of the archive's one folder, and of the archive with `.zip`. `id`: of the job.
    package func name(id: String) -> String {
        guard let vendor else { return "waybill-evidence-\(kind.rawValue)-\(id.prefix(8))" }
        let about = engagement.map { "\(vendor)-\($0)" } ?? vendor
        let days = [from, until].compactMap { $0?.day.iso8601 }
        return ConsoleAddress.fileName((["waybill-evidence", about] + days).joined(separator: "-"))
    }
}

/// What came of it.
package struct PackageOutcome: Sendable, Codable, Equatable {
    /// Of the archive.
    package var bytes: Int
    /// Hex.
    package var sha256: String
    /// Of `MANIFEST.note` within it, hex.
    package var manifestSHA256: String
    package var entries: UInt64
    package var transfers: Int
    package var denied: Int
    /// Of a vendor's package: entries show that nothing is missing at both ends of the period.
    package var isComplete: Bool?
    package var isStamped: Bool
    /// Versions that are not kept any more.
    package var agreementsMissing: [String]

    package init(
        bytes: Int, sha256: String, manifestSHA256: String, entries: UInt64, transfers: Int, denied: Int, isComplete: Bool?,
        isStamped: Bool, agreementsMissing: [String]
    ) {
        self.bytes = bytes
        self.sha256 = sha256
        self.manifestSHA256 = manifestSHA256
        self.entries = entries
        self.transfers = transfers
        self.denied = denied
        self.isComplete = isComplete
        self.isStamped = isStamped
        self.agreementsMissing = agreementsMissing
    }
}

package typealias PackageJob = Job<PackageOrder, PackageOutcome>

/// Makes packages and keeps them in a private folder. Everything here blocks.
package protocol PackageShelf: Sendable {
    /// What was kept before a restart. Whatever was unfinished, and every person's package, has no files any more and is shown as ended.
    func restored() throws -> [PackageJob]
    func keep(_ job: PackageJob) throws
    /// Removes the job and its files, if they are there.
    func forget(_ job: PackageJob)
    /// Writes the archive, and enters its digest in the log before it returns. `named`: identifiers of the person, of a `.subject`.
    func make(_ job: PackageJob, named: [Identifier], _ progress: JobProgress) throws -> PackageOutcome
    /// The archive in pieces; nil ends it. Throws `JobFailure` if it is not there any more.
    func content(of job: PackageJob) throws -> @Sendable () async throws -> [UInt8]?
}
