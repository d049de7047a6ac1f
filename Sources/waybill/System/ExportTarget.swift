#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where an export is written: standard output, or a new file that takes its name once it is whole.
final class ExportTarget {
    private let path: String?
    private let temporary: String
    private var descriptor: Int32

    /// A file that is there already is refused.
    init(path: String?) throws {
        self.path = path
        temporary = path.map { "\($0).\(getpid()).new" } ?? ""
        guard let path else {
            descriptor = STDOUT_FILENO
            return
        }
        descriptor = -1
        guard try Files.facts(path) == nil else {
            throw CommandFailure("\(path) is there already", remedy: "name a file that is not, or remove it")
        }
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError("create \(path)") }
    }

    func write(_ bytes: [UInt8]) throws(SystemError) {
        guard let path else { return try StandardStreams.writeOrThrow(bytes) }
        guard writeAll(bytes, to: descriptor) else { throw SystemError("write \(path)") }
    }

    /// Durable on return, unless it goes to standard output.
    func finish() throws(SystemError) {
        guard let path else { return }
        guard fsync(descriptor) == 0 else { throw SystemError("write \(path)") }
        guard link(temporary, path) == 0 else { throw SystemError("create \(path)") }
        try Files.syncDirectory(Files.parent(of: path))
    }

    /// What is not finished leaves nothing behind.
    func abandon() {
        guard path != nil, descriptor >= 0 else { return }
        close(descriptor)
        unlink(temporary)
        descriptor = -1
    }
}
