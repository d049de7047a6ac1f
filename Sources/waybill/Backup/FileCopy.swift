import Crypto

/// Whole files, read in pieces.
enum FileCopy {
    /// Size and SHA-256 of a file.
    static func digest(_ path: String, progress: (Int) -> Void = { _ in }) throws(SystemError) -> (bytes: Int, sha256: String) {
        var hash = SHA256()
        var bytes = 0
        let pieces = try FilePieces(path)
        while let piece = try pieces.next() {
            hash.update(data: piece)
            bytes += piece.count
            progress(piece.count)
        }
        return (bytes, BackupManifest.hex(hash.finalize()))
    }

    /// Copies into a file that must not exist (0600), synced, and gives the digest of what was written. A throw leaves a part behind.
    static func copy(
        _ path: String, to target: String, progress: (Int) -> Void = { _ in }
    ) throws(SystemError) -> (bytes: Int, sha256: String) {
        try Files.makeDirectory(Files.parent(of: target), mode: 0o700)
        var hash = SHA256()
        var bytes = 0
        let pieces = try FilePieces(path)
        let output = try NewFile(target)
        while let piece = try pieces.next() {
            try output.write(piece)
            hash.update(data: piece)
            bytes += piece.count
            progress(piece.count)
        }
        try output.finish()
        return (bytes, BackupManifest.hex(hash.finalize()))
    }
}
