import Foundation
import Synchronization
import WaybillCore

enum PrivateFile {
    private static let creating = Mutex(())

    /// Makes the file of a database (0600) if there is none: SQLite would make it with the process's umask.
    ///
    /// A file that is there is never opened: closing any descriptor of a database takes away the locks of every connection that this
    /// process has to it, and the next process to leave it would remove the journal that those still write to.
    static func create(_ path: String) throws {
        try creating.withLock { _ in
            let descriptor = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
            if descriptor >= 0 {
                close(descriptor)
            } else if errno != EEXIST {
                throw ConsentStoreError(
                    code: .unavailable,
                    message: "The store's file cannot be opened (\(String(cString: strerror(errno)))); create its directory and check its "
                        + "owner.")
            }
        }
    }
}
