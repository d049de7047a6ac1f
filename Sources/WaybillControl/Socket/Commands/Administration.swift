import Crypto
import FoundationEssentials
package import WaybillCore
package import WaybillLedger

/// Acts of people on vendors, agreements and engagements: each checked, kept, put in force and entered in the log.
///
/// A stop is in force before its entry is written, so that a full disk cannot hold it up; everything else is entered first.
package actor Administration {
    /// What the acts may name: ids of the policy set in force.
    package struct Known: Sendable {
        /// Vendor → ids of its agreements.
        package var agreements: [String: Set<String>]
        package var fields: Set<String>
        package init(agreements: [String: Set<String>], fields: Set<String> = []) {
            self.agreements = agreements
            self.fields = fields
        }
        package init(_ set: PolicySet) {
            fields = Set(set.fields.map(\.name))
            agreements = Dictionary(uniqueKeysWithValues: set.vendors.map { ($0.id, []) })
            for agreement in set.agreements {
                for party in agreement.parties where agreements[party.org] != nil { agreements[party.org]?.insert(agreement.id) }
            }
        }
    }
    package static let textBytesMax = 2_000

    private let engagements: any EngagementStore
    private let suspensions: any SuspensionStore
    private let known: @Sendable () -> Known
    private let enter: @Sendable (LogNotice) async throws(RecordError) -> UInt64
    private let log: @Sendable () throws -> (origin: String, size: UInt64)
    private let putInForce: @Sendable (Suspensions) -> Void
    private let clock: @Sendable () -> Timestamp

    package init(
        engagements: any EngagementStore, suspensions: any SuspensionStore, known: @escaping @Sendable () -> Known,
        enter: @escaping @Sendable (LogNotice) async throws(RecordError) -> UInt64,
        log: @escaping @Sendable () throws -> (origin: String, size: UInt64), putInForce: @escaping @Sendable (Suspensions) -> Void,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.engagements = engagements
        self.suspensions = suspensions
        self.known = known
        self.enter = enter
        self.log = log
        self.putInForce = putInForce
        self.clock = clock
    }

    /// Stops a vendor, an agreement or a field, or lifts the stop.
    package func set(
        _ target: SuspensionEvent.Target, isStop: Bool, why: String, by: String
    ) async throws(ControlFailure) -> SuspensionEvent {
        try check([why, by])
        let event = SuspensionEvent(target: target, isStop: isStop, why: why, stamp: .init(at: clock(), by: by))
        let standing = try stored { Suspensions(try suspensions.suspensionEvents()) }
        guard isStop else {
            guard let seen = standing.stops[target] else {
                throw ControlFailure(code: "not_suspended", message: "It is not suspended; nothing was changed.")
            }
            try await note(event)
            // While the entry was written somebody may have stopped it anew, and that stop nobody has lifted.
            guard try stored({ Suspensions(try suspensions.suspensionEvents()) }).stops[target] == seen else {
                throw ControlFailure(
                    code: "changed_meanwhile", message: "It was stopped anew meanwhile, and stays so; look at why before you lift that.")
            }
            try keep(event)
            return event
        }
        try check(target)
        try keep(event)
        do throws(ControlFailure) {
            try await note(event)
        } catch {
            throw ControlFailure(
                code: error.code,
                message: "The stop is in force, but its log entry could not be written. \(error.message) Then do it again.")
        }
        return event
    }

    /// Opens an engagement; its id is the answer.
    package func open(_ scope: Engagement.Scope, by: String) async throws(ControlFailure) -> Engagement {
        guard known().agreements[scope.vendor] != nil else { throw Self.unknown("vendor") }
        guard scope.from < scope.until else {
            throw ControlFailure(code: "period_empty", message: "The period ends before it begins; give --from before --until.")
        }
        try check([scope.subject, scope.hook])
        let year = clock().day.civil.year
        let numbers = try stored { try engagements.engagements() }.compactMap { engagement in
            engagement.id.hasPrefix("\(year)-") ? Int(engagement.id.dropFirst(5)) : nil
        }
        return try await act(.open(scope), on: "\(year)-\((numbers.max() ?? 0) + 1)", by: by)
    }

    /// Fixes what a sample is drawn from: the entries that the log has now.
    package func sample(_ id: String, seed: String, count: Int, by: String) async throws(ControlFailure) -> Engagement {
        guard (1...AuditSample.countMax).contains(count), !seed.isEmpty, seed.utf8.count <= AuditSample.seedBytesMax else {
            throw ControlFailure(
                code: "sample_unfit",
                message: "A sample has 1 to \(AuditSample.countMax) transfers and a seed of 1 to \(AuditSample.seedBytesMax) bytes.")
        }
        let (origin, size) = try stored { try log() }
        return try await act(.sample(.init(seed: seed, count: count, origin: origin, size: size)), on: id, by: by)
    }

    /// Any act but `open` and `sample`. `ifActs`: refused unless it is as so many acts made it; nil: however it is.
    package func act(
        _ act: EngagementEvent.Act, on id: String, by: String, ifActs: Int? = nil
    ) async throws(ControlFailure) -> Engagement {
        try check([by] + act.texts)
        let before = try stored { try engagements.engagement(id) }
        if let ifActs, let before, before.acts != ifActs {
            throw ControlFailure(
                code: "changed_meanwhile", message: "Somebody else acted on the engagement meanwhile; look at it and do it again.")
        }
        let act = before.map { completed(act, in: $0) } ?? act
        let event = EngagementEvent(stamp: .init(at: clock(), by: by), act: act)
        guard var engagement = before ?? Engagement(id: id, events: [event]) else {
            throw ControlFailure(code: "engagement_unknown", message: "There is no such engagement; `waybill audit list` shows them.")
        }
        let number = before?.acts ?? 0
        if before != nil {
            do { try engagement.apply(event) } catch { throw ControlFailure(code: "act_unfit", message: error.message) }
        }
        if case .finding(let finding) = act { try await suspend(finding, of: engagement, by: by) }
        try await note(event, engagement: engagement, number: number)
        try stored { try engagements.append(event, to: id, number: number) }
        return engagement
    }

    /// A critical finding always suspends, and without a choice all agreements with the vendor.
    private func completed(_ act: EngagementEvent.Act, in engagement: Engagement) -> EngagementEvent.Act {
        guard case .finding(var finding) = act else { return act }
        if finding.severity == .critical { finding.effect = .suspend }
        if finding.effect == .suspend, finding.agreements.isEmpty {
            finding.agreements = (known().agreements[engagement.scope.vendor] ?? []).sorted()
        }
        return .finding(finding)
    }

    /// Before the finding is kept: if anything fails on the way, traffic is stopped, not running.
    private func suspend(_ finding: Engagement.Finding, of engagement: Engagement, by: String) async throws(ControlFailure) {
        let agreements = known().agreements[engagement.scope.vendor] ?? []
        guard finding.agreements.allSatisfy(agreements.contains) else { throw Self.unknown("agreement with this vendor") }
        guard finding.effect == .suspend else { return }
        for id in finding.agreements {
            _ = try await set(.agreement(id), isStop: true, why: "finding of engagement \(engagement.id): \(finding.title)", by: by)
        }
    }

    private func check(_ target: SuspensionEvent.Target) throws(ControlFailure) {
        let all = known().agreements
        switch target {
        case .vendor(let id): if all[id] == nil { throw Self.unknown("vendor") }
        case .agreement(let id): if !all.values.contains(where: { $0.contains(id) }) { throw Self.unknown("agreement") }
        case .field(let name, let vendor):
            if !known().fields.contains(name) { throw Self.unknown("field") }
            if let vendor, all[vendor] == nil { throw Self.unknown("vendor") }
        }
    }

    private func check(_ texts: [String]) throws(ControlFailure) {
        guard texts.allSatisfy({ !$0.isEmpty && $0.utf8.count <= Self.textBytesMax }) else {
            throw ControlFailure(code: "text_unfit", message: "Texts must not be empty, nor longer than \(Self.textBytesMax) bytes.")
        }
    }

    private func keep(_ event: SuspensionEvent) throws(ControlFailure) {
        let standing = try stored {
            try suspensions.append(event)
            return Suspensions(try suspensions.suspensionEvents())
        }
        putInForce(standing)
    }

    /// The words stay in the control store: an entry lasts, and words can name people.
    private func note(_ event: SuspensionEvent) async throws(ControlFailure) {
        let (kind, detail) =
            switch event.target {
            case .agreement(let id): ("agreement", ["agreement": id])
            case .vendor(let id): ("vendor", ["vendor": id])
            case .field(let name, let vendor): ("field", vendor.map { ["field": name, "vendor": $0] } ?? ["field": name])
            }
        try await note(.config(act: "\(kind).\(event.isStop ? "suspend" : "resume")", detail: detail))
    }

    private func note(_ event: EngagementEvent, engagement: Engagement, number: Int) async throws(ControlFailure) {
        var detail = ["act": String(number), "engagement": engagement.id, "vendor": engagement.scope.vendor]
        switch event.act {
        case .sample(let sample):
            detail["count"] = String(sample.count)
            detail["seed_sha256"] = hex(Array(SHA256.hash(data: Array(sample.seed.utf8))))
            detail["size"] = String(sample.size)
        case .evidence(let evidence): detail["sha256"] = evidence.sha256
        case .finding(let finding):
            detail["effect"] = finding.effect.rawValue
            detail["severity"] = finding.severity.rawValue
        case .settle(let finding, let how, _):
            detail["finding"] = String(finding)
            detail["how"] = how.rawValue
        case .open, .close: break
        }
        try await note(.config(act: event.act.name, detail: detail))
    }

    private func note(_ notice: LogNotice) async throws(ControlFailure) {
        do { _ = try await enter(notice) } catch { throw ControlFailure(code: error.code.rawValue, message: error.message) }
    }

    private func stored<Value>(_ work: () throws -> Value) throws(ControlFailure) -> Value {
        do { return try work() } catch { throw ControlFailure(code: "control_store", message: "\(error)") }
    }

    private static func unknown(_ what: String) -> ControlFailure {
        ControlFailure(code: "id_unknown", message: "The policies in force know no such \(what); `waybill lint` lists the files.")
    }
}

extension EngagementEvent.Act {
    /// What people wrote.
    fileprivate var texts: [String] {
        switch self {
        case .open(let scope): [scope.subject, scope.hook]
        case .sample(let sample): [sample.seed]
        case .evidence(let evidence): [evidence.name, evidence.note]
        case .finding(let finding): [finding.title, finding.owner]
        case .settle(_, _, let answer): [answer]
        case .close(let summary): [summary]
        }
    }
}
