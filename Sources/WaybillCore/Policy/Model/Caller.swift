package struct Caller: Sendable {
    package enum OnDenied: String, CaseIterable, Sendable { case reject, drop, hold }
    package enum Credential: Sendable, Hashable {
        /// SHA-256 of the token, 32 bytes.
        case tokenSHA256([UInt8])
        /// A DNS name or URI in the caller's client certificate, as written.
        case mtlsSAN(String)

        /// DNS names are the same in any case; URIs are not (RFC 5280 §7.2, §7.4).
        package static func sanKey(_ san: String) -> String { san.contains("://") ? san : san.lowercased() }
    }
    /// One entry of `may_use`. Every version of the named agreement is meant.
    package struct Permission: Sendable {
        package var agreement: String
        package var vendor: VendorID
        package var purposes: [PurposeID]
        /// Endpoints of that vendor the entry is limited to; nil: all the agreement covers.
        package var endpoints: Set<EndpointID>?
        package var position: SourcePosition
    }
    package var id: String
    package var owner: String
    package var credentials: [Credential]
    package var mayUse: [Permission]
    package var defaultPurpose: PurposeID?
    package var onDenied: OnDenied
    package var childDirected: Bool
    package var position: SourcePosition
}
