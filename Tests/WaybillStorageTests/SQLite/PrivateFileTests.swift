#if os(Linux)
    import Foundation
    import Glibc
    import Testing
    import WaybillStorage

    @Suite("A database's file")
    struct PrivateFileTests {
        /// `F_OFD_GETLK`: asks by a descriptor of its own, so that the locks of this process count as another's.
        private static let askForLock: Int32 = 36
        /// SQLite's bytes that every open connection holds a lock on while the journal is a write-ahead log.
        private static let sharedFirst: off_t = 0x4000_0000 + 2
        private static let sharedSize: off_t = 510

        @Test("Opening a store a second time leaves the first one's locks in place, and so its journal")
        func keepsLocks() throws {
            let directory = FileManager.default.temporaryDirectory.appending(path: "private-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: directory) }
            let path = directory.appending(path: "waybill-control.db").path
            let first = try ControlDatabase(path: path)
            #expect(try first.suspensionEvents().isEmpty)
            do {
                let second = try ControlDatabase(path: path)
                #expect(try second.suspensionEvents().isEmpty)
            }
            // Never closed: that would take the locks away.
            let descriptor = Glibc.open(path, O_RDWR)
            try #require(descriptor >= 0)
            var lock = flock(
                l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: Self.sharedFirst, l_len: Self.sharedSize, l_pid: 0)
            let answered = withUnsafeMutablePointer(to: &lock) { fcntl(descriptor, Self.askForLock, UnsafeMutableRawPointer($0)) }
            #expect(answered == 0 && lock.l_type == Int16(F_RDLCK))
            withExtendedLifetime(first) {}
        }
    }
#endif
