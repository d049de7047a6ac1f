import FoundationEssentials
import WaybillCore
package import WaybillLedger

extension AgreementDesk {
    /// One at a time, off the actor: a stop must never wait for it.
    private static let queue = BlockingQueue("agreements.impact")

    /// Works the impact of the draft out anew, and keeps it by the draft's digest.
    package nonisolated func workImpact(_ name: PolicyDocumentName) async throws -> Impact {
        let draft = try await opened(name)
        let after = try await admissible(draft, of: name)
        let (parts, before) = (parts, parts.set())
        guard let transfers = parts.transfers else {
            throw DeskRefusal("no_log", "There is no transfer log to replay here yet; send something first.")
        }
        return try await Self.queue.run {
            let impact = try Impact.work(
                vendors: Self.vendors(name, before, after), before: before, after: after, now: parts.clock(), each: transfers)
            try parts.store.keep(impact: Array(try JSONEncoder().encode(impact)), of: draft.digest)
            return impact
        }
    }

    /// As it was worked out for the text the draft has now; nil: it was not.
    package func impact(of name: PolicyDocumentName) throws(DeskRefusal) -> Impact? {
        let draft = try opened(name)
        return try stored {
            try parts.store.impact(of: draft.digest).map { try JSONDecoder().decode(Impact.self, from: Data($0)) }
        }
    }

    private static func vendors(_ name: PolicyDocumentName, _ before: PolicySet, _ after: PolicySet) -> Set<String> {
        switch name.kind {
        case .vendor: [name.id]
        case .agreement:
            Set([before, after].flatMap { set in set.agreements.filter { $0.id == name.id }.map { set[$0.vendor].id } })
        case .caller:
            Set([before, after].flatMap { set in set.caller(named: name.id).map { set[$0].mayUse.map { set[$0.vendor].id } } ?? [] })
        }
    }
}
