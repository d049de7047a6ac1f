#if canImport(CoreFoundation)
    // Under whole-module optimisation the compiler attributes `timeval`'s members to this module, which sees the same header.
    import CoreFoundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the system says about this process.
struct ProcessFacts: Sendable {
    var cpuSeconds: Double
    /// Nil where the system has no `/proc`.
    var residentBytes: UInt64?
    var openFiles: UInt64?
    var openFilesMax: UInt64

    static func read() throws(SystemError) -> ProcessFacts {
        var usage = rusage()
        var files = rlimit()
        #if canImport(Glibc)
            let (me, openFiles) = (__rusage_who_t(RUSAGE_SELF.rawValue), __rlimit_resource_t(RLIMIT_NOFILE.rawValue))
        #else
            let (me, openFiles) = (RUSAGE_SELF, RLIMIT_NOFILE)
        #endif
        guard getrusage(me, &usage) == 0 else { throw SystemError("read the process' usage") }
        guard getrlimit(openFiles, &files) == 0 else { throw SystemError("read the limit on open files") }
        var facts = ProcessFacts(cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime), openFilesMax: UInt64(files.rlim_cur))
        #if os(Linux)
            let statm = String(decoding: try Files.read("/proc/self/statm", bytesMax: 4_096), as: UTF8.self).split(separator: " ")
            if statm.count > 1, let pages = UInt64(statm[1]) { facts.residentBytes = pages * UInt64(sysconf(Int32(_SC_PAGESIZE))) }
            // Reading the directory has one open itself.
            facts.openFiles = UInt64(max(0, try Files.names(in: "/proc/self/fd").count - 1))
        #endif
        return facts
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }
}
