/// The files of an evidence package and their limits. What each is for stands in docs/evidence.md.
package enum PackageLayout {
    /// In `scope.json`, so that a later form is told apart.
    package static let form = "waybill-evidence-1"

    package static let manifest = "MANIFEST.note"
    /// CMS signature over the manifest, and a time-stamp of it (RFC 3161).
    package static let cms = "MANIFEST.note.p7s"
    package static let timestamp = "MANIFEST.note.tsr"
    /// A signed note over the manifest and what signs it: those three cannot stand in the manifest.
    package static let signatures = "SIGNATURES.note"
    package static let policy = "policy.txt"
    package static let logKey = "log.pem"
    package static let certificate = "evidence.pem"
    package static let checkpoint = "checkpoint"
    package static let scope = "scope.json"
    package static let entries = "entries.ndjson"
    package static let index = "index.csv"
    package static let gaps = "gaps.json"
    package static let openings = "openings.ndjson"
    package static let script = "verify.py"
    package static let reportHTML = "report.html"
    package static let reportPDF = "report.pdf"
    package static let readme = "README.md"
    package static let proofs = "proofs/"
    package static let agreements = "agreements/"
    /// More lists of files, where the manifest would be too large for a signed note.
    package static let tileList = "tile.sha256"
    package static let proofList = "proofs.sha256"

    package static let indexHeader = "index,kind,time,xid\n"

    /// Not listed in the manifest, because they come after it.
    static let afterManifest = [manifest, cms, timestamp, signatures]

    /// A signed note holds less than a million bytes; the rest is for its signatures.
    static let manifestTextBytesMax = 900_000
    /// Files read whole: checkpoint, proofs, tiles, agreements, notes.
    static let smallFileBytesMax = 64 << 20
    /// One line of `openings.ndjson`: a transfer of thousands of records has thousands of decision lines.
    static let lineBytesMax = 64 << 20
    static let filesMax = 2_000_000
    /// Proof files of one package. Every other entry is proven by the tiles.
    static let proofsMax = 1_000
    /// How far from the period the vendor's neighbouring intents are looked for, in entries.
    static let neighbourEntriesMax: UInt64 = 4_000_000

    static func proof(_ index: UInt64) -> String { "\(proofs)\(index).tlog-proof" }

    /// A relative path of plain names: nothing that could leave the folder or mean two things.
    static func isName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count <= 16
            && parts.allSatisfy { part in
                !part.isEmpty && part != "." && part != ".." && part.utf8.count <= 200
                    && part.utf8.allSatisfy { byte in
                        byte == 0x2d || byte == 0x2e || byte == 0x5f || byte == 0x40 || byte &- 48 < 10 || byte &- 65 < 26
                            || byte &- 97 < 26
                    }
            }
    }
}

/// Why a package could not be written or read: one sentence with the remedy. Never personal data.
package struct PackageError: Error, Sendable, CustomStringConvertible {
    package var message: String
    package init(_ message: String) { self.message = message }
    package var description: String { message }
}
