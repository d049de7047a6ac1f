import CLibSSL
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// One verified TLS connection, kept, for bytes in one direction.
final class TLSStream: Sendable {
    private struct State: ~Copyable {
        let context: TLSContext
        var connection: TLSConnection?
    }
    private let host: String
    private let port: Int
    private let timeoutMilliseconds: Int
    private let state: Mutex<State>
    private let flag = StopFlag()
    private var receiver: String { "\(host):\(port)" }

    init(host: String, port: Int, identity: CurlIdentity, timeoutMilliseconds: Int) throws(DeliveryFailure) {
        self.host = host
        self.port = port
        self.timeoutMilliseconds = timeoutMilliseconds
        state = Mutex(State(context: try TLSContext(identity), connection: nil))
    }

    /// Ends what is under way, and everything later, with a failure.
    func stop() { flag.raise() }

    /// Returns once the receiver's system has every byte. A connection that broke off is not opened again by the same call: what was sent
    /// on it may be lost.
    func send(_ bytes: [UInt8]) throws(DeliveryFailure) {
        try state.withLock { state throws(DeliveryFailure) in
            do throws(TCPSocket.Problem) {
                let deadline = ContinuousClock.now + .milliseconds(timeoutMilliseconds)
                let connection: TLSConnection
                if let kept = state.connection {
                    connection = kept
                } else {
                    connection = try TLSConnection(state.context, host, port, deadline, flag)
                    state.connection = connection
                }
                try connection.send(bytes, deadline)
            } catch {
                state.connection = nil
                throw failure(error)
            }
        }
    }

    /// False: what was sent may be lost. The next `send` opens another connection.
    func isIntact() -> Bool {
        state.withLock { state in
            guard let connection = state.connection, !connection.isIntact else { return state.connection != nil }
            state.connection = nil
            return false
        }
    }

    private func failure(_ problem: TCPSocket.Problem) -> DeliveryFailure {
        switch problem {
        case .stopped: CurlFailure.stopped
        case .unreachable:
            DeliveryFailure("\(receiver) does not accept connections; check its name, that it runs, and the network between.")
        case .tooLong: DeliveryFailure("\(receiver) took too long; check that it runs, and how busy it is.")
        case .reset:
            DeliveryFailure("The connection with \(receiver) broke off; check that it runs. What it may lack is sent again.")
        case .unverified:
            DeliveryFailure(
                "TLS with \(receiver) could not be agreed; check that its root is in `trust`, that its certificate is for that name, and whom "
                    + "it lets in.")
        }
    }
}

/// A socket and the session on it.
final class TLSConnection {
    /// A receiver whose machine vanishes is noticed sooner than what it was given counts as delivered.
    private static let silenceSecondsMax: Int32 = 4
    private let session: TLSSession
    private var socket: TCPSocket

    init(
        _ context: borrowing TLSContext, _ host: String, _ port: Int, _ deadline: ContinuousClock.Instant, _ flag: StopFlag
    ) throws(TCPSocket.Problem) {
        let socket = try TCPSocket(host: host, port: port, deadline: deadline, flag: flag)
        socket.noticeSilence(seconds: Self.silenceSecondsMax)
        let session = try context.session(host: host, socket.descriptor)
        try session.shakeHands(socket)
        guard session.isVerified else { throw .unverified }
        self.session = session
        self.socket = socket
    }

    func send(_ bytes: [UInt8], _ deadline: ContinuousClock.Instant) throws(TCPSocket.Problem) {
        socket.deadline = deadline
        // With TLS 1.3 a receiver that refuses us says so only after the handshake.
        guard isIntact else { throw .reset }
        try session.write(bytes, socket)
        try socket.waitAcknowledged()
    }

    var isIntact: Bool { session.isOpen && !socket.isBroken }
}

/// Whom sessions trust and who they are.
struct TLSContext: ~Copyable {
    private struct Owned: ~Copyable {
        let context: OpaquePointer
        deinit { SSL_CTX_free(context) }
    }
    private let owned: Owned

    init(_ identity: CurlIdentity) throws(DeliveryFailure) {
        // libssl writes to the socket in a way that a broken connection would end the process for.
        signal(SIGPIPE, SIG_IGN)
        guard let context = SSL_CTX_new(TLS_client_method()) else {
            throw DeliveryFailure("libssl cannot be used; check its installation and the memory left.")
        }
        let owned = Owned(context: context)
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        guard waybill_ssl_min_tls12(context) == 1, SSL_CTX_set_default_verify_paths(context) == 1 else {
            throw DeliveryFailure("The system's root certificates cannot be used; install them.")
        }
        for file in identity.trust {
            guard SSL_CTX_load_verify_file(context, file) == 1 else {
                throw DeliveryFailure("The root certificates in \(file) cannot be used; check the path and that they are PEM.")
            }
        }
        if let client = identity.clientCertificate {
            guard SSL_CTX_use_certificate_chain_file(context, client.certificate) == 1,
                SSL_CTX_use_PrivateKey_file(context, client.key, SSL_FILETYPE_PEM) == 1, SSL_CTX_check_private_key(context) == 1
            else {
                throw DeliveryFailure(
                    "The client certificate \(client.certificate) cannot be used; check that it and `client_key` are a pair of PEM files.")
            }
        }
        self.owned = owned
    }

    /// `host`: the name or the address that the certificate must be for.
    func session(host: String, _ descriptor: Int32) throws(TCPSocket.Problem) -> TLSSession {
        guard let ssl = SSL_new(owned.context) else { throw .reset }
        let session = TLSSession(ssl)
        let isNamed =
            waybill_ssl_expect_address(ssl, host) == 1
            || (SSL_set1_host(ssl, host) == 1 && waybill_ssl_server_name(ssl, host) == 1)
        guard isNamed, SSL_set_fd(ssl, descriptor) == 1 else { throw .unverified }
        return session
    }
}
