import Foundation
import WaybillCore

enum PrivateFile {
    /// SQLite would create the file with the process's umask.
    static func create(_ path: String) throws {
        let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ConsentStoreError(
                code: .unavailable,
                message:
                    "The store's file cannot be opened (\(String(cString: strerror(errno)))); create its directory and check its owner.")
        }
        close(descriptor)
    }
}
