import Crypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The folder of a package while it is written: 0700, its files 0600. Knows the digest of each.
final class PackageFolder {
    let path: String
    /// In the order written.
    private(set) var files: [(name: String, digest: TreeHash, bytes: Int)] = []
    private var folders: Set<String> = []

    /// Makes the folder, which must not be there.
    init(path: String) throws {
        self.path = path
        guard mkdir(path, 0o700) == 0 else { throw PackageFolder.failure("make the folder \(path)") }
    }

    /// A small file at once.
    func write(_ name: String, _ content: [UInt8]) throws {
        let file = try open(name)
        try file.append(content)
        try finish(file)
    }

    /// A file piece by piece; `finish` it.
    func open(_ name: String) throws -> PackageFile {
        guard PackageLayout.isName(name) else { throw PackageError("A file of the package cannot be called \(name).") }
        let parts = name.split(separator: "/").dropLast()
        for count in 1..<(parts.count + 1) {
            let folder = parts.prefix(count).joined(separator: "/")
            guard folders.insert(folder).inserted else { continue }
            guard mkdir("\(path)/\(folder)", 0o700) == 0 || errno == EEXIST else {
                throw PackageFolder.failure("make the folder \(folder)")
            }
        }
        return try PackageFile(folder: path, name: name)
    }

    /// `isSynced`: on the disk before anything is renamed; tiles by the thousand are not worth it, the zip holds them too.
    func finish(_ file: PackageFile, isSynced: Bool = false) throws {
        let (digest, bytes) = try file.close(isSynced: isSynced)
        files.append((file.name, digest, bytes))
    }

    static func failure(_ attempt: String, _ code: Int32 = errno) -> PackageError {
        let reason = String(cString: strerror(code))
        let remedy =
            switch code {
            case ENOSPC, EDQUOT: "free some disk space, or name another place with --out"
            case EEXIST: "name a folder that does not exist yet"
            case EACCES, EPERM, EROFS: "name a place that may be written"
            default: "check the path"
            }
        return PackageError("Cannot \(attempt) (\(reason)); \(remedy).")
    }
}

/// One file on its way: buffered, digested as it goes.
final class PackageFile {
    private static let bufferBytes = 1 << 18
    let name: String
    private let descriptor: Int32
    private var isOpen = true
    private var hash = SHA256()
    private var buffer: [UInt8] = []
    private var count = 0

    fileprivate init(folder: String, name: String) throws {
        self.name = name
        descriptor = systemCreate("\(folder)/\(name)")
        guard descriptor >= 0 else { throw PackageFolder.failure("create \(name)") }
        buffer.reserveCapacity(PackageFile.bufferBytes + 65_536)
    }

    deinit { if isOpen { _ = systemClose(descriptor) } }

    func append(_ bytes: some Sequence<UInt8>) throws {
        buffer.append(contentsOf: bytes)
        if buffer.count >= PackageFile.bufferBytes { try flush() }
    }

    func append(line bytes: UnsafeRawBufferPointer) throws {
        buffer.append(contentsOf: bytes)
        buffer.append(0x0a)
        if buffer.count >= PackageFile.bufferBytes { try flush() }
    }

    private func flush() throws {
        var at = 0
        while at < buffer.count {
            let written = buffer.withUnsafeBytes { systemWrite(descriptor, $0.baseAddress?.advanced(by: at), $0.count - at) }
            if written < 0 {
                if errno == EINTR { continue }
                throw PackageFolder.failure("write \(name)")
            }
            at += written
        }
        buffer.withUnsafeBytes { hash.update(bufferPointer: $0) }
        count += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    fileprivate func close(isSynced: Bool) throws -> (TreeHash, Int) {
        try flush()
        if isSynced, fsync(descriptor) != 0 { throw PackageFolder.failure("write \(name)") }
        isOpen = false
        guard systemClose(descriptor) == 0 else { throw PackageFolder.failure("write \(name)") }
        guard let digest = hash.finalize().withUnsafeBytes({ TreeHash($0) }) else { throw PackageError("SHA-256 failed; try again.") }
        return (digest, count)
    }
}

// The classes have methods of the same names, which would hide the system's.
private func systemCreate(_ path: String) -> Int32 { open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(descriptor, bytes, count) }
