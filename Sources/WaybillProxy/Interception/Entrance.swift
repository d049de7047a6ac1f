import NIOCore
import WaybillCore

/// What a caller's connection serves, and what the connection itself says of the caller.
struct Entrance {
    enum Kind {
        /// Vendors' base URLs.
        case gate
        /// A forward proxy: `CONNECT`, and targets in absolute form.
        case proxy(any LeafIssuer)
        /// What follows a `CONNECT`: the vendor's own requests, behind a leaf in its name.
        case tunnel(Tunnel)
    }
    var kind: Kind
    /// Looked up anew for every request: callers and their credentials may go while a connection lives.
    var shown: [CallerCredential] = []

    /// What a caller who is not known is told.
    var unauthenticated: Refusal {
        switch kind {
        case .gate, .tunnel: .unauthenticated
        case .proxy: .proxyUnauthenticated
        }
    }

    var isTunnel: Bool { if case .tunnel = kind { true } else { false } }
}

/// A tunnel that was asked for by a known caller, to a destination of a vendor.
struct Tunnel {
    let origin: Origin
    /// How Host may name it; lower case.
    let authorities: [[UInt8]]
    /// The client's TLS asked for the name that `CONNECT` gave. Otherwise no request is served.
    var isServerNameRight = false

    init(to origin: Origin) {
        self.origin = origin
        authorities = origin.authorities
    }

    /// Host, and the authority of an absolute-form target, mean this tunnel's destination.
    func isMeant(by head: CallerHead) -> Bool {
        guard let host = head.fields.first(.host) else { return false }
        let fields = head.fields
        let bytes = fields.bytes.readableBytesUInt8Span
        guard authorities.contains(where: { bytes.matches(host, $0) }) else { return false }
        return !head.isAbsoluteForm || Origin(absolute: head) == origin
    }
}
