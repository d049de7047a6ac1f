import WaybillCore
import WaybillLedger

/// A sample's transfers: drawn in the background, because the log's entries of the period are read for it.
enum SamplePages {
    static func show(_ desk: ConsoleDesk, _ engagement: Engagement, _ call: ConsoleCall) async throws -> ConsoleAnswer {
        let (number, sample) = try known(engagement, call)
        let own = "\(EngagementPages.path)/\(ConsoleAddress.part(engagement.id))"
        var parts = [
            ConsolePart.part(
                "facts",
                ConsolePart.facts([
                    ("Seed", ConsolePart.codeCell(sample.seed)), ("Transfers", ConsolePart.number(sample.count)),
                    ("Log", ConsolePart.codeCell(sample.origin)),
                    ("Entries below", ConsolePart.number(Int(clamping: sample.size))),
                ]))
        ]
        let standing = await desk.drawing.standing
        let isRunning = standing.map { $0.endedAt == nil } ?? false
        if let drawn = standing?.result, drawn.engagement == engagement.id, drawn.sample == sample {
            parts.append(ConsolePart.part("table", table(drawn.drawn)))
        } else if isRunning {
            parts.append(
                ConsolePart.part(
                    "notice", ConsolePart.notice(.info, "A sample is being drawn.", link: "Look again", path: "\(own)/samples/\(number)")))
        } else {
            if let failure = standing?.failure { parts.append(ConsolePart.part("notice", ConsolePart.notice(.bad, failure))) }
            var form = ConsoleForm(call, action: "\(own)/samples/\(number)", lead: "The entries of the period are read for it.")
            form.button("Draw it now", tone: "primary")
            parts.append(ConsolePart.part("form", form.json))
        }
        return ConsolePart.page(
            "Sample \(number) of engagement \(engagement.id)", lead: "Anybody with the entries and the seed draws the same transfers.",
            crumbs: [("Audits", EngagementPages.path), ("Engagement \(engagement.id)", own)], parts)
    }

    static func draw(_ desk: ConsoleDesk, _ engagement: Engagement, _ call: ConsoleCall) async throws -> ConsoleAnswer {
        let (number, sample) = try known(engagement, call)
        let began = await desk.drawing.begin(by: call.principal?.id ?? "") { _ in
            let drawn = try await desk.sources.draw(sample, of: engagement.scope)
            return ConsoleDesk.Drawn(engagement: engagement.id, sample: sample, drawn: drawn)
        }
        let path = "\(EngagementPages.path)/\(ConsoleAddress.part(engagement.id))/samples/\(number)"
        return .redirect(path, notice: began ? "The sample is being drawn." : "Another sample is being drawn; wait until it is done.")
    }

    static func known(_ engagement: Engagement, _ call: ConsoleCall) throws -> (Int, Engagement.Sample) {
        // Compared first: what stands in an address may be the least number there is.
        guard let number = call.values["sample"].flatMap({ Int($0) }), (1...).contains(number), number <= engagement.samples.count else {
            throw APIProblem(.notFound, "The engagement has no such sample.")
        }
        return (number, engagement.samples[number - 1])
    }

    private static func table(_ drawn: AuditSample) -> JSONValue {
        ConsolePart.table(
            "\(ConsolePart.grouped(drawn.draws.count)) of \(ConsolePart.grouped(drawn.population)) transfers, lowest rank first",
            id: "draws",
            ["Transfer", "Time", "Endpoint", .number("Entry"), "Leaf hash"],
            drawn.draws.map { draw in
                [
                    ConsolePart.codeCell(draw.xid, path: "\(TransferPages.path)/\(ConsoleAddress.part(draw.xid))"),
                    ConsolePart.cell(draw.time),
                    ConsolePart.cell(draw.endpoint), ConsolePart.number(Int(clamping: draw.index)),
                    ConsolePart.codeCell(draw.leaf.description),
                ]
            }, empty: "The period has no transfer to this vendor.")
    }
}
