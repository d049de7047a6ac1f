/// Which list, subscription type or field of a source is which of our purposes: a YAML file that people write for each source.
///
/// ```yaml
/// source: hubspot
/// ids: crm                    # scheme of the source's own ids; without it only e-mail addresses and phone numbers name people
/// recipients: [hubspot]       # whom these consents name
/// controller: acme-eu
/// topics:
///   "123": {purpose: newsletter, notice: n-7}
///   newsletter_optin: {purpose: newsletter, given: ["Yes"], withdrawn: ["No"]}
/// columns: {email: E-mail, topic: List, state: Status, time: Changed}     # csv only
/// ```
package struct ConsentMap: Sendable, Equatable {
    package struct Topic: Sendable, Equatable {
        package var purpose: String
        package var recipients: [String]
        package var notice: String?
        /// Values of a field that mean so; others say nothing.
        package var given: [String]
        package var withdrawn: [String]
    }

    /// Of a CSV file, by what they hold.
    package struct Columns: Sendable, Equatable {
        package var email: String?
        package var phone: String?
        package var id: String?
        /// Nil: each topic is a column of its own name.
        package var topic: String?
        package var state: String?
        package var time: String?
        /// The time is the export's, not the choice's.
        package var isExportTime = false
        package var notice: String?
        package var proof: String?
        /// A row where this is true was set by a default.
        package var isDefault: String?
        /// mParticle's CCPA consent and the like: true means opted *out* of sale.
        package var saleOptOut: String?
        package var usPrivacy: String?
        package var gpp: String?
        package var gpc: String?
    }

    package var source: String
    package var ids: String?
    package var recipients: [String]
    package var controller: String?
    package var topics: [String: Topic]
    package var columns: Columns?

    /// All purposes it speaks of, each once.
    var purposes: [String] { Set(topics.values.map(\.purpose)).sorted() }

    /// Nil, with problems that each name place, reason and remedy.
    package static func read(file: String, bytes: [UInt8], for source: String) -> (map: ConsentMap?, problems: [PolicyProblem]) {
        let document: PolicyValue
        do { document = try YAMLDocument.parse(file: file, bytes: bytes) } catch { return (nil, [error]) }
        let problems = ProblemList()
        let map = read(document, source, problems)
        return problems.errors.isEmpty ? (map, []) : (nil, ProblemList.sorted(problems.errors))
    }

    private static func read(_ document: PolicyValue, _ source: String, _ problems: ProblemList) -> ConsentMap? {
        guard var file = Section(document, "the mapping file", problems) else { return nil }
        let sources = ConsentSource.all.map(\.name)
        let name: String? = file.required(
            "source", ScalarType<String>(code: "unknown_value", expected: "one of \(sources.joined(separator: ", "))", choices: sources) {
                sources.contains($0) ? $0 : nil
            })
        if let name, name != source {
            problems.error(document.position, "other_source", "the mapping is of another source", "give the file that is made for this one")
        }
        var map = ConsentMap(
            source: source, ids: file.optional("ids", .name), recipients: file.list("recipients", .name),
            controller: file.optional("controller", .name), topics: [:])
        for member in file.map("topics") { map.topics[member.key] = topic(member, map.recipients, problems) }
        if map.topics.isEmpty {
            problems.error(document.position, "no_topics", "the mapping names no topic", "add `topics: {…: {purpose: …}}`")
        }
        if var section = file.section("columns") {
            if source != "csv" {
                problems.error(section.position, "columns_unfit", "`columns` are of a csv mapping only", "remove them")
            }
            map.columns = columns(&section)
        } else if source == "csv" {
            problems.error(document.position, "missing_key", "the mapping lacks `columns`", "add `columns: {…}`")
        }
        file.finish()
        return map
    }

    private static func topic(_ member: PolicyValue.Member, _ recipients: [String], _ problems: ProblemList) -> Topic? {
        guard var section = Section(member.value, "the topic", problems) else { return nil }
        let purpose: String? = section.required("purpose", .name)
        let own = section.list("recipients", ScalarType<String>.name)
        let topic = Topic(
            purpose: purpose ?? "", recipients: own.isEmpty ? recipients : own, notice: section.optional("notice", .name),
            given: section.list("given", .text), withdrawn: section.list("withdrawn", .text))
        if topic.recipients.isEmpty, topic.notice == nil {
            problems.error(
                member.keyPosition, "no_recipients", "the topic names neither recipients nor a notice",
                "add `recipients: […]`, or nobody is agreed to")
        }
        section.finish()
        return purpose == nil ? nil : topic
    }

    private static func columns(_ section: inout Section) -> Columns {
        var columns = Columns()
        columns.email = section.optional("email", .text)
        columns.phone = section.optional("phone", .text)
        columns.id = section.optional("id", .text)
        columns.topic = section.optional("topic", .text)
        columns.state = section.optional("state", .text)
        columns.time = section.optional("time", .text)
        columns.isExportTime = section.optional("time_is_exports", .bool) ?? false
        columns.notice = section.optional("notice", .text)
        columns.proof = section.optional("proof", .text)
        columns.isDefault = section.optional("default", .text)
        columns.saleOptOut = section.optional("sale_opt_out", .text)
        columns.usPrivacy = section.optional("usprivacy", .text)
        columns.gpp = section.optional("gpp", .text)
        columns.gpc = section.optional("gpc", .text)
        if (columns.topic == nil) != (columns.state == nil) {
            section.problems.error(
                section.position, "columns_unfit", "`topic` and `state` go together",
                "give both, or neither when each topic has a column of its own")
        }
        section.finish()
        return columns
    }
}
