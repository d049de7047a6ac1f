import CLibSSL

/// One TLS session on a socket that does not block.
struct TLSSession: ~Copyable {
    private let ssl: OpaquePointer

    init(_ ssl: OpaquePointer) { self.ssl = ssl }

    deinit { SSL_free(ssl) }

    /// The receiver has shown a certificate for its name, by a root that is trusted.
    var isVerified: Bool { SSL_get0_peer_certificate(ssl) != nil && SSL_get_verify_result(ssl) == Int(X509_V_OK) }

    func shakeHands(_ socket: borrowing TCPSocket) throws(TCPSocket.Problem) {
        while true {
            ERR_clear_error()
            let result = SSL_connect(ssl)
            if result == 1 { return }
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ: try socket.waitReadable()
            case SSL_ERROR_WANT_WRITE: try socket.waitWritable()
            default: throw .unverified
            }
        }
    }

    func write(_ bytes: [UInt8], _ socket: borrowing TCPSocket) throws(TCPSocket.Problem) {
        var done = 0
        while done < bytes.count {
            ERR_clear_error()
            var count = 0
            // The same place and length again after a wait, as libssl asks for.
            let result = bytes.withUnsafeBytes { SSL_write_ex(ssl, $0.baseAddress.map { $0 + done }, bytes.count - done, &count) }
            if result == 1 {
                done += count
                continue
            }
            switch SSL_get_error(ssl, result) {
            case SSL_ERROR_WANT_READ: try socket.waitReadable()
            case SSL_ERROR_WANT_WRITE: try socket.waitWritable()
            default: throw .reset
            }
        }
    }

    /// The other side has ended nothing. What it says is not for us and is dropped.
    var isOpen: Bool {
        var scratch = [UInt8](repeating: 0, count: 4_096)
        while true {
            ERR_clear_error()
            var count = 0
            let result = SSL_read_ex(ssl, &scratch, scratch.count, &count)
            if result == 1 { continue }
            let code = SSL_get_error(ssl, result)
            return code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE
        }
    }
}
