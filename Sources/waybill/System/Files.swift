#if canImport(CoreFoundation)
    // Under whole-module optimisation the compiler attributes `stat`'s members to this module, which sees the same header.
    import CoreFoundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The few file operations that must be exact about permissions, atomicity and what happens on failure.
enum Files {
    static let modeMask: mode_t = 0o7777

    struct Facts: Hashable {
        var isDirectory: Bool
        var mode: mode_t
        var owner: uid_t
        var bytes: Int
        var modifiedSeconds: Int
        var modifiedNanoseconds: Int
        var inode: UInt64
    }

    /// Nil if there is nothing at `path`.
    static func facts(_ path: String) throws(SystemError) -> Facts? {
        var info = stat()
        guard stat(path, &info) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw SystemError("look at \(path)")
        }
        #if canImport(Darwin)
            let modified = info.st_mtimespec
        #else
            let modified = info.st_mtim
        #endif
        return Facts(
            isDirectory: info.st_mode & S_IFMT == S_IFDIR, mode: mode_t(info.st_mode) & modeMask, owner: info.st_uid,
            bytes: Int(info.st_size),
            modifiedSeconds: Int(modified.tv_sec), modifiedNanoseconds: Int(modified.tv_nsec), inode: UInt64(info.st_ino))
    }

    /// The whole file; refuses more than `bytesMax`.
    static func read(_ path: String, bytesMax: Int) throws(SystemError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("read \(path)") }
        defer { close(descriptor) }
        return try read(descriptor: descriptor, name: path, bytesMax: bytesMax)
    }

    static func readStandardInput(bytesMax: Int) throws(SystemError) -> [UInt8] {
        try read(descriptor: STDIN_FILENO, name: "standard input", bytesMax: bytesMax)
    }

    private static func read(descriptor: Int32, name: String, bytesMax: Int) throws(SystemError) -> [UInt8] {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = chunk.withUnsafeMutableBytes { systemRead(descriptor, $0) }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError("read \(name)")
            }
            if count == 0 { return content }
            guard content.count + count <= bytesMax else { throw SystemError("read \(name)", code: EFBIG) }
            content.append(contentsOf: chunk[0..<count])
        }
    }

    /// Names in a directory, sorted; dot files only if `hidden`.
    static func names(in directory: String, hidden: Bool = false) throws(SystemError) -> [String] {
        guard let stream = opendir(directory) else { throw SystemError("list \(directory)") }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") || (hidden && name != "." && name != "..") { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw SystemError("list \(directory)") }
        return names.sorted()
    }

    /// Makes `path` and what is missing above it. What exists stays as it is.
    static func makeDirectory(_ path: String, mode: mode_t = 0o755) throws(SystemError) {
        if path.isEmpty || path == "/" || path == "." { return }
        if let found = try facts(path) {
            guard found.isDirectory else { throw SystemError("make the directory \(path)", code: ENOTDIR) }
            return
        }
        try makeDirectory(parent(of: path), mode: 0o755)
        guard mkdir(path, mode) == 0 || errno == EEXIST else { throw SystemError("make the directory \(path)") }
    }

    /// Writes a file that must not exist yet, whole or not at all: temporary name, sync, link, sync of the directory.
    static func create(_ path: String, content: [UInt8], mode: mode_t) throws(SystemError) {
        let temporary = "\(path).\(getpid()).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw SystemError("create \(path)") }
        defer { unlink(temporary) }
        do {
            defer { close(descriptor) }
            guard fchmod(descriptor, mode) == 0, writeAll(content, to: descriptor), fsync(descriptor) == 0
            else { throw SystemError("write \(path)") }
        }
        guard link(temporary, path) == 0 else { throw SystemError("create \(path)") }
        try syncDirectory(parent(of: path))
    }

    /// A directory takes its final name once everything in it is written.
    static func rename(_ path: String, to final: String) throws(SystemError) {
        try syncDirectory(path)
        guard systemRename(path, final) == 0 else { throw SystemError("rename \(path)") }
        try syncDirectory(parent(of: final))
    }

    /// A file takes another name, in place of what had it.
    static func move(_ path: String, to final: String) throws(SystemError) {
        guard systemRename(path, final) == 0 else { throw SystemError("rename \(path)") }
        try syncDirectory(parent(of: final))
    }

    /// Removes a file or a directory with everything in it, if it is there.
    static func removeTree(_ path: String) throws(SystemError) {
        guard let found = try facts(path) else { return }
        guard found.isDirectory else {
            guard unlink(path) == 0 else { throw SystemError("remove \(path)") }
            return
        }
        for name in try names(in: path, hidden: true) { try removeTree(resolve(name, against: path)) }
        guard rmdir(path) == 0 else { throw SystemError("remove \(path)") }
    }

    static func syncDirectory(_ path: String) throws(SystemError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError("sync \(path)") }
    }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// `path` as seen from `base`, unless it is absolute.
    static func resolve(_ path: String, against base: String) -> String {
        if path.hasPrefix("/") || base.isEmpty || base == "." { return path }
        return base.hasSuffix("/") ? base + path : "\(base)/\(path)"
    }

    static var ownUser: uid_t { geteuid() }
}

// `Files` has functions of the same names, which would hide the system's.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    read(descriptor, buffer.baseAddress, buffer.count)
}

private func systemRename(_ path: String, _ final: String) -> Int32 { rename(path, final) }

/// A file read in pieces, in order; `-` is standard input.
final class FilePieces: Sendable {
    private static let pieceBytes = 65_536
    private let descriptor: Int32
    private let name: String

    init(_ path: String) throws(SystemError) {
        name = path == "-" ? "standard input" : path
        descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("read \(name)") }
    }

    deinit { if descriptor != STDIN_FILENO { close(descriptor) } }

    /// Nil at the end.
    func next() throws(SystemError) -> [UInt8]? {
        while true {
            var failure: Int32 = 0
            let piece = [UInt8](unsafeUninitializedCapacity: FilePieces.pieceBytes) { buffer, count in
                let got = systemRead(descriptor, UnsafeMutableRawBufferPointer(buffer))
                if got < 0 { failure = errno }
                count = max(0, got)
            }
            if failure == EINTR { continue }
            guard failure == 0 else { throw SystemError("read \(name)", code: failure) }
            return piece.isEmpty ? nil : piece
        }
    }
}

/// A file (0600) written in pieces, synced at the end.
final class NewFile {
    private let descriptor: Int32
    private let path: String

    /// Throws if it exists.
    init(_ path: String) throws(SystemError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("create \(path)") }
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) throws(SystemError) { guard writeAll(bytes, to: descriptor) else { throw SystemError("write \(path)") } }

    func finish() throws(SystemError) { guard fsync(descriptor) == 0 else { throw SystemError("write \(path)") } }
}

/// A folder under work, which one process at a time may hold; its lock ends with the process.
final class FolderLock {
    private let descriptor: Int32

    /// Nil: another process works there.
    init?(_ path: String) throws(SystemError) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) != 0 else { return }
        guard errno == EWOULDBLOCK else { throw SystemError("lock \(path)") }
        return nil
    }

    deinit { close(descriptor) }
}
