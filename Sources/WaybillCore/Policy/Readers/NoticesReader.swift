/// `catalog/notices.yaml`. Read after the vendors, whom notices name as recipients.
struct NoticesReader {
    let compilation: Compilation

    func read(_ document: PolicyValue) {
        let problems = compilation.problems
        guard var file = Section(document, "notices.yaml", problems) else { return }
        if let notices = file.required("notices") {
            for member in Section.members(notices, "`notices`", problems) { readNotice(member) }
        }
        file.finish()
    }

    private func readNotice(_ member: PolicyValue.Member) {
        let problems = compilation.problems
        guard ScalarType<String>.name.read(member.keyValue, problems) != nil, var section = Section(member.value, "the notice", problems)
        else { return }
        let from = section.required("from", .timestamp)
        let purposes = compilation.resolveAll(section.list("purposes"), in: compilation.purposes)
        let recipients = compilation.resolveAll(section.list("recipients"), in: compilation.vendors)
        section.finish()
        guard let from else { return }
        compilation.notices[member.key] = Notice(
            name: member.key, from: from, purposes: purposes.map { compilation.purposes[$0].name },
            recipients: recipients.map { compilation.vendors[$0].id }, position: member.keyPosition)
    }
}
