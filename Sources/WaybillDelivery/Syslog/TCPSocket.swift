import CLibSSL

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A TCP connection whose every wait ends at a deadline or when the program stops.
struct TCPSocket: ~Copyable {
    enum Problem: Error {
        /// Nobody accepts there, or the name has no address.
        case unreachable
        case tooLong
        case stopped
        /// The other side broke the connection off, unread bytes of ours or not.
        case reset
        /// No TLS, or not the receiver that is meant.
        case unverified
    }
    private static let pollMillisecondsMax = 100
    let descriptor: Int32
    /// Of the work under way.
    var deadline: ContinuousClock.Instant
    private let flag: StopFlag

    init(host: String, port: Int, deadline: ContinuousClock.Instant, flag: StopFlag) throws(Problem) {
        let descriptor = try Self.connect(host, port, deadline, flag)
        self.descriptor = descriptor
        self.deadline = deadline
        self.flag = flag
    }

    deinit { close(descriptor) }

    private static func connect(
        _ host: String, _ port: Int, _ deadline: ContinuousClock.Instant, _ flag: StopFlag
    ) throws(Problem) -> Int32 {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Darwin)
            hints.ai_socktype = SOCK_STREAM
        #else
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &list) == 0 else { throw .unreachable }
        defer { freeaddrinfo(list) }
        var next = list
        while let address = next?.pointee {
            next = address.ai_next
            let descriptor = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
            guard descriptor >= 0 else { continue }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            if systemConnect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return descriptor }
            do {
                guard errno == EINPROGRESS else { throw Problem.unreachable }
                try wait(descriptor, POLLOUT, deadline, flag)
                if error(descriptor) == 0 { return descriptor }
            } catch Problem.stopped {
                close(descriptor)
                throw .stopped
            } catch {
                // The next address may be better.
            }
            close(descriptor)
        }
        throw deadline <= .now ? .tooLong : .unreachable
    }

    func waitReadable() throws(Problem) { try Self.wait(descriptor, POLLIN, deadline, flag) }
    func waitWritable() throws(Problem) { try Self.wait(descriptor, POLLOUT, deadline, flag) }

    private static func wait(
        _ descriptor: Int32, _ event: Int32, _ deadline: ContinuousClock.Instant, _ flag: StopFlag
    ) throws(Problem) {
        while true {
            if flag.isRaised { throw .stopped }
            if deadline <= .now { throw .tooLong }
            var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            if poll(&entry, 1, Int32(pollMillisecondsMax)) > 0 { return }
        }
    }

    /// Returns once the other side's system has acknowledged every byte.
    func waitAcknowledged() throws(Problem) {
        while waybill_socket_unacknowledged(descriptor) > 0 {
            // Nothing tells when the last acknowledgement comes: it is a round trip away.
            if flag.isRaised { throw .stopped }
            if deadline <= .now { throw .tooLong }
            usleep(500)
        }
        guard waybill_socket_unacknowledged(descriptor) == 0, !isBroken else { throw .reset }
    }

    var isBroken: Bool { Self.error(descriptor) != 0 }

    /// A machine that vanishes is noticed within `seconds`, by probes of the system's.
    func noticeSilence(seconds: Int32) {
        waybill_socket_probe(descriptor, seconds)
    }

    private static func error(_ descriptor: Int32) -> Int32 {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
    }
}

// A static function of `TCPSocket` has the same name, which would hide the system's.
private func systemConnect(_ descriptor: Int32, _ address: UnsafePointer<sockaddr>?, _ size: socklen_t) -> Int32 {
    connect(descriptor, address, size)
}
