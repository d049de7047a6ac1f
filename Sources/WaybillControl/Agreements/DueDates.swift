package import WaybillCore
package import WaybillLedger

/// What comes due: reviews, ends, due diligence, certifications, with what happens when nothing is done.
package struct DueDate: Sendable, Codable, Equatable {
    package enum What: String, Sendable, Codable, CaseIterable {
        case review
        case end
        case dueDiligence = "due_diligence"
        case certification
        case transferMechanism = "transfer_mechanism"
        case reportMode = "report_mode"
    }
    package var kind: PolicyDocumentName.Kind
    package var id: String
    package var version: Int?
    package var what: What
    package var date: String
    /// Negative: it is overdue.
    package var daysLeft: Int
    /// In words.
    package var consequence: String
    /// Nothing is sent any more because of it.
    package var stops: Bool
    /// Whom to remind.
    package var owner: String?

    /// The next first. `within`: days from now; nil: all.
    package static func all(in set: PolicySet, lives: PolicyLives, now: Timestamp, within: Int? = nil) -> [DueDate] {
        var dates: [DueDate] = []
        let ended = lives.standing(of: set)
        // Neither ended nor taken over by a newer version.
        var newest: [String: Int] = [:]
        for agreement in set.agreements where agreement.from <= now {
            newest[agreement.id] = max(newest[agreement.id] ?? agreement.version, agreement.version)
        }
        for agreement in set.agreements where agreement.version >= newest[agreement.id] ?? agreement.version {
            guard ended.agreements["\(agreement.id)@\(agreement.version)"] != .terminated else { continue }
            dates += of(agreement, now, within)
        }
        for vendor in set.vendors where !ended.vendorsNotApproved.contains(vendor.id) { dates += of(vendor, now, within) }
        return dates.sorted { ($0.daysLeft, $0.id, $0.what.rawValue) < ($1.daysLeft, $1.id, $1.what.rawValue) }
    }

    private static func of(_ agreement: Agreement, _ now: Timestamp, _ within: Int?) -> [DueDate] {
        var dates: [DueDate] = []
        func add(_ what: What, _ date: Timestamp?, _ consequence: String, stopsAt: Timestamp? = nil) {
            guard let date, within.map({ days(date, now) <= $0 }) ?? true else { return }
            dates.append(
                DueDate(
                    kind: .agreement, id: agreement.id, version: agreement.version, what: what, date: date.rfc3339,
                    daysLeft: days(date, now), consequence: consequence, stops: stopsAt.map { $0 <= now } ?? false, owner: agreement.owner))
        }
        add(.review, agreement.reviewNext, "Decisions carry the warning review_due; nothing is stopped.")
        add(.end, agreement.until, "Nothing is sent under it from then on (agreement_expired).", stopsAt: agreement.until)
        if case .report(let until) = agreement.mode, until > now {
            add(.reportMode, until, "Fields that are not listed stay behind from then on.")
        }
        for mechanism in agreement.transfer {
            add(
                .transferMechanism, mechanism.until,
                "\(mechanism.kind.rawValue) no longer carries transfers; the next mechanism must, or nothing is sent.")
        }
        return dates
    }

    private static func of(_ vendor: Vendor, _ now: Timestamp, _ within: Int?) -> [DueDate] {
        var dates: [DueDate] = []
        if let due = vendor.dueDiligence {
            let stop = due.next.adding(seconds: due.suspendAfterSeconds ?? 0)
            let grace = due.suspendAfterSeconds.map { "\($0 / 86_400) days after that" } ?? "At once"
            dates.append(
                DueDate(
                    kind: .vendor, id: vendor.id, version: nil, what: .dueDiligence, date: due.next.rfc3339, daysLeft: days(due.next, now),
                    consequence: "Decisions carry the warning review_due. \(grace), nothing goes to the vendor (due_diligence_expired).",
                    stops: stop <= now, owner: vendor.contacts["privacy"]))
        }
        for certification in vendor.certifications {
            guard let until = certification.until else { continue }
            dates.append(
                DueDate(
                    kind: .vendor, id: vendor.id, version: nil, what: .certification, date: until.rfc3339, daysLeft: days(until, now),
                    consequence:
                        "Transfers that rest on \(certification.scheme) are refused from then on, unless another mechanism serves.",
                    stops: false, owner: vendor.contacts["privacy"]))
        }
        return dates.filter { date in within.map { date.daysLeft <= $0 } ?? true }
    }

    /// Whole days that are left. From the very moment that it is due, for ends are half-open: the days it is over, begun ones too, negative.
    static func days(_ date: Timestamp, _ now: Timestamp) -> Int {
        let day: Int64 = 86_400_000_000_000
        let (left, overflow) = date.nanoseconds.subtractingReportingOverflow(now.nanoseconds)
        guard !overflow else { return date > now ? Int(Int64.max / day) : -Int(Int64.max / day) }
        return left > 0 ? Int(left / day) : -max(1, Int((-left + day - 1) / day))
    }
}

extension AgreementDesk {
    /// `days`: no later than that; nil: all.
    package func due(within days: Int? = nil) throws(DeskRefusal) -> [DueDate] {
        DueDate.all(in: parts.set(), lives: try lives(), now: parts.clock(), within: days)
    }

    /// What a draft changes of what is in force; of a version in force, what it changed of the one before.
    package func difference(_ name: PolicyDocumentName) throws(DeskRefusal) -> [PolicyDifference.Change] {
        let reports = try versions(of: name)
        guard let newest = reports.first else { throw Self.unknown(name) }
        // Of agreements the version before; of others the text that it replaces, or without a draft nothing: it is told whole.
        let former = reports.dropFirst().first { name.kind == .agreement || newest.tag != nil && $0.state != .superseded }
        var (old, new) = ([String: [UInt8]](), [String: [UInt8]]())
        new["\(name.kind.folder)/new.yaml"] = try text(of: newest)
        if let former { old["\(name.kind.folder)/old.yaml"] = try text(of: former) }
        // A version stays beside the one before.
        return PolicyDifference.between(old, name.kind == .agreement ? new.merging(old) { new, _ in new } : new)
    }
}
