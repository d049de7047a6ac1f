import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The right to write the store: one process at a time, by `flock` on a file of its own. Ends with `release`, or the process.
package final class StoreLock: Sendable {
    private let descriptor: Mutex<Int32?>

    /// Nil: another process holds it.
    package static func take(path: String) throws(ControlFailure) -> StoreLock? {
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ControlFailure(
                code: "store_lock",
                message:
                    "The store's lock cannot be opened (\(String(cString: strerror(errno)))); create its directory and check its owner.")
        }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let reason = errno
            if reason == EINTR { continue }
            close(descriptor)
            if reason == EWOULDBLOCK { return nil }
            throw ControlFailure(
                code: "store_lock",
                message: "The store cannot be locked (\(String(cString: strerror(reason)))); keep it on a local file system.")
        }
        return StoreLock(descriptor: descriptor)
    }

    private init(descriptor: Int32) { self.descriptor = Mutex(descriptor) }

    deinit { release() }

    /// Call it when the store is closed: an object may end after its last use, and its lock with it.
    package func release() {
        descriptor.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }
}

/// How a command reaches the store: by itself, or through the gate that owns it.
package enum StoreAccess: Sendable {
    case owned(StoreLock)
    case gate(ControlClient)

    /// Fails if another process holds the store and no gate answers at the socket: then it is another command at work.
    package static func open(lock: String, socket: String) async throws(ControlFailure) -> StoreAccess {
        if let lock = try StoreLock.take(path: lock) { return .owned(lock) }
        let client = ControlClient(socketPath: socket)
        guard await client.answers() else {
            throw ControlFailure(
                code: "store_busy", message: "Another Waybill process holds the store and answers no commands; wait for it, or stop it.")
        }
        return .gate(client)
    }
}
