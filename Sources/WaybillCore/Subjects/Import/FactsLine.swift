/// One line of a subject import: identifiers of one person and what is known about them.
package struct FactsLine: Sendable {
    package static let idsMax = 64
    package static let countriesMax = 16
    package static let datedMax = 256
    static let members: Set<String> = [
        "ids", "kind", "countries", "country_source", "born", "preference", "objections", "restricted", "signals",
    ]

    package var line: Int
    /// At least one, each once.
    package var identifiers: [Identifier]
    package var change: SubjectFactsChange

    package init(line: Int, identifiers: [Identifier], change: SubjectFactsChange) {
        self.line = line
        self.identifiers = identifiers
        self.change = change
    }

    /// Throws what is wrong with the line, without any of its values.
    package init(_ bytes: [UInt8], line: Int) throws(LineProblem) {
        let members = try LineMembers(bytes, line: line, known: Self.members)
        var identifiers: [Identifier] = []
        for text in try members.strings("ids", max: Self.idsMax) {
            let identifier = try members.identifier(text, "ids")
            if !identifiers.contains(identifier) { identifiers.append(identifier) }
        }
        guard !identifiers.isEmpty else { throw members.problem("ids", "must name at least one identifier") }
        var change = SubjectFactsChange()
        if members.has("kind") { change.kind = .some(try members.choice("kind", of: SubjectProfile.Kind.self)) }
        if members.has("countries") { change.countries = try Self.countries(members) }
        if members.has("country_source") { change.countrySource = .some(try members.id("country_source")) }
        if members.has("born") { change.born = .some(try Self.born(members)) }
        if members.has("preference") { change.preference = .some(try Self.preference(members)) }
        if let restricted = try members.bool("restricted") { change.restricted = restricted }
        change.objections = try Self.objections(members)
        change.signals = try Self.signals(members)
        self.init(line: line, identifiers: identifiers, change: change)
    }

    private static func countries(_ members: LineMembers) throws(LineProblem) -> [Region] {
        var countries: [Region] = []
        for text in try members.strings("countries", max: countriesMax) {
            guard let region = Region(text) else {
                throw members.problem("countries", "must hold ISO 3166 codes, like DE or US-CA")
            }
            if !countries.contains(region) { countries.append(region) }
        }
        // Equal sets make equal profiles.
        return countries.sorted { $0.description < $1.description }
    }

    private static func born(_ members: LineMembers) throws(LineProblem) -> Day? {
        guard let text = try members.string("born") else { return nil }
        guard let day = Day(iso8601: text), day.civil.year >= 1_850 else {
            throw members.problem("born", "is not a date since 1850; write 1984-03-07")
        }
        return day
    }

    private static func preference(_ members: LineMembers) throws(LineProblem) -> Int? {
        guard let value = members.present("preference") else { return nil }
        guard case .number(let text) = value, let level = Int(text), (0...3).contains(level) else {
            throw members.problem("preference", "must be 0, 1, 2 or 3")
        }
        return level
    }

    private static func objections(_ members: LineMembers) throws(LineProblem) -> [SubjectFacts.Objection] {
        var objections: [SubjectFacts.Objection] = []
        for object in try members.objects("objections", max: datedMax, known: ["scope", "at"]) {
            guard let scope = try object.choice("scope", of: SubjectProfile.ObjectionScope.self) else {
                throw object.problem("scope", "is required")
            }
            let time = try object.requiredTime("at")
            // A stop dated by its day counts from the day's end, so that no grant of that day lifts it.
            let at = time.dateOnly ? time.at.adding(seconds: 86_400) : time.at
            objections.append(SubjectFacts.Objection(scope: scope, at: at))
        }
        return objections
    }

    private static func signals(_ members: LineMembers) throws(LineProblem) -> [SubjectFacts.Signal] {
        var signals: [SubjectFacts.Signal] = []
        for object in try members.objects("signals", max: datedMax, known: ["gpc", "usprivacy", "gpp", "at"]) {
            let at = try object.requiredTime("at").at
            switch (try object.bool("gpc"), try object.string("usprivacy"), try object.string("gpp")) {
            case (let gpc?, nil, nil): signals.append(SubjectFacts.Signal(content: .gpc(gpc), at: at))
            case (nil, let text?, nil): signals.append(SubjectFacts.Signal(content: .usPrivacy(text: text), at: at))
            case (nil, nil, let text?): signals.append(SubjectFacts.Signal(content: .gpp(text: text), at: at))
            default: throw object.problem("gpc", "a signal holds one of gpc, usprivacy and gpp; write a signal for each")
            }
        }
        return signals
    }
}

extension SubjectFacts.Signal.Content {
    /// An unreadable string is a fact to keep, not a line to refuse: refusing it would leave the person without any opt-out.
    package static func usPrivacy(text: String) -> Self {
        do { return .usPrivacy(try USPrivacyString.parse(text)) } catch { return .unreadable }
    }

    package static func gpp(text: String) -> Self {
        do { return .gpp(GPPChoices(try GPPString.parse(text))) } catch { return .unreadable }
    }
}
