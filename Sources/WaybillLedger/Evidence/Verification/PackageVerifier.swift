import Crypto
import WaybillCore

/// Recomputes everything in an evidence package: digests, signatures, the way of each entry to the signed root, the vendor's sequence and
/// seals, outcomes, openings, agreements, proofs. Whatever the files hold, the answer is a report.
package struct PackageVerifier {
    private let files: any PackageFiles
    private let trusted: [NoteVerifier]

    /// `trusted`: the log's keys, had from elsewhere. Without one, authenticity rests on the key inside the package.
    package init(files: any PackageFiles, trusted: [NoteVerifier] = []) {
        self.files = files
        self.trusted = trusted
    }

    /// `progress` hears of bytes digested, then of entries checked.
    package func verify(progress: (_ stage: String, _ done: Int) -> Void = { _, _ in }) -> PackageReport {
        var report = PackageReport()
        report.isTrusted = !trusted.isEmpty
        do {
            try verify(&report, progress)
        } catch let error as PackageError {
            report.add(.form, "package", error.message)
        } catch {
            report.add(.form, "package", "The package could not be read to its end.")
        }
        preferLines(&report)
        return report
    }

    private func verify(_ report: inout PackageReport, _ progress: (String, Int) -> Void) throws {
        guard let policy = try readPolicy(&report), let listed = try PackageListing.read(files, policy, &report) else { return }
        try listed.check(files, &report) { progress("files", $0) }
        try checkSignature(listed, &report)
        guard let scope = try files.whole(PackageLayout.scope).flatMap({ PackageScope($0) }) else {
            return report.add(.form, PackageLayout.scope, "The scope is missing, damaged, or of a later form.")
        }
        guard let checkpoint = try readCheckpoint(policy, &report) else { return }
        guard checkpoint.origin == scope.origin, checkpoint.size == scope.size else {
            return report.add(.form, PackageLayout.scope, "The scope is about another state of the log than the checkpoint.")
        }
        report.root = checkpoint.root.description
        guard let hashes = try PackageHashes(files: files, size: checkpoint.size, root: checkpoint.root) else {
            return report.add(.tree, "tile", "The tiles of the right edge are missing, or do not give the checkpoint's root.")
        }
        var entries = PackageEntriesCheck(files: files, scope: scope, hashes: hashes, listed: listed)
        try entries.run(&report) { progress("entries", $0) }
        try checkProofs(listed, &entries, checkpoint, &report)
    }

    /// The keys whose signatures count, as the package names them.
    private func readPolicy(_ report: inout PackageReport) throws -> PackagePolicy? {
        guard let policy = try files.whole(PackageLayout.policy).flatMap({ PackagePolicy($0, trusted: trusted) }) else {
            report.add(.signature, PackageLayout.policy, "The log's key is missing or damaged.")
            return nil
        }
        if try files.whole(PackageLayout.logKey) != Array(policy.keys.map(\.pem).joined().utf8) {
            report.add(.signature, PackageLayout.logKey, "The PEM file does not hold the keys of policy.txt.")
        }
        guard policy.isTrusted else {
            report.add(.signature, PackageLayout.policy, "The package is not signed by the key given.")
            return nil
        }
        return policy
    }

    private func readCheckpoint(_ policy: PackagePolicy, _ report: inout PackageReport) throws -> Checkpoint? {
        guard let text = try files.whole(PackageLayout.checkpoint).flatMap({ policy.text(of: $0, isStrict: false) }),
            let checkpoint = Checkpoint(text: text)
        else {
            report.add(.signature, PackageLayout.checkpoint, "The checkpoint is missing, damaged, or not signed by the log's key.")
            return nil
        }
        return checkpoint
    }

    /// The CMS signature by the certificate inside, and the time-stamp's digest. Whose they are is for `openssl` and the auditor.
    private func checkSignature(_ listed: PackageListing, _ report: inout PackageReport) throws {
        guard let manifest = try files.whole(PackageLayout.manifest) else { return }
        let certificate = try files.whole(PackageLayout.certificate) ?? []
        if let signature = try files.whole(PackageLayout.cms) {
            if !EvidenceSigner.isSignature(signature, of: manifest, by: certificate) {
                report.add(.signature, PackageLayout.cms, "The CMS signature is not by evidence.pem over the manifest.")
            }
        } else {
            report.add(.signature, PackageLayout.cms, "The CMS signature is missing.")
        }
        guard let stamp = try files.whole(PackageLayout.timestamp) else { return }
        report.hasTimestamp = true
        if let fault = TimestampProtocol.fault(of: stamp, for: manifest, nonce: nil) {
            report.add(.signature, PackageLayout.timestamp, "The time-stamp \(fault).")
        }
    }

    private func checkProofs(
        _ listed: PackageListing, _ entries: inout PackageEntriesCheck, _ checkpoint: Checkpoint, _ report: inout PackageReport
    ) throws {
        let note = try files.whole(PackageLayout.checkpoint) ?? []
        for name in listed.names where name.hasPrefix(PackageLayout.proofs) {
            guard let proof = InclusionProofText(String(decoding: try files.whole(name) ?? [], as: UTF8.self)),
                name == PackageLayout.proof(proof.index), Array(proof.checkpoint.utf8) == note,
                let leaf = try entries.hash(of: proof.index),
                ProofVerification.includes(
                    leaf: leaf.bytes, index: proof.index, size: checkpoint.size, proof: proof.proof.map(\.bytes),
                    root: checkpoint.root.bytes)
            else {
                report.add(.tree, name, "The file does not prove the entry it is named after.")
                continue
            }
        }
    }

    /// A line says more than that its file differs.
    private func preferLines(_ report: inout PackageReport) {
        let located = Set(report.faults.filter { $0.place.contains(":") }.map { String($0.place.prefix { $0 != ":" }) })
        report.faults.removeAll { $0.kind == .file && located.contains($0.place) }
    }
}

/// `policy.txt`, C2SP tlog-policy: `log <vkey>` for each key, `quorum none`.
struct PackagePolicy {
    let keys: [NoteVerifier]
    private let trusted: [NoteVerifier]

    init?(_ bytes: [UInt8], trusted: [NoteVerifier]) {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.popLast() == "", lines.popLast() == "quorum none", (1...PackagePolicy.keysMax).contains(lines.count) else { return nil }
        keys = lines.compactMap { $0.hasPrefix("log ") ? NoteVerifier(String($0.dropFirst(4))) : nil }
        // Written as they are read: nothing else may hide in a line.
        guard keys.count == lines.count, keys.map({ "log \($0.vkey)\n" }).joined() + "quorum none\n" == text else { return nil }
        self.trusted = trusted
    }

    private static let keysMax = 8
    var isTrusted: Bool { trusted.isEmpty || keys.contains { isTrusted($0) } }
    private func isTrusted(_ key: NoteVerifier) -> Bool { trusted.isEmpty || trusted.contains { $0.vkey == key.vkey } }

    /// The text, if one of the trusted keys signed it and no signature of a known key is false. `isStrict`: and nobody unknown or twice.
    func text(of bytes: [UInt8], isStrict: Bool) -> String? {
        do {
            let note = try SignedNote(bytes)
            let signers = try note.verified(by: keys)
            guard signers.contains(where: isTrusted), !isStrict || Set(signers.map(\.vkey)).count == note.signatures.count else {
                return nil
            }
            return note.string.utf8.elementsEqual(bytes) ? note.text : nil
        } catch {
            return nil
        }
    }
}
