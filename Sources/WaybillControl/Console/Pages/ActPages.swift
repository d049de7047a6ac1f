import WaybillCore
import WaybillLedger

/// Approving, rejecting and ending one document.
struct ActPages {
    let pages: DocumentPages
    private var kind: PolicyDocumentName.Kind { pages.kind }
    private var desk: AgreementDesk { pages.desk }

    var all: [ConsolePage] {
        let approval = "\(pages.one)/approve"
        let end = "\(pages.one)/terminate"
        return [
            ConsolePage(.get, approval, permission: .approveAgreements) { [self] call in try await formed { try await review(call) } },
            ConsolePage(.post, approval, permission: .approveAgreements) { [self] call in try await formed { try await approve(call) } },
            ConsolePage(.post, "\(pages.one)/reject", permission: .approveAgreements, form: approval) { [self] call in
                try await formed { try await reject(call) }
            },
            ConsolePage(.get, end, permission: .approveAgreements) { [self] call in try await formed { try await ask(call) } },
            ConsolePage(.post, end, permission: .approveAgreements) { [self] call in try await formed { try await terminate(call) } },
        ]
    }

    /// The two forms of an approver. The digest is of the text that the page shows.
    func decision(_ call: ConsoleCall, _ name: PolicyDocumentName, digest: String) -> [JSONValue] {
        let path = pages.path(name.id)
        var approve = ConsoleForm(
            call, action: "\(path)/approve", heading: "Approve", lead: "In force within a second, for the text of this digest: \(digest)",
            prefix: "approve")
        approve.hide("digest", digest)
        approve.button("Approve", tone: "primary")
        var reject = ConsoleForm(call, action: "\(path)/reject", heading: "Reject", prefix: "reject")
        reject.hide("digest", digest)
        reject.add("why", "Why", .area(rows: 3), hint: "For those who drafted it.")
        reject.button("Reject", tone: "danger")
        return [ConsolePart.part("form", approve.json), ConsolePart.part("form", reject.json)]
    }

    /// What is to be approved: the draft, or an agreement of the files.
    private func review(_ call: ConsoleCall) async throws -> ConsoleAnswer {
        let name = pages.name(call)
        let versions = try await desk.versions(of: name)
        guard let first = versions.first else { throw AgreementDesk.unknown(name) }
        let what = first.tag != nil ? first : versions.first { $0.state == .draft }
        guard let what else {
            throw DeskRefusal("not_in_review", "Nothing of it waits for approval.")
        }
        return ConsolePart.page(
            "Approve \(name.id)", badges: what.badges, crumbs: pages.crumbs(name),
            [
                ConsolePart.part("code", ConsolePart.code("The document", String(decoding: try await desk.text(of: what), as: UTF8.self)))
            ] + decision(call, name, digest: what.digest))
    }

    private func approve(_ call: ConsoleCall) async throws -> ConsoleAnswer {
        let name = pages.name(call)
        let report = try await desk.approve(name, digest: call.field("digest") ?? "", by: try DraftPages(pages: pages).who(call))
        return .redirect(pages.path(name.id), notice: "Approved; it is \(report.state.words).")
    }

    private func reject(_ call: ConsoleCall) async throws -> ConsoleAnswer {
        let name = pages.name(call)
        _ = try await desk.reject(
            name, digest: call.field("digest") ?? "", why: call.field("why") ?? "", by: try DraftPages(pages: pages).who(call))
        return .redirect("\(pages.path(name.id))/draft", notice: "Rejected; it is a draft again.")
    }

    private func ask(_ call: ConsoleCall) async throws -> ConsoleAnswer {
        let name = pages.name(call)
        guard try await !desk.versions(of: name).isEmpty else { throw AgreementDesk.unknown(name) }
        var form = ConsoleForm(call, action: "\(pages.path(name.id))/terminate")
        form.add("why", "Why", .area(rows: 3), hint: "Kept with who and when.")
        form.add("sure", "I know that this is final", .check)
        form.button("Terminate", tone: "danger")
        form.cancel(pages.path(name.id))
        return ConsolePart.page(
            "Terminate \(name.id)",
            lead: "Every version ends for good, with the next request. A new version has to be drafted and approved.",
            crumbs: pages.crumbs(name), [ConsolePart.part("form", form.json)])
    }

    private func terminate(_ call: ConsoleCall) async throws -> ConsoleAnswer {
        let name = pages.name(call)
        guard call.field("sure") == "yes" else { throw FormProblem("Tick that you know that it is final.", field: "sure") }
        _ = try await desk.terminate(name, why: call.field("why") ?? "", by: try DraftPages(pages: pages).who(call))
        return .redirect(pages.path(name.id), notice: "Terminated.")
    }
}
