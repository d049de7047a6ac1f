import FoundationEssentials
import WaybillCore
package import WaybillLedger

extension AgreementDesk {
    /// What the draft would have changed. Waits a little, so that a small log is answered at once; what takes longer goes on beside the gate.
    /// `anew`: also if it is known already.
    package nonisolated func impactStanding(
        of name: PolicyDocumentName, by: String, anew: Bool = false, waitMilliseconds: Int = 2_000
    ) async throws -> ImpactStanding {
        let draft = try await opened(name)
        if !anew, let known = try await impact(of: name) { return .known(known) }
        let job: ImpactJob
        if let running = parts.impacts.all.first(where: { $0.order.digest == draft.digest && !$0.state.isFinished }) {
            job = running
        } else {
            job = try await begin(draft, of: name, by: by)
        }
        guard let seen = try await parts.impacts.wait(for: job.id, milliseconds: waitMilliseconds) else {
            throw DeskRefusal("impact_gone", "The work was cancelled; ask again.")
        }
        switch seen.state {
        case .waiting, .running: return .working(seen)
        case .failed, .ended: throw DeskRefusal("impact_failed", seen.failure ?? "It could not be worked out; ask again.")
        case .done:
            guard let known = try await stored(draft.digest) else {
                throw DeskRefusal("impact_gone", "The draft was changed meanwhile; ask again.")
            }
            return .known(known)
        }
    }

    /// For who waits: until it is done.
    package nonisolated func workImpact(_ name: PolicyDocumentName, by: String) async throws -> Impact {
        let longest = (ImpactJob.limits.runSecondsMax * ImpactJob.limits.unfinishedMax) * 1_000
        guard case .known(let impact) = try await impactStanding(of: name, by: by, anew: true, waitMilliseconds: longest) else {
            throw DeskRefusal("impact_failed", "It took longer than a job may; ask for it later.")
        }
        return impact
    }

    /// Under way for the text the draft has now, or else what came of the last one; nil: none was asked for of late.
    package func impactJob(of name: PolicyDocumentName) throws(DeskRefusal) -> ImpactJob? {
        let digest = try opened(name).digest
        return parts.impacts.all.first { $0.order.digest == digest }
    }

    /// When the gate stops.
    package nonisolated func stopImpacts() async { await parts.impacts.stop() }

    private nonisolated func begin(_ draft: PolicyLife.Draft, of name: PolicyDocumentName, by: String) async throws -> ImpactJob {
        let after = try await admissible(draft, of: name)
        let (parts, before) = (parts, parts.set())
        guard let transfers = parts.transfers else {
            throw DeskRefusal("no_log", "There is no transfer log to replay here yet; send something first.")
        }
        let job: ImpactJob
        do throws(ControlFailure) {
            job = try parts.impacts.add(ImpactOrder(kind: name.kind, document: name.id, digest: draft.digest), by: by)
        } catch {
            throw DeskRefusal(error.code, error.message)
        }
        parts.impacts.start(job.id) { progress in
            do {
                let impact = try Impact.work(
                    vendors: Self.vendors(name, before, after), before: before, after: after, now: parts.clock(),
                    reached: { try progress.reached($0, $1, $2) }, each: transfers)
                try parts.store.keep(impact: Array(try JSONEncoder().encode(impact)), of: draft.digest)
                return ImpactDone(transfers: impact.transfers)
            } catch let failure as JobFailure {
                throw failure
            } catch {
                throw JobFailure("The transfers could not be read; look at the log with `waybill log verify`, and ask again.")
            }
        }
        return job
    }

    private func stored(_ digest: String) throws(DeskRefusal) -> Impact? {
        try stored { try parts.store.impact(of: digest).map { try JSONDecoder().decode(Impact.self, from: Data($0)) } }
    }

    /// As it was worked out for the text the draft has now; nil: it was not.
    package func impact(of name: PolicyDocumentName) throws(DeskRefusal) -> Impact? {
        try stored(try opened(name).digest)
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
