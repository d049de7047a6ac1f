import Crypto

/// What the signed notes of a package list: every file and its digest.
struct PackageListing {
    private(set) var digests: [String: TreeHash] = [:]

    var names: [String] { digests.keys.sorted() }

    /// Nil if a note is not signed, or is no list: then nothing can be said about any file.
    static func read(_ files: any PackageFiles, _ policy: PackagePolicy, _ report: inout PackageReport) throws -> PackageListing? {
        var listing = PackageListing()
        guard let manifest = try note(PackageLayout.manifest, files, policy, &report),
            let signatures = try note(PackageLayout.signatures, files, policy, &report)
        else { return nil }
        let expected = Set(PackageLayout.afterManifest.dropLast())
        guard !manifest.contains(where: { PackageLayout.afterManifest.contains($0.name) }),
            signatures.allSatisfy({ expected.contains($0.name) }),
            signatures.contains(where: { $0.name == PackageLayout.manifest })
        else {
            report.add(.form, PackageLayout.signatures, "The notes list files that do not belong into them.")
            return nil
        }
        for file in manifest + signatures { listing.digests[file.name] = file.digest }
        for (list, prefix) in [(PackageLayout.tileList, "tile/"), (PackageLayout.proofList, PackageLayout.proofs)]
        where listing.digests[list] != nil {
            guard let text = try files.whole(list, bytesMax: 1 << 30).flatMap({ String(validating: $0, as: UTF8.self) }),
                let more = PackageManifest.parse(text), more.allSatisfy({ $0.name.hasPrefix(prefix) && listing.digests[$0.name] == nil })
            else {
                report.add(.file, list, "The list is missing or damaged.")
                continue
            }
            for file in more { listing.digests[file.name] = file.digest }
        }
        return listing
    }

    private static func note(
        _ name: String, _ files: any PackageFiles, _ policy: PackagePolicy, _ report: inout PackageReport
    ) throws -> [(name: String, digest: TreeHash)]? {
        guard let text = try files.whole(name, bytesMax: SignedNote.bytesMax).flatMap({ policy.text(of: $0, isStrict: true) }) else {
            report.add(.signature, name, "The note is missing, damaged, or not signed by the log's key.")
            return nil
        }
        guard let list = PackageManifest.parse(text) else {
            report.add(.form, name, "The note is no list of files.")
            return nil
        }
        return list
    }

    /// Each file is there and as listed, and no other.
    func check(_ files: any PackageFiles, _ report: inout PackageReport, progress: (Int) -> Void) throws {
        for name in try files.names().sorted() where digests[name] == nil && name != PackageLayout.signatures {
            report.add(.file, PackageListing.shown(name), "The file is not listed in the manifest.")
        }
        var done = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        for (name, digest) in digests.sorted(by: { $0.key < $1.key }) {
            guard let file = try files.open(name) else {
                report.add(.file, name, "The file is missing.")
                continue
            }
            var hash = SHA256()
            while true {
                let count = try file.read(into: &buffer)
                if count == 0 { break }
                buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                done += count
                progress(done)
            }
            if hash.finalize().withUnsafeBytes({ TreeHash($0) }) != digest { report.add(.file, name, "The file is not as it was listed.") }
        }
    }

    /// A name that no package has may be anything.
    private static func shown(_ name: String) -> String { PackageLayout.isName(name) ? name : "a file with an impossible name" }
}
