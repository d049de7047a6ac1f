import CArchive

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A package as one zip (zip64 where it must be), written and read piece by piece.
package enum PackageZip {
    /// `AE_IFREG` and `AE_IFDIR`, which are casts that Swift does not see.
    private enum AE {
        static let regular: UInt32 = 0o100000
        static let folder: UInt32 = 0o040000
    }
    private static let pieceBytes = 1 << 18
    /// Entries of a log are much alike: more effort saves little and takes minutes.
    private static let options = "zip:compression=deflate,zip:compression-level=1"
    /// What a zip may unpack to.
    private static let unpackedBytesMax: Int64 = 1 << 40

    /// `root`: the folder's name inside. Throws if `path` exists. `progress` hears of bytes read so far.
    static func write(
        folder: String, files: [(name: String, bytes: Int)], root: String, to path: String, seconds: Int, progress: (Int) throws -> Void
    ) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw PackageFolder.failure("create \(path)") }
        defer { close(descriptor) }
        guard let archive = archive_write_new() else { throw PackageError("There is no memory for the zip; try again.") }
        defer { archive_write_free(archive) }
        guard archive_write_set_format_zip(archive) == ARCHIVE_OK, archive_write_set_options(archive, options) == ARCHIVE_OK,
            archive_write_set_bytes_in_last_block(archive, 1) == ARCHIVE_OK, archive_write_open_fd(archive, descriptor) == ARCHIVE_OK
        else { throw failure(archive, path) }
        var done = 0
        var buffer = [UInt8](repeating: 0, count: pieceBytes)
        for file in files {
            guard let entry = archive_entry_new() else { throw PackageError("There is no memory for the zip; try again.") }
            defer { archive_entry_free(entry) }
            archive_entry_set_pathname(entry, "\(root)/\(file.name)")
            archive_entry_set_size(entry, Int64(file.bytes))
            archive_entry_set_filetype(entry, AE.regular)
            archive_entry_set_perm(entry, 0o600)
            archive_entry_set_mtime(entry, seconds, 0)
            guard archive_write_header(archive, entry) == ARCHIVE_OK else { throw failure(archive, path) }
            let source = try PackageFileReader(path: "\(folder)/\(file.name)")
            while true {
                let count = try source.read(into: &buffer)
                if count == 0 { break }
                guard buffer.withUnsafeBytes({ archive_write_data(archive, $0.baseAddress, count) }) == count else {
                    throw failure(archive, path)
                }
                done += count
                try progress(done)
            }
        }
        guard archive_write_close(archive) == ARCHIVE_OK else { throw failure(archive, path) }
        guard fsync(descriptor) == 0 else { throw PackageFolder.failure("write \(path)") }
    }

    private static func failure(_ archive: OpaquePointer, _ path: String) -> PackageError {
        let code = archive_errno(archive)
        return PackageFolder.failure("write \(path)", code > 0 ? code : EIO)
    }

    /// Unpacks the one folder a package's zip holds into `folder`, which is made. Refuses links, names that leave it, and two of a name.
    package static func unpack(_ path: String, into folder: String) throws {
        let target = try PackageFolder(path: folder)
        guard let archive = archive_read_new() else { throw PackageError("There is no memory for the zip; try again.") }
        defer { archive_read_free(archive) }
        guard archive_read_support_format_zip(archive) == ARCHIVE_OK, archive_read_open_filename(archive, path, pieceBytes) == ARCHIVE_OK
        else {
            throw damaged
        }
        var (root, total): (String?, Int64) = (nil, 0)
        var buffer = [UInt8](repeating: 0, count: pieceBytes)
        var entry: OpaquePointer?
        while true {
            let status = archive_read_next_header(archive, &entry)
            if status == ARCHIVE_EOF { break }
            guard status == ARCHIVE_OK, let entry, let text = archive_entry_pathname(entry) else { throw damaged }
            let parts = String(cString: text).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            if archive_entry_filetype(entry) == AE.folder { continue }
            guard archive_entry_filetype(entry) == AE.regular, parts.count == 2, root == nil || root == String(parts[0]),
                target.files.count < PackageLayout.filesMax
            else { throw damaged }
            root = String(parts[0])
            let file = try target.open(String(parts[1]))
            while true {
                let count = buffer.withUnsafeMutableBytes { archive_read_data(archive, $0.baseAddress, $0.count) }
                guard count >= 0 else { throw damaged }
                if count == 0 { break }
                total += Int64(count)
                guard total <= unpackedBytesMax else { throw damaged }
                try file.append(buffer[..<count])
            }
            try target.finish(file)
        }
        guard !target.files.isEmpty else { throw damaged }
    }

    private static let damaged = PackageError("The zip is damaged, or is no evidence package; ask for it again.")
}
