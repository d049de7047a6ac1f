/// Step 11: is there volume left today, and can the duty be entered?
enum LimitStep {
    static func check(_ input: DecisionInput, _ context: inout StepContext) {
        guard let candidate = context.candidate else { return }
        let i = candidate.agreement.position
        if !context.reports { checkVolume(i, input, &context) }
        if !input.standing.dutiesRecordable, input.policy.agreements[i].purposes[candidate.term].retain != nil {
            context.fail(.dutyNotRecorded)
        }
    }

    private static func checkVolume(_ i: Int, _ input: DecisionInput, _ context: inout StepContext) {
        let limits = input.policy.agreements[i].limits
        guard limits.recordsPerDay != nil || limits.subjectsPerDay != nil else { return }
        let id = input.policy.agreements[i].id
        let sent = input.standing.volumes[id] ?? Standing.Volume(records: 0, subjects: 0)
        context.note("records today") { "\(sent.records) of \(limits.recordsPerDay.map { "\($0)" } ?? "any")" }
        context.note("subjects today") { "\(sent.subjects) of \(limits.subjectsPerDay.map { "\($0)" } ?? "any")" }
        context.note(at: input.policy.agreements[i].position)
        if let most = limits.recordsPerDay, sent.records >= most { context.fail(.volumeExceeded) }
        if let most = limits.subjectsPerDay, sent.subjects >= most {
            // Somebody who counts today already takes no further place.
            let counts = input.subject.entry.map { input.standing.wasSeenToday(id, $0.number) } ?? false
            if !counts { context.fail(.volumeExceeded) }
        }
    }
}
