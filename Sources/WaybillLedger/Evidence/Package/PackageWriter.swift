package import WaybillCore

/// What stands around the entries of a package: made elsewhere, written in here.
package struct PackageSurroundings {
    package struct AgreementFile {
        package var content: [UInt8]
        package var from: String
        /// Nil: open end.
        package var until: String?
        package init(content: [UInt8], from: String, until: String?) {
            self.content = content
            self.from = from
            self.until = until
        }
    }
    package var organisation: String
    package var made: Timestamp
    /// An agreement version from the policy set that an entry pins; nil: not kept.
    package var agreement: (_ policySet: String, _ id: String, _ version: Int, _ digest: String) throws -> AgreementFile?
    /// The readable report, as files.
    package var report: (EvidenceReport) throws -> [(name: String, content: [UInt8])]
    package var signer: EvidenceSigner
    /// A time-stamp of these bytes; nil: none is wanted, or to be had (then somebody was told).
    package var timestamp: ([UInt8]) throws -> [UInt8]?
    /// What is being done, and how far it is. Throws to give the package up.
    package var progress: (_ stage: String, _ done: UInt64, _ total: UInt64) throws -> Void

    /// Of the manifest's text; beyond it tiles and proofs get lists of their own.
    package var manifestBytesMax = PackageLayout.manifestTextBytesMax

    package init(
        organisation: String, made: Timestamp, signer: EvidenceSigner,
        agreement: @escaping (_ policySet: String, _ id: String, _ version: Int, _ digest: String) throws -> AgreementFile?,
        report: @escaping (EvidenceReport) throws -> [(name: String, content: [UInt8])],
        timestamp: @escaping ([UInt8]) throws -> [UInt8]? = { _ in nil },
        progress: @escaping (_ stage: String, _ done: UInt64, _ total: UInt64) throws -> Void = { _, _, _ in }
    ) {
        self.organisation = organisation
        self.made = made
        self.signer = signer
        self.agreement = agreement
        self.report = report
        self.timestamp = timestamp
        self.progress = progress
    }
}

/// Writes an evidence package from a live log or a copy: one pass over the period, nothing held but open transfers.
package struct PackageWriter {
    /// Whose transfers.
    package enum Subject {
        case vendor(id: String, name: String)
        /// `named`: identifiers the package may name the person by.
        case person(SubjectTrace, named: [Identifier])
    }
    package struct Summary: Sendable {
        package var entries: UInt64
        package var transfers: Int
        package var denied: Int
        package var checkpoint: Checkpoint
        /// Of a vendor's package: whether entries show that nothing is missing at both ends.
        package var isComplete: Bool?
        package var agreementsMissing: [String]
        package var bytes: Int
    }

    private let reader: any LogReader
    private let keys: LogKeys
    private let surroundings: PackageSurroundings

    package init(reader: any LogReader, keys: LogKeys, surroundings: PackageSurroundings) {
        self.reader = reader
        self.keys = keys
        self.surroundings = surroundings
    }

    /// Writes the folder at `path`, and the zip beside it as `zip`, whose one folder is `name`. Neither may exist; what a failure leaves is
    /// the caller's to remove.
    package func write(_ subject: Subject, from: Timestamp, until: Timestamp, to path: String, zip: String, name: String) throws -> Summary
    {
        let (note, checkpoint) = try lastCheckpoint()
        let folder = try PackageFolder(path: path)
        var scope = try scope(subject, from, until, checkpoint)
        guard scope.first < scope.end else { throw nothing(subject) }
        let (entries, counting) = try writeEntries(subject, &scope, folder)
        let pairs = entries.slice.pairs
        guard pairs.intents > 0 || (entries.slice.vendor?.denied ?? 0) > 0 else { throw nothing(subject) }
        try folder.write(PackageLayout.scope, scope.bytes)
        try folder.write(PackageLayout.checkpoint, Array(note.utf8))
        try PackageProofs(reader: reader, size: scope.size, note: note).write(entries.provenIndexes, into: folder)
        let agreements = try writeAgreements(counting, folder)
        var report = EvidenceReport(
            scope: subject.reportScope, organisation: surroundings.organisation, from: from, until: until, made: surroundings.made,
            checkpoint: checkpoint)
        counting.fill(&report, open: pairs.openIndexes.count)
        (report.firstIndex, report.lastIndex) = (entries.firstIndex, entries.lastIndex)
        report.agreements = agreements.found
        report.remarks = PackageRemarks.sentences(entries.slice, scope, missing: agreements.missing)
        try surroundings.progress("report", 0, 1)
        for file in try surroundings.report(report) { try folder.write(file.name, file.content) }
        try sign(folder, origin: checkpoint.origin, scope: scope)
        let files = folder.files.map { ($0.name, $0.bytes) }
        let total = files.reduce(0) { $0 + $1.1 }
        try PackageZip.write(folder: path, files: files, root: name, to: zip, seconds: Int(surroundings.made.milliseconds / 1_000)) {
            try surroundings.progress("bytes zipped", UInt64($0), UInt64(total))
        }
        return Summary(
            entries: entries.count, transfers: pairs.intents, denied: entries.slice.vendor?.denied ?? 0, checkpoint: checkpoint,
            isComplete: entries.slice.vendor?.isComplete, agreementsMissing: agreements.missing, bytes: total)
    }

    private func lastCheckpoint() throws -> (String, Checkpoint) {
        guard let stored = try reader.checkpoints().last else {
            throw PackageError("The log has no checkpoint yet; start `waybill serve` once.")
        }
        guard let checkpoint = Checkpoint(text: try SignedNote(Array(stored.note.utf8)).text), checkpoint.size > 0 else {
            throw PackageError("The log's last checkpoint is damaged, or of an empty log; run waybill log verify.")
        }
        var tree = MerkleTree(size: checkpoint.size, tiles: reader)
        guard try tree.root(at: checkpoint.size) == checkpoint.root else {
            throw PackageError("The log's tiles do not have the root of its checkpoint; run waybill log verify.")
        }
        return (stored.note, checkpoint)
    }

    private func scope(_ subject: Subject, _ from: Timestamp, _ until: Timestamp, _ checkpoint: Checkpoint) throws -> PackageScope {
        let end = min(checkpoint.size, try reader.firstEntry(notBefore: until))
        let first = min(end, try reader.firstEntry(notBefore: from))
        let kind: PackageScope.Kind = if case .vendor(let id, _) = subject { .vendor(id) } else { .subject }
        return PackageScope(kind: kind, origin: checkpoint.origin, size: checkpoint.size, from: from, until: until, first: first, end: end)
    }

    private func writeEntries(
        _ subject: Subject, _ scope: inout PackageScope, _ folder: PackageFolder
    ) throws -> (PackageEntries, ReportCounting) {
        let told: (UInt64, UInt64) throws -> Void = { try surroundings.progress("entries", $0, $1) }
        let counting: ReportCounting
        var entries: PackageEntries
        switch subject {
        case .vendor(let id, _):
            entries = try PackageEntries(folder: folder, reader: reader, scope: scope)
            var selection = VendorSelection(reader: reader, scope: scope, vendor: id)
            counting = try selection.copy(into: &entries, progress: told)
        case .person(let trace, let named):
            var selection = SubjectSelection(reader: reader, scope: scope, keys: keys, trace: trace, named: named)
            scope.prunedBelow = try selection.firstSideRecord()
            entries = try PackageEntries(folder: folder, reader: reader, scope: scope)
            let openings = try folder.open(PackageLayout.openings)
            counting = try selection.copy(into: &entries, openings: openings, progress: told)
            try folder.finish(openings)
        }
        try entries.finish()
        return (entries, counting)
    }

    private func writeAgreements(
        _ counting: ReportCounting, _ folder: PackageFolder
    ) throws -> (found: [EvidenceReport.Agreement], missing: [String]) {
        var found: [EvidenceReport.Agreement] = []
        var missing: [String] = []
        for (id, version, digest, set) in counting.agreements {
            guard let file = try surroundings.agreement(set, id, version, digest) else {
                missing.append("\(id)@\(version)")
                continue
            }
            try folder.write("\(PackageLayout.agreements)\(id)@\(version).yaml", file.content)
            found.append(EvidenceReport.Agreement(id: id, version: version, digest: digest, from: file.from, until: file.until))
        }
        return (found, missing)
    }

    /// Everything that vouches for the rest, last.
    private func sign(_ folder: PackageFolder, origin: String, scope: PackageScope) throws {
        let signers = try keys.signers(origin: origin)
        // C2SP tlog-policy: whose signatures count.
        let policy = signers.map { "log \($0.verifier.vkey)\n" }.joined() + "quorum none\n"
        try folder.write(PackageLayout.policy, Array(policy.utf8))
        try folder.write(PackageLayout.logKey, Array(signers.map(\.verifier.pem).joined().utf8))
        try folder.write(PackageLayout.certificate, Array(surroundings.signer.certificatePEM.utf8))
        try folder.write(PackageLayout.script, VerifierScript.bytes)
        try folder.write(PackageLayout.readme, Array(PackageReadme(scope: scope, organisation: surroundings.organisation).text.utf8))
        let manifest = try PackageManifest.write(folder, signers: signers, bytesMax: surroundings.manifestBytesMax)
        try folder.write(PackageLayout.cms, try surroundings.signer.sign(manifest))
        if let timestamp = try surroundings.timestamp(manifest) { try folder.write(PackageLayout.timestamp, timestamp) }
        let covered = folder.files.filter { PackageLayout.afterManifest.contains($0.name) }.map { (name: $0.name, digest: $0.digest) }
        let note = try SignedNote(signing: PackageManifest.text(covered), by: signers)
        try folder.write(PackageLayout.signatures, Array(note.string.utf8))
    }

    private func nothing(_ subject: Subject) -> PackageError {
        switch subject {
        case .vendor(let id, _):
            PackageError(
                "The log has no transfers to \(id) in this period; choose another, or see `waybill transfers list --vendor \(id)`.")
        case .person: PackageError("The log has no transfers about this subject in this period; choose another, or check the identifier.")
        }
    }
}

extension PackageWriter.Subject {
    fileprivate var reportScope: EvidenceReport.Scope {
        switch self {
        case .vendor(let id, let name): .vendor(id: id, name: name)
        case .person: .subject
        }
    }
}
