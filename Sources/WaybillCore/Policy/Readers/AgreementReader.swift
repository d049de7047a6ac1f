/// `agreements/*.yaml`. Purposes and mechanisms have readers of their own.
struct AgreementReader {
    static let versionMax = 1_000_000
    static let reportModeDaysMax: Int64 = 30
    let compilation: Compilation
    private var problems: ProblemList { compilation.problems }

    init(compilation: Compilation) { self.compilation = compilation }

    /// `digest`: SHA-256 of the file's bytes, hex.
    func read(_ document: PolicyValue, digest: String) {
        guard var file = Section(document, "the agreement", problems) else { return }
        let errorsBefore = problems.errors.count
        let id = file.required("agreement", .name)
        defer { if let id, problems.errors.count > errorsBefore { compilation.unreadable.insert(id) } }
        let position = document["agreement"]?.position ?? document.position
        let version = file.required("version", .integer(1...Self.versionMax))
        let vendor = file.required("vendor").flatMap { compilation.resolve($0, in: compilation.vendors) }
        let (from, until) = effective(file.requiredSection("effective"))
        let owner = file.required("owner", .text)
        let reviewNext = review(file.section("review"))
        let subprocessors = file.list("subprocessors").compactMap(subprocessor)
        let partyValues = file.required("parties").map { Section.items($0, "`parties`", problems) } ?? []
        let parties = partyValues.compactMap(party)
        let purposeValues = file.required("purposes").map { Section.items($0, "`purposes`", problems) } ?? []
        let purposes = purposeValues.compactMap { AgreedPurposeReader(compilation: compilation, vendor: vendor).read($0) }
        let regions = file.required("regions").map { Section.items($0, "`regions`", problems) }?.compactMap {
            ScalarType<Region>.region.read($0, problems)
        }
        let mechanisms = file.list("transfer").compactMap(MechanismReader(compilation: compilation, subprocessors: subprocessors).read)
        let limits = limits(file.section("limits"))
        checkBreachAndAudit(&file)
        let terms = terms(file.map("terms"))
        Evidence.check(file.list("evidence"), problems)
        let mode = mode(file.optional("mode"), from: from)
        file.finish()
        guard let id, let version, let vendor, let from, let owner, let regions else { return }
        let agreement = Agreement(
            id: id, version: version, vendor: vendor, from: from, until: until, parties: parties, owner: owner, reviewNext: reviewNext,
            subprocessors: subprocessors, purposes: purposes, regions: regions, transfer: mechanisms, limits: limits, terms: terms,
            mode: mode,
            digest: digest, position: position)
        AgreementLint(compilation: compilation).check(agreement, written: document)
        compilation.agreements.append(agreement)
    }

    private func effective(_ section: Section?) -> (Timestamp?, Timestamp?) {
        guard var section else { return (nil, nil) }
        if !section.has("until") {
            problems.error(section.position, "missing_key", "`effective` lacks `until`", "add a date, or `until: open` for evergreen terms")
        }
        let range = DateRange.read(&section, problems, openWord: "open")
        section.finish()
        return range
    }

    private func review(_ section: Section?) -> Timestamp? {
        guard var section else { return nil }
        _ = section.optional("every", .period)
        let next = section.optional("next", .timestamp)
        section.finish()
        return next
    }

    private func party(_ value: PolicyValue) -> Agreement.Party? {
        guard var section = Section(value, "the party", problems) else { return nil }
        let org = section.required("org", .name)
        let role = section.required("role", .oneOf(Agreement.Role.self))
        let usRole = section.optional("us_role", .oneOf(Agreement.USRole.self))
        let (exports, imports) = (section.optional("exports", .bool) ?? false, section.optional("imports", .bool) ?? false)
        section.finish()
        guard let org, let role else { return nil }
        return Agreement.Party(org: org, role: role, usRole: usRole, exports: exports, imports: imports)
    }

    private func subprocessor(_ value: PolicyValue) -> Agreement.Subprocessor? {
        guard var section = Section(value, "the subprocessor", problems) else { return nil }
        let (id, region) = (section.required("id", .name), section.required("region", .region))
        let (notified, objectBy) = (section.optional("notified", .timestamp), section.optional("object_by", .timestamp))
        let status = section.required("status", .oneOf(Agreement.Subprocessor.Status.self))
        section.finish()
        guard let id, let region, let status else { return nil }
        return Agreement.Subprocessor(id: id, region: region, notified: notified, objectBy: objectBy, status: status)
    }

    private func limits(_ section: Section?) -> Agreement.Limits {
        guard var section else { return Agreement.Limits(recordsPerDay: nil, subjectsPerDay: nil) }
        defer { section.finish() }
        let most = 1...1_000_000_000
        return Agreement.Limits(
            recordsPerDay: section.optional("records_per_day", .integer(most)),
            subjectsPerDay: section.optional("subjects_per_day", .integer(most)))
    }

    /// Promises between people; checked for form, no decision depends on them.
    private func checkBreachAndAudit(_ file: inout Section) {
        if var breach = file.section("breach") {
            _ = breach.required("notify_within", .period)
            breach.finish()
        }
        if var audit = file.section("audit") {
            _ = audit.required("right", .bool)
            _ = (audit.optional("cadence", .period), audit.optional("notice", .period))
            audit.finish()
        }
    }

    private func terms(_ members: [PolicyValue.Member]) -> [String: [String: String]] {
        var terms: [String: [String: String]] = [:]
        let names = Set(compilation.checklists.map(\.name))
        for member in members {
            guard let checklist = compilation.checklists.first(where: { $0.name == member.key }) else {
                problems.error(
                    member.keyPosition, "unknown_checklist", "there is no checklist `\(member.key)`",
                    Suggestion.remedy(for: member.key, among: Array(names), else: "add it to catalog/terms.yaml"))
                continue
            }
            var items: [String: String] = [:]
            for item in Section.members(member.value, "the checklist", problems) {
                guard let place = ScalarType<String>.text.read(item.value, problems) else { continue }
                guard item.key == "all" || checklist.items.contains(item.key) else {
                    problems.error(
                        item.keyPosition, "unknown_term", "`\(member.key)` has no item `\(item.key)`",
                        "use \(checklist.items.map { "`\($0)`" }.joined(separator: ", ")) or `all`")
                    continue
                }
                items[item.key] = place
            }
            terms[member.key] = items
        }
        return terms
    }

    private func mode(_ value: PolicyValue?, from: Timestamp?) -> Agreement.Mode {
        guard let value else { return .enforce }
        if case .text(let text, _) = value.content {
            if text != "enforce" {
                problems.error(
                    value.position, "unknown_value", "`\(text.prefix(60))` is not a mode", "write `enforce`, or `{report: {until: …}}`")
            }
            return .enforce
        }
        guard var section = Section(value, "`mode`", problems), var report = section.requiredSection("report") else { return .enforce }
        let untilPosition = value["report"]?["until"]?.position ?? value.position
        let until = report.required("until", .timestamp)
        report.finish()
        section.finish()
        guard let until, let from else { return .enforce }
        if until <= from || until > from.adding(seconds: Self.reportModeDaysMax * 86_400) {
            problems.error(
                untilPosition, "report_mode_too_long", "report mode must end within \(Self.reportModeDaysMax) days of `effective.from`",
                "choose an earlier date; enforce after it")
        }
        return .report(until: until)
    }
}
