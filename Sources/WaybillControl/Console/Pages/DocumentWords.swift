import WaybillCore
import WaybillLedger

/// A document in words.
struct DocumentWords {
    let desk: AgreementDesk

    func parts(of report: VersionReport) async throws(DeskRefusal) -> [JSONValue] { Self.parts(of: report, in: desk.parts.set()) }

    static func parts(of report: VersionReport, in set: PolicySet) -> [JSONValue] {
        switch report.kind {
        case .agreement:
            guard let agreement = set.agreements.first(where: { $0.id == report.id && $0.version == report.version }) else { return [] }
            return self.agreement(agreement, report, set)
        case .vendor: return set.vendor(named: report.id).map { vendor(set[$0], report, set) } ?? []
        case .caller: return set.caller(named: report.id).map { caller(set[$0], set) } ?? []
        }
    }

    private static func agreement(_ agreement: Agreement, _ report: VersionReport, _ set: PolicySet) -> [JSONValue] {
        let reading = AgreementReading(agreement, in: set)
        var parts = [
            ConsolePart.part(
                "facts",
                ConsolePart.facts([
                    (
                        "Vendor",
                        ConsolePart.cell(
                            set[agreement.vendor].legalName, path: "/console/vendors/\(ConsoleAddress.part(set[agreement.vendor].id))")
                    ),
                    ("Parties", ConsolePart.lines(reading.parties)), ("Term", ConsolePart.cell(reading.term)),
                    ("Review", ConsolePart.cell(reading.review)), ("Owner", ConsolePart.cell(agreement.owner)),
                    ("Enforcement", ConsolePart.cell(reading.mode)), ("Countries", ConsolePart.lines(reading.regions)),
                    ("Transfer rests on", ConsolePart.lines(reading.mechanisms)),
                    ("Subprocessors", ConsolePart.lines(reading.subprocessors)),
                    ("Limits", ConsolePart.lines(reading.limits)), ("Callers", ConsolePart.lines(reading.callers)),
                    (
                        "Approved",
                        ConsolePart.cell(
                            report.approvedBy.map { "by \($0), \(report.approvedAt?.prefix(10) ?? "")" }
                                ?? (report.origin == .files ? "in the files" : "no"))
                    ),
                    ("Supersedes", ConsolePart.cell(report.supersedes.map { "version \($0)" } ?? "nothing")),
                    ("Superseded by", ConsolePart.cell(report.supersededBy.map { "version \($0)" } ?? "nothing")),
                ]))
        ]
        for purpose in reading.purposes {
            parts.append(ConsolePart.section("For \(purpose.name)"))
            parts.append(
                ConsolePart.part(
                    "facts",
                    ConsolePart.facts(
                        [
                            ("Lawful basis", ConsolePart.lines(purpose.bases)), ("Calls", ConsolePart.lines(purpose.endpoints)),
                            ("Deletion", ConsolePart.cell(purpose.retention)),
                        ] + (purpose.usActivity.map { [("Under US law", ConsolePart.cell($0))] } ?? []))))
            parts.append(
                ConsolePart.part(
                    "table",
                    ConsolePart.table(
                        "What is sent for \(purpose.name)", id: "fields-\(purpose.name)", ["Field", "How it is sent", "Note"],
                        purpose.fields.map { [ConsolePart.codeCell($0.name), ConsolePart.cell($0.what), ConsolePart.cell($0.note)] },
                        empty: "Nothing but what the calls need.")))
        }
        parts.append(ConsolePart.section("Not sent"))
        parts.append(
            ConsolePart.text(
                reading.withheld.isEmpty
                    ? "Every field of the catalogue is agreed."
                    : "\(reading.withheld.joined(separator: ", ")). What no file describes is not sent either."))
        parts.append(ConsolePart.section("Terms in the paper"))
        parts.append(ConsolePart.part("facts", ConsolePart.facts([("Where they stand", ConsolePart.lines(reading.terms))])))
        return parts
    }

    private static func vendor(_ vendor: Vendor, _ report: VersionReport, _ set: PolicySet) -> [JSONValue] {
        let agreements = set.agreements.filter { set[$0.vendor].id == vendor.id }
        return [
            ConsolePart.part(
                "facts",
                ConsolePart.facts([
                    ("Legal name", ConsolePart.cell(vendor.legalName)),
                    ("Established in", ConsolePart.cell(vendor.establishedIn.description)),
                    (
                        "Destinations",
                        ConsolePart.lines(vendor.destinations.map { "\($0.scheme)://\($0.authority) in \($0.region.description)" })
                    ),
                    ("Contacts", ConsolePart.lines(vendor.contacts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })),
                    (
                        "Certifications",
                        ConsolePart.lines(
                            vendor.certifications.map {
                                "\($0.scheme), from \($0.from.day.iso8601)\($0.until.map { " until \($0.day.iso8601)" } ?? "")"
                            })
                    ),
                    (
                        "Due diligence",
                        ConsolePart.cell(
                            vendor.dueDiligence.map { "\($0.tier); last \($0.last.day.iso8601), next \($0.next.day.iso8601)" } ?? "none")
                    ),
                    ("Credentials", ConsolePart.cell(vendor.credentials == nil ? "with the callers" : "kept by Waybill")),
                ])),
            ConsolePart.part(
                "table",
                ConsolePart.table(
                    "Agreements", id: "agreements", ["Id", "Version", "From", "Until"],
                    agreements.prefix(rowsMax).map {
                        [
                            ConsolePart.cell($0.id, path: "/console/agreements/\(ConsoleAddress.part($0.id))"),
                            ConsolePart.cell(String($0.version)),
                            ConsolePart.cell($0.from.day.iso8601), ConsolePart.cell($0.until?.day.iso8601 ?? "open"),
                        ]
                    }, empty: "There is none: nothing may be sent.")),
            ConsolePart.part(
                "table",
                ConsolePart.table(
                    "Calls of its API", id: "endpoints", ["Id", "Request", "Body", "Fields"],
                    vendor.endpoints.map { endpoint in
                        [
                            ConsolePart.codeCell(endpoint.id),
                            ConsolePart.codeCell("\(endpoint.template.method) \(endpoint.template.text)"),
                            ConsolePart.cell(endpoint.body.rawValue),
                            ConsolePart.cell(Set(endpoint.slots.map { set[$0.field].name }).sorted().joined(separator: ", ")),
                        ]
                    }, empty: "None is described: nothing may be called.")),
        ] + more(agreements.count)
    }

    private static func caller(_ caller: Caller, _ set: PolicySet) -> [JSONValue] {
        [
            ConsolePart.part(
                "facts",
                ConsolePart.facts([
                    ("Owner", ConsolePart.cell(caller.owner)), ("Credentials", ConsolePart.cell("\(caller.credentials.count)")),
                    ("Without a purpose", ConsolePart.cell(caller.defaultPurpose.map { set[$0].name } ?? "refused")),
                    ("When a record is denied", ConsolePart.cell(caller.onDenied.rawValue)),
                ])),
            ConsolePart.part(
                "table",
                ConsolePart.table(
                    "May use", id: "may-use", ["Agreement", "Purposes"],
                    caller.mayUse.prefix(rowsMax).map {
                        [
                            ConsolePart.cell($0.agreement, path: "/console/agreements/\(ConsoleAddress.part($0.agreement))"),
                            ConsolePart.cell($0.purposes.map { set[$0].name }.joined(separator: ", ")),
                        ]
                    }, empty: "Nothing.")),
        ] + more(caller.mayUse.count)
    }

    /// Of a table that can be as long as the policy set.
    private static let rowsMax = 200

    private static func more(_ rows: Int) -> [JSONValue] {
        rows > rowsMax ? [ConsolePart.text("And \(rows - rowsMax) more; the lists and the YAML name them all.")] : []
    }
}
