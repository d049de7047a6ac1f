import WaybillCore
package import WaybillLedger

extension AgreementDesk {
    /// Ids of one kind in their order: those of the set in force, and those that are only drafted.
    package func ids(_ kind: PolicyDocumentName.Kind) throws(DeskRefusal) -> [String] {
        let (set, lives) = (parts.set(), try lives())
        if let known = listed[kind], known.digest == set.digest, known.upTo == lives.upTo { return known.ids }
        var ids =
            switch kind {
            case .vendor: Set(set.vendors.map(\.id))
            case .agreement: Set(set.agreements.map(\.id))
            case .caller: Set(set.callers.map(\.id))
            }
        for (name, life) in lives.all where name.kind == kind && (life.draft != nil || life.newest != nil) { ids.insert(name.id) }
        let sorted = ids.sorted()
        listed[kind] = (set.digest, lives.upTo, sorted)
        return sorted
    }

    /// Every version of one document: a draft first, then newest first. Empty: there is no such document.
    package func versions(of name: PolicyDocumentName) throws(DeskRefusal) -> [VersionReport] {
        versions(try lives()[name], try stored { try parts.suspensions() })
    }

    private func versions(_ life: PolicyLife, _ stops: Suspensions) -> [VersionReport] {
        let name = life.name
        let present: [VersionReport] =
            switch name.kind {
            case .agreement: agreements(name, life, stops)
            case .vendor: vendor(name, life, stops)
            case .caller: caller(name, life)
            }
        guard let draft = life.draft else { return present }
        var report = VersionReport(
            name, state: draft.state, origin: .console, title: present.first?.title ?? name.id, digest: draft.digest)
        report.version = draft.version
        report.tag = draft.tag
        report.authors = draft.authors.sorted()
        report.vendor = present.first?.vendor
        report.supersedes = present.compactMap(\.version).max()
        report.rejection = draft.rejections.last.map { StopReport($0) }
        return [report] + present
    }

    /// `limit` documents from an id on, with all their versions; and the id after them.
    package func page(
        _ kind: PolicyDocumentName.Kind, from: String? = nil, limit: Int = .max, where isWanted: (String) -> Bool = { _ in true }
    ) throws(DeskRefusal) -> (versions: [VersionReport], next: String?) {
        var reports: [VersionReport] = []
        var count = 0
        // What is stopped and what was done are asked for once, not for every document.
        let (ids, lives, stops) = (try ids(kind), try lives(), try stored { try parts.suspensions() })
        for id in ids[(from.map { place($0, in: ids) } ?? 0)...] where isWanted(id) {
            guard count < limit else { return (reports, id) }
            reports += versions(lives[PolicyDocumentName(kind, id)], stops)
            count += 1
        }
        return (reports, nil)
    }

    /// Of the first id that is not before another.
    private func place(_ id: String, in ids: [String]) -> Int {
        var (low, high) = (0, ids.count)
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low
    }

    package func show(_ name: PolicyDocumentName) async throws(DeskRefusal) -> DocumentReport {
        let reports = try versions(of: name)
        guard let first = reports.first else { throw Self.unknown(name) }
        let life = try lives()[name]
        let problems = life.draft == nil ? [] : try await findings(name).problems
        return DocumentReport(
            versions: reports, text: String(decoding: try text(of: first), as: UTF8.self), problems: problems,
            history: life.events.reversed().map { HistoryLine($0) })
    }

    /// As it was written. Of an agreement in the files, only while the file reads as what is in force: its digest is what people approve.
    package func text(of report: VersionReport) throws(DeskRefusal) -> [UInt8] {
        let name = PolicyDocumentName(report.kind, report.id)
        if report.origin == .console {
            guard let text = try stored({ try parts.store.document(report.digest) }) else {
                throw DeskRefusal(PolicyLifeProblem.documentLost.code, PolicyLifeProblem.documentLost.message)
            }
            return text
        }
        let set = parts.set()
        let file: String? =
            switch report.kind {
            case .agreement: agreements(of: name.id).first { $0.version == report.version }?.position.file
            case .vendor: set.vendor(named: name.id).map { set[$0].position.file }
            case .caller: set.caller(named: name.id).map { set[$0].position.file }
            }
        guard let file, let text = try stored({ try parts.file(file) }) else { throw Self.unknown(name) }
        guard report.digest.isEmpty || Self.digest(text) == report.digest else {
            throw DeskRefusal(
                "file_changed", "The file was changed, and what it says now is not in force; see `waybill lint`, then look again.")
        }
        return text
    }

    func first(_ name: PolicyDocumentName) throws(DeskRefusal) -> VersionReport {
        guard let report = try versions(of: name).first else { throw Self.unknown(name) }
        return report
    }

    private func agreements(_ name: PolicyDocumentName, _ life: PolicyLife, _ stops: Suspensions) -> [VersionReport] {
        let (set, now) = (parts.set(), parts.clock())
        let all = agreements(of: name.id).sorted { $0.version > $1.version }
        let present = all.enumerated().map { position, agreement in
            let known = life.version(agreement.version)
            let isFile = !agreement.position.file.hasPrefix(PolicyDocumentName.storeFolder)
            let isApproved =
                !isFile || set.organisation.approvals == .files || (known?.approved != nil && known?.digest == agreement.digest)
            let stop = stops.stops[.agreement(agreement.id)]
            let state = LifeState.of(
                isApproved: isApproved, isTerminated: known?.terminated != nil, from: agreement.from, until: agreement.until,
                newerFrom: all[..<position].map(\.from).min(), isSuspended: stop != nil, now: now)
            var report = VersionReport(
                name, state: state, origin: isFile ? .files : .console, title: set[agreement.vendor].legalName, digest: agreement.digest)
            report.version = agreement.version
            report.vendor = set[agreement.vendor].id
            report.owner = agreement.owner
            report.from = agreement.from.rfc3339
            report.until = agreement.until?.rfc3339
            report.reviewNext = agreement.reviewNext?.rfc3339
            report.stop = stop.map { StopReport($0) }
            add(known, to: &report)
            return report
        }
        // Versions that will never govern again are in no set, and stay readable.
        let there = Set(all.map(\.version))
        let title = present.first?.title ?? name.id
        let gone = life.versions.reversed().filter { !$0.isProvisioned && !there.contains($0.number) }
        var reports = present + gone.map { earlier($0, life, titled: title, vendor: present.first?.vendor) }
        reports.sort { ($0.version ?? 0) > ($1.version ?? 0) }
        for i in reports.indices.dropFirst() {
            reports[i - 1].supersedes = reports[i].version
            reports[i].supersededBy = reports[i - 1].version
        }
        return reports
    }

    private func vendor(_ name: PolicyDocumentName, _ life: PolicyLife, _ stops: Suspensions) -> [VersionReport] {
        let set = parts.set()
        guard let id = set.vendor(named: name.id) else { return [] }
        let isFile = !set[id].position.file.hasPrefix(PolicyDocumentName.storeFolder)
        let known = isFile ? provisioned(life) : life.newest
        let stop = stops.stops[.vendor(name.id)]
        let state = LifeState.of(
            isApproved: true, isTerminated: known?.terminated != nil, from: nil, until: nil, newerFrom: nil, isSuspended: stop != nil,
            now: parts.clock())
        var report = VersionReport(
            name, state: state, origin: isFile ? .files : .console, title: set[id].legalName, digest: known?.digest ?? "")
        report.version = isFile ? nil : known?.number
        report.reviewNext = set[id].dueDiligence?.next.rfc3339
        report.stop = stop.map { StopReport($0) }
        add(known, to: &report)
        return [report] + earlier(life, than: known, titled: set[id].legalName)
    }

    private func caller(_ name: PolicyDocumentName, _ life: PolicyLife) -> [VersionReport] {
        let set = parts.set()
        guard let id = set.caller(named: name.id) else { return earlier(life, than: nil, titled: name.id) }
        let isFile = !set[id].position.file.hasPrefix(PolicyDocumentName.storeFolder)
        let known = isFile ? provisioned(life) : life.newest
        var report = VersionReport(
            name, state: known?.terminated == nil ? .active : .terminated, origin: isFile ? .files : .console, title: name.id,
            digest: known?.digest ?? "")
        report.version = isFile ? nil : known?.number
        report.owner = set[id].owner
        add(known, to: &report)
        return [report] + earlier(life, than: known, titled: name.id)
    }

    /// Versions that the newest has taken the place of, of what has one version in a set.
    private func earlier(_ life: PolicyLife, than newest: PolicyLife.Version?, titled title: String) -> [VersionReport] {
        life.versions.reversed().filter { !$0.isProvisioned && $0.number != newest?.number }.map { earlier($0, life, titled: title) }
    }

    private func earlier(
        _ version: PolicyLife.Version, _ life: PolicyLife, titled title: String, vendor: String? = nil
    ) -> VersionReport {
        var report = VersionReport(
            life.name, state: version.terminated == nil ? .superseded : .terminated, origin: .console, title: title,
            digest: version.digest)
        report.version = version.number
        report.vendor = vendor
        report.from = version.begins?.rfc3339
        add(version, to: &report)
        return report
    }

    /// What was done here about a vendor or caller of the files: it can only be ended, and that end covers whatever is newest.
    private func provisioned(_ life: PolicyLife) -> PolicyLife.Version? {
        guard var known = life.versions.last, known.terminated != nil else { return nil }
        // The text is the file's, and so are its authors.
        if !known.isProvisioned { known = known.withoutText }
        return known
    }

    private func add(_ known: PolicyLife.Version?, to report: inout VersionReport) {
        guard let known else { return }
        report.authors = known.authors
        report.approvedBy = known.approved?.by
        report.approvedAt = known.approved?.at.rfc3339
        report.terminated = known.terminated.map { StopReport($0) }
    }
}
