package import NIOSSL

/// Gives the TLS identities under which the forward proxy stands in for vendors.
///
/// Asked on event loops and must not block: a leaf lives in memory, is minted in well under a millisecond and kept until shortly before it expires.
package protocol LeafIssuer: Sendable {
    /// TLS that presents a certificate for `host` (lower case, a DNS name) and offers the application protocols callers may choose.
    func context(for host: String) throws(LeafFault) -> NIOSSLContext
}

/// Why no certificate is given for a name; the caller's `CONNECT` is refused with 403 then.
package enum LeafFault: Error, Sendable, Equatable {
    /// The CA's name constraints do not cover it.
    case notPermitted
    /// It could not be signed.
    case failed
}
