import WaybillCore
import WaybillProxy

/// What people need to know of the interception CA.
struct CAStatus: Codable, Sendable, Equatable {
    struct Authority: Codable, Sendable, Equatable {
        /// Of the key: eight hex digits, part of the certificate's name.
        var mark: String
        var sha256: String
        var notAfter: String
        var permitted: [String]

        init(_ authority: InterceptionAuthority) {
            mark = authority.mark
            sha256 = authority.sha256
            notAfter = authority.notAfter.rfc3339
            permitted = authority.permitted
        }
    }
    var signing: Authority
    var next: Authority?

    init(_ ca: InterceptionCA) {
        signing = Authority(ca.authority)
        next = ca.next.map(Authority.init)
    }

    /// For reading; `name: value` lines.
    var text: String {
        let parts = [("signs", signing)] + (next.map { [("is to follow", $0)] } ?? [])
        return parts.map { role, authority in
            """
            CA \(authority.mark) \(role)
              SHA-256     \(authority.sha256)
              valid until \(authority.notAfter)
              signs for   \(authority.permitted.joined(separator: ", "))

            """
        }.joined()
    }
}

extension InterceptionCA {
    /// Callers' trust stores take time to change, so the end is announced early.
    static let warningDays: Int64 = 90

    /// What should be said about the CA's end; nil: nothing.
    func warning(now: Timestamp) -> String? {
        let left = authority.notAfter.seconds - now.seconds
        guard left < InterceptionCA.warningDays * 86_400 else { return nil }
        let what = left <= 0 ? "the interception CA has ended" : "the interception CA ends in \(left / 86_400) days"
        let remedy = next == nil ? "replace it with `waybill ca rotate`" : "finish with `waybill ca rotate --complete`"
        return "\(what): \(remedy)"
    }

    /// Destinations the CA cannot stand in for: they work by base URL only.
    func uncovered(_ set: PolicySet) -> [PolicyProblem] {
        set.vendors.flatMap { vendor in
            vendor.destinations.filter { $0.scheme == "https" && !authority.permits($0.host) }.map { destination in
                PolicyProblem(
                    severity: .warning, position: vendor.position, code: "destination_not_intercepted",
                    message: "the interception CA may not sign for `\(destination.host)`: through the forward proxy it is refused",
                    remedy: "use the base URL, or make a CA that covers it with `waybill ca rotate`")
            }
        }
    }
}
