#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A short name for a directory with a long one: sockets' paths end at about a hundred bytes.
enum ShortPath {
    static let bytesMax = 80

    /// `/proc/self/fd/7`. The descriptor stays open as long as the process, which asks once.
    static func of(directory: String) throws(SystemError) -> String {
        #if os(Linux)
            let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { throw SystemError("open \(directory)") }
            return "/proc/self/fd/\(descriptor)"
        #else
            return directory
        #endif
    }
}
