#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file open for one append: created 0600, never through a symbolic link, durable on return of `append`.
struct AppendedFile: ~Copyable {
    private static let pieceBytes = 64 * 1_024
    private let descriptor: Int32
    private let path: String
    private(set) var bytes: Int

    init(_ path: String) throws(DeliveryFailure) {
        let (descriptor, bytes) = try Self.open(path)
        self.path = path
        self.descriptor = descriptor
        self.bytes = bytes
    }

    private static func open(_ path: String) throws(DeliveryFailure) -> (descriptor: Int32, bytes: Int) {
        var descriptor = systemOpen(path, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT {
            descriptor = systemOpen(path, O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_CREAT | O_EXCL)
            // The name must be as durable as what is under it.
            if descriptor >= 0 { try syncDirectory(of: path) }
        }
        guard descriptor >= 0 else { throw failure("opened", path) }
        let end = lseek(descriptor, 0, SEEK_END)
        guard end >= 0 else {
            close(descriptor)
            throw failure("read", path)
        }
        return (descriptor, Int(end))
    }

    deinit { close(descriptor) }

    /// Cuts off what stands behind the last newline.
    mutating func dropUnfinishedLine() throws(DeliveryFailure) {
        var end = bytes
        var piece = [UInt8](repeating: 0, count: Self.pieceBytes)
        while end > 0 {
            let start = max(0, end - piece.count)
            let count = piece.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, end - start, off_t(start)) }
            guard count == end - start else { throw Self.failure("read", path) }
            if let newline = piece[..<count].lastIndex(of: 0x0a) {
                end = start + newline + 1
                break
            }
            end = start
        }
        guard end < bytes else { return }
        guard ftruncate(descriptor, off_t(end)) == 0 else { throw Self.failure("shortened", path) }
        bytes = end
    }

    mutating func append(_ content: [UInt8]) throws(DeliveryFailure) {
        var done = 0
        while done < content.count {
            let count = content.withUnsafeBytes { write(descriptor, $0.baseAddress.map { $0 + done }, content.count - done) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("written", path) }
            done += count
        }
        guard fsync(descriptor) == 0 else { throw Self.failure("synced", path) }
        bytes += done
    }

    private static func syncDirectory(of path: String) throws(DeliveryFailure) {
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let descriptor = systemOpen(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("opened", directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("synced", directory) }
    }

    private static func failure(_ what: String, _ path: String) -> DeliveryFailure {
        let remedy =
            switch errno {
            case ENOSPC, EDQUOT: "free some disk space"
            case EACCES, EPERM: "let the user that runs waybill write there"
            case ENOENT: "create its directory"
            case ELOOP: "name the file itself, not a symbolic link"
            default: "check the disk"
            }
        return DeliveryFailure("\(path) cannot be \(what) (\(String(cString: strerror(errno)))); \(remedy).")
    }
}

// A static function of `AppendedFile` has the same name, which would hide the system's.
private func systemOpen(_ path: String, _ flags: Int32) -> Int32 { open(path, flags, 0o600) }
