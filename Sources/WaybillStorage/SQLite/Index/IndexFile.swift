import Foundation
import WaybillLedger

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The index's file, which `reindex` replaces by another while processes use it.
///
/// Whoever uses the database holds a shared lock meanwhile, on a file beside it, and looks first whether the file is still the one it
/// opened. A replacement takes the lock for itself alone, so that nobody is within the old file, and no journal of the old one is left to
/// be taken for the new one's.
struct IndexFile: Sendable {
    enum Use { case shared, alone }
    /// What a file is by, whatever its name.
    struct Identity: Equatable, Sendable {
        var device: UInt64
        var number: UInt64
    }
    let path: String

    func using<Value>(_ use: Use, _ body: () throws -> Value) throws -> Value {
        let descriptor = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("locked") }
        defer { close(descriptor) }
        while flock(descriptor, use == .shared ? LOCK_SH : LOCK_EX) != 0 { guard errno == EINTR else { throw failure("locked") } }
        return try body()
    }

    /// Nil: there is none.
    func identity() throws -> Identity? {
        var facts = stat()
        guard stat(path, &facts) == 0 else {
            if errno == ENOENT { return nil }
            throw failure("found")
        }
        return Identity(device: UInt64(facts.st_dev), number: UInt64(facts.st_ino))
    }

    /// Only for whoever is alone, and has closed it.
    func replace(by other: String) throws {
        let descriptor = open(other, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("replaced") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("synced") }
        try remove(suffixes: ["-wal", "-shm", "-journal"])
        try IndexFile(path: other).remove(suffixes: ["-wal", "-shm", "-journal", ".lock"])
        guard rename(other, path) == 0 else { throw failure("replaced") }
    }

    /// Only for whoever is alone, and has closed it.
    func remove() throws { try remove(suffixes: ["-wal", "-shm", "-journal", ""]) }

    private func remove(suffixes: [String]) throws {
        for suffix in suffixes where unlink(path + suffix) != 0 && errno != ENOENT { throw failure("removed") }
    }

    private func failure(_ what: String) -> LogStoreError {
        .unusable("The index \(path) cannot be \(what) (\(String(cString: strerror(errno)))); check its folder's owner and mode.")
    }
}
