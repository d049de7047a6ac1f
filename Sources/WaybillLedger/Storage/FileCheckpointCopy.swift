#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A checkpoint in a file (`log.checkpoint_copy`), replaced by rename.
package struct FileCheckpointCopy: CheckpointCopy {
    private let path: String
    private let bytesMax = 1_000_000

    package init(path: String) { self.path = path }

    package func read() throws(CheckpointCopyError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("opened")
        }
        defer { close(file) }
        var bytes = [UInt8]()
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = chunk.withUnsafeMutableBytes { systemRead(file, $0) }
            guard count >= 0 else { throw failure("read") }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= bytesMax else { throw CheckpointCopyError("\(path) is too large to be a checkpoint") }
        }
    }

    package func write(_ note: [UInt8]) throws(CheckpointCopyError) {
        let temporary = path + ".new"
        let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("created") }
        var isOpen = true
        defer { if isOpen { close(file) } }
        var rest = note[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(file, $0) }
            guard count > 0 else { throw failure("written") }
            rest = rest.dropFirst(count)
        }
        guard fsync(file) == 0 else { throw failure("synced") }
        isOpen = false
        guard close(file) == 0 else { throw failure("closed") }
        guard rename(temporary, path) == 0 else { throw failure("renamed") }
        try syncFolder()
    }

    private func syncFolder() throws(CheckpointCopyError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let folder = parts.isEmpty ? "." : parts == [""] ? "/" : parts.joined(separator: "/")
        let file = open(folder, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("synced with its folder") }
        defer { close(file) }
        guard fsync(file) == 0 else { throw failure("synced with its folder") }
    }

    private func failure(_ what: String) -> CheckpointCopyError {
        CheckpointCopyError("\(path) could not be \(what): \(String(cString: strerror(errno)))")
    }
}

private func systemRead(_ file: CInt, _ bytes: UnsafeMutableRawBufferPointer) -> Int { read(file, bytes.baseAddress, bytes.count) }
private func systemWrite(_ file: CInt, _ bytes: UnsafeRawBufferPointer) -> Int { write(file, bytes.baseAddress, bytes.count) }
