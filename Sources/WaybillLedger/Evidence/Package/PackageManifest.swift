/// Lists of files in the form of `sha256sum`, of which the first is the text of a signed note.
enum PackageManifest {
    static func line(_ digest: TreeHash, _ name: String) -> String { "\(digest)  \(name)\n" }

    static func text(_ files: some Sequence<(name: String, digest: TreeHash)>) -> String {
        files.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }.map { line($0.digest, $0.name) }.joined()
    }

    /// Name → digest; nil unless every line is `<64 hex digits>  <name>`, the names rising, as `text` writes them.
    static func parse(_ text: String) -> [(name: String, digest: TreeHash)]? {
        guard text.hasSuffix("\n") else { return nil }
        var found: [(name: String, digest: TreeHash)] = []
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            let name = String(line.dropFirst(66))
            var digits = String(line.prefix(64))
            guard line.utf8.count > 66, line.dropFirst(64).hasPrefix("  "), PackageLayout.isName(name),
                let digest = digits.withUTF8({ TreeHash(hexDigits: UnsafeRawBufferPointer($0)) })
            else { return nil }
            if let last = found.last, !last.name.utf8.lexicographicallyPrecedes(name.utf8) { return nil }
            found.append((name, digest))
        }
        return found
    }

    /// Returns the note. Moves the many small files into lists of their own where one note could not hold them all.
    static func write(_ folder: PackageFolder, signers: [NoteSigner], bytesMax: Int) throws -> [UInt8] {
        var direct = folder.files.map { (name: $0.name, digest: $0.digest) }
        if text(direct).utf8.count > bytesMax {
            for (list, prefix) in [(PackageLayout.tileList, "tile/"), (PackageLayout.proofList, PackageLayout.proofs)] {
                let moved = direct.filter { $0.name.hasPrefix(prefix) }
                guard !moved.isEmpty else { continue }
                try folder.write(list, Array(text(moved).utf8))
                direct.removeAll { $0.name.hasPrefix(prefix) }
                direct += folder.files.suffix(1).map { (name: $0.name, digest: $0.digest) }
            }
        }
        let text = text(direct)
        guard text.utf8.count <= bytesMax else {
            throw PackageError("The package has too many files for its manifest; choose a shorter period.")
        }
        let note = Array(try SignedNote(signing: text, by: signers).string.utf8)
        try folder.write(PackageLayout.manifest, note)
        return note
    }
}
