package import WaybillCore

/// What an account, a token or a machine may: its roles, and what narrows them.
package struct AccessGrant: Codable, Sendable, Equatable {
    package var roles: Set<Role>
    /// Sees this vendor only.
    package var vendor: String?
    /// Sees this engagement only.
    package var engagement: String?
    /// Of the role caller: whose transfers it sees.
    package var caller: String?
    /// From then on it grants nothing.
    package var until: Timestamp?

    package init(
        roles: Set<Role>, vendor: String? = nil, engagement: String? = nil, caller: String? = nil, until: Timestamp? = nil
    ) {
        self.roles = roles
        self.vendor = vendor
        self.engagement = engagement
        self.caller = caller
        self.until = until
    }

    /// Roles that exclude each other, and roles that need to be narrowed. Throws `APIProblem` that points at the member at fault.
    func check() throws(APIProblem) {
        guard !roles.isEmpty else {
            throw APIProblem(.unprocessable, "Nobody may do anything without a role; name at least one.", pointer: "/roles")
        }
        let deciding: Set<Role> = [.vendorManager, .approver]
        guard !roles.contains(.administrator) || roles.isDisjoint(with: deciding) else {
            throw APIProblem(
                .unprocessable, "Administrators have no part in agreements; give vendor_manager and approver to somebody else.",
                pointer: "/roles")
        }
        for alone in [Role.caller, .vendorAuditor] where roles.contains(alone) && roles.count > 1 {
            throw APIProblem(
                .unprocessable, "The role \(alone.rawValue) stands alone; make another account for the rest.", pointer: "/roles")
        }
        guard !roles.contains(.caller) || caller != nil else {
            throw APIProblem(.unprocessable, "The role caller needs the caller's id; say whose transfers it sees.", pointer: "/caller")
        }
        guard !roles.contains(.vendorAuditor) || (vendor != nil && engagement != nil && until != nil) else {
            throw APIProblem(
                .unprocessable, "The role vendor_auditor needs a vendor, an engagement and an end; give all three.", pointer: "/roles")
        }
        guard caller == nil || roles == [.caller] else {
            throw APIProblem(.unprocessable, "A caller goes with the role caller alone; leave the caller out.", pointer: "/caller")
        }
        guard engagement == nil || vendor != nil else {
            throw APIProblem(.unprocessable, "An engagement is with one vendor; name the vendor too.", pointer: "/vendor")
        }
        guard vendor == nil || roles.isSubset(of: Self.narrowed) else {
            throw APIProblem(
                .unprocessable,
                "Only \(Self.narrowed.map(\.rawValue).sorted().joined(separator: ", ")) can be narrowed to a vendor; leave the vendor or the "
                    + "other roles out.", pointer: "/vendor")
        }
        for (name, text) in [("vendor", vendor), ("engagement", engagement), ("caller", caller)] {
            guard let text, !AccessName.isID(text) else { continue }
            throw APIProblem(.unprocessable, "An id has letters, digits, `.`, `_` and `-`, at most 64; correct it.", pointer: "/\(name)")
        }
    }

    /// What they see can be narrowed to a vendor; what the others do cannot.
    private static let narrowed: Set<Role> = [.caller, .auditor, .vendorAuditor]

    func apply(to principal: inout Principal) {
        principal.vendor = vendor
        principal.engagement = engagement
        principal.caller = caller
    }
}

/// The names that access knows, as entries of the log and paths of the API carry them.
enum AccessName {
    static let bytesMax = 64

    /// Of a vendor, an engagement, a caller.
    static func isID(_ text: String) -> Bool {
        (1...bytesMax).contains(text.utf8.count) && text.utf8.allSatisfy { isLetter($0 | 0x20) || isDigit($0) || isPunctuation($0) }
    }

    /// Of an account, a token or a machine: lower case, so that no two look alike; no `@`, because the log keeps it for good.
    static func isOwn(_ text: String) -> Bool {
        guard (2...bytesMax).contains(text.utf8.count), let first = text.utf8.first, isLetter(first) || isDigit(first) else { return false }
        return text.utf8.allSatisfy { isLetter($0) || isDigit($0) || isPunctuation($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    private static func isPunctuation(_ byte: UInt8) -> Bool { byte == 0x2d || byte == 0x2e || byte == 0x5f }
}
