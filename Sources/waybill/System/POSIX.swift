#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A failed system call, in the system's own words. Paths are configuration, not personal data.
struct SystemError: Error, CustomStringConvertible {
    var code: Int32
    /// What was tried: `open var/keys/master.key`.
    var attempt: String

    init(_ attempt: String, code: Int32 = errno) {
        self.attempt = attempt
        self.code = code
    }

    var reason: String { String(cString: strerror(code)) }
    var isMissing: Bool { code == ENOENT }
    var alreadyExists: Bool { code == EEXIST }
    var description: String { "cannot \(attempt): \(reason)" }

    /// With what usually mends it.
    var failure: CommandFailure {
        let remedy: String? =
            switch code {
            case EACCES, EPERM: "let the user that runs waybill read and write it"
            case ENOSPC, EDQUOT: "free some disk space"
            case EROFS: "put it on a writable file system"
            case ENOENT: "check the path"
            default: nil
            }
        return CommandFailure(description, remedy: remedy)
    }
}

/// Whole writes to the standard streams; a closed pipe ends the process by SIGPIPE as usual.
enum StandardStreams {
    static func writeOutput(_ text: String) { write(Array(text.utf8), to: STDOUT_FILENO) }
    static func writeError(_ text: String) { write(Array(text.utf8), to: STDERR_FILENO) }
    /// For long output, whose reader may go away or whose disk may fill.
    static func writeOrThrow(_ bytes: [UInt8]) throws(SystemError) {
        guard writeAll(bytes, to: STDOUT_FILENO) else { throw SystemError("write to standard output") }
    }

    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }
    static var outputIsTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        // There is nobody left to tell when a standard stream cannot be written.
        _ = writeAll(bytes, to: descriptor)
    }
}

/// False, with `errno` set, if not everything was written.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { buffer in
        var rest = buffer[...]
        while !rest.isEmpty {
            let slice = UnsafeRawBufferPointer(rebasing: rest)
            let written = write(descriptor, slice.baseAddress, slice.count)
            if written < 0 {
                if errno == EINTR { continue }
                return false
            }
            rest = rest.dropFirst(written)
        }
        return true
    }
}

func exitProcess(_ status: Int32) -> Never { exit(status) }

/// Keys and personal data in memory must not reach a core file.
///
/// Throws where the system refuses; the caller says so and goes on, since no request is worse off than before.
func disableCoreDumps() throws(SystemError) {
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    #if canImport(Glibc)
        let core = __rlimit_resource_t(RLIMIT_CORE.rawValue)
    #else
        let core = RLIMIT_CORE
    #endif
    guard setrlimit(core, &limit) == 0 else { throw SystemError("turn off core dumps") }
    #if os(Linux)
        // The limit does not bind a program that cores are piped to; an empty set of mappings leaves it nothing to read.
        let filter = "/proc/self/coredump_filter"
        let descriptor = open(filter, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("write \(filter)") }
        defer { close(descriptor) }
        guard writeAll(Array("0".utf8), to: descriptor) else { throw SystemError("write \(filter)") }
    #endif
}

/// What this process creates from here on is for its user alone, whatever a library asks for.
func keepFilesPrivate() { umask(0o077) }

/// A gate goes on when whoever read its log went away.
func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }

func processID() -> Int32 { getpid() }

private let processStart = ContinuousClock.now

/// Seconds since the process first asked, from a clock that is never set back.
func monotonicSeconds() -> Double { (ContinuousClock.now - processStart) / .seconds(1) }
