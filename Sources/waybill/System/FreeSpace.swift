#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension Files {
    /// What an ordinary user may still write on the disk of `path`.
    static func freeBytes(_ path: String) throws(SystemError) -> UInt64 {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { throw SystemError("look at the disk of \(path)") }
        return UInt64(facts.f_bavail) * UInt64(facts.f_frsize)
    }
}
