import HTTPTypes
import WaybillCore

/// `/person/{token}`: the person's own page, by a signed link. The link is all that is asked for; it holds no identifier, ends, and can be ended.
///
/// Nothing here names the person by an identifier: whoever finds the link learns what was sent, not about whom.
package enum PersonPages {
    static let requestsPerMinute = 60
    /// Longer ones are none of ours, and are not remembered.
    static let tokenBytesMax = 64

    private static let unknown = ConsoleRefusal(
        .notFound, "This link does not work, or not any more. Ask the company for a new one.")

    package static func all(_ desk: SubjectDesk) -> [ConsolePage] {
        let visitors = RateLimit(perMinute: requestsPerMinute)
        let links = RateLimit(perMinute: requestsPerMinute)
        @Sendable func open(_ call: ConsoleCall) async throws -> PersonPage {
            let token = call.values["token"] ?? ""
            guard token.utf8.count <= tokenBytesMax else { throw unknown }
            guard visitors.admits(call.address, now: call.now), links.admits(token, now: call.now) else {
                throw ConsoleRefusal(.tooManyRequests, "That was too often. Wait a minute and open the link again.")
            }
            guard let (_, record) = try await desk.opened(token) else { throw unknown }
            return PersonPage(call: call, desk: desk, record: record, path: "\(SubjectDesk.personPath)\(token)")
        }
        let root = "/person/{token}"
        return [
            ConsolePage(.get, root, permission: nil) { call in try await open(call).answer() },
            ConsolePage(.post, "\(root)/no", permission: nil, form: root) { call in
                try await open(call).change { .withdraw(purpose: $0.field("purpose"), recipients: []) }
            },
            ConsolePage(.post, "\(root)/yes", permission: nil, form: root) { call in try await open(call).agree() },
            ConsolePage(.post, "\(root)/stop", permission: nil, form: root) { call in
                try await open(call).change { .object($0.field("scope") == "sale" ? .sale : .directMarketing) }
            },
            ConsolePage(.post, "\(root)/resume", permission: nil, form: root) { call in try await open(call).resume() },
            ConsolePage(.post, "\(root)/level", permission: nil, form: root) { call in
                try await open(call).change { .preference($0.field("level").flatMap { Int($0) }) }
            },
            ConsolePage(.post, "\(root)/erase", permission: nil, form: root) { call in try await open(call).askErasure() },
        ]
    }
}
