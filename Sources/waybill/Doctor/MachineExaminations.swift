import FoundationEssentials
import WaybillCore
import WaybillLedger
import WaybillStorage

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Examination {
    private static let freeBytesMin: UInt64 = 1 << 30
    private static let freeShareMin = 0.1
    private static let openFilesMin: UInt64 = 20_000
    /// As the log's writer has it: beyond it nothing is recorded.
    private static let clockBackSecondsMax: Int64 = 5

    /// The log must be able to grow; when it cannot, nothing leaves.
    static let disk = Examination(area: "disk") { settings in
        let directory = settings.stateDirectory
        var facts = statvfs()
        guard statvfs(directory, &facts) == 0 else { throw SystemError("look at the disk of \(directory)").failure }
        let free = UInt64(facts.f_bavail) * UInt64(facts.f_frsize)
        let total = max(1, UInt64(facts.f_blocks) * UInt64(facts.f_frsize))
        let what = "\(free >> 20) MiB free for \(directory), \(Int(Double(free) / Double(total) * 100)) % of its disk"
        let remedy = "make room or move the store: without room for the log nothing leaves"
        if free < freeBytesMin { return [.error(what, remedy)] }
        let room = Double(free) / Double(total) < freeShareMin ? Finding.warning(what, remedy) : .ok(what)
        return try [room] + fileSystem(directory)
    }

    /// Locks and syncs of these are promises that nobody keeps.
    private static let unfitFileSystems: Set<String> = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "tmpfs", "ramfs", "9p", "afs", "ceph"]
    private static let mountsBytesMax = 1 << 20

    private static func fileSystem(_ directory: String) throws(CommandFailure) -> [Finding] {
        let mounts = "/proc/mounts"
        guard try failing({ () throws(SystemError) in try Files.facts(mounts) }) != nil else { return [] }
        let lines = try failing { () throws(SystemError) in try Files.read(mounts, bytesMax: mountsBytesMax) }
        let place = directory.hasPrefix("/") ? directory : FileManager.default.currentDirectoryPath + "/" + directory
        // Of points one within the other the longest counts; of two mounts on one point the later.
        var kind = "", length = -1
        for line in String(decoding: lines, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: " ").map(String.init)
            guard fields.count > 2 else { continue }
            let point = fields[1] == "/" ? "/" : fields[1] + "/"
            if (place + "/").hasPrefix(point), point.utf8.count >= length { (kind, length) = (fields[2], point.utf8.count) }
        }
        guard unfitFileSystems.contains(kind) else { return [] }
        return [
            .warning(
                "\(directory) is on \(kind), where a sync or a lock may not be what it says",
                "put `store` on a local disk; otherwise a crash can lose entries that were acknowledged")
        ]
    }

    static let openFiles = Examination(area: "open files") { _ in
        let facts = try failing { () throws(SystemError) in try ProcessFacts.read() }
        let what = "a process may have \(facts.openFilesMax) files open"
        guard facts.openFilesMax < openFilesMin else { return [.ok(what)] }
        return [
            .warning(
                what + ", as seen from here", "set LimitNOFILE=65536 in the unit: each connection is one, and callers and vendors have many"
            )
        ]
    }

    static let clock = Examination(area: "clock") { settings in
        guard try failing({ () throws(SystemError) in try Files.facts(settings.logStore) }) != nil else { return [] }
        let last = try reading { try Wiring.logReader(settings).head()?.time }
        if let last, last.seconds - SystemWallClock().now().seconds > clockBackSecondsMax {
            return [
                .error("the clock is behind the log's last entry of \(last.rfc3339)", "set the clock right; never delete the log for this")
            ]
        }
        return [.ok("the clock is not behind the log")]
    }
}
