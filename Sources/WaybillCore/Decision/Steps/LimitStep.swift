/// Step 11: is there volume left today, and can the deletion duty be entered?
enum LimitStep {
    static func check(_ context: inout StepContext) {
        guard let agreement = context.agreement, let term = context.term else { return }
        let standing = context.input.standing
        if agreement.limits.recordsPerDay != nil || agreement.limits.subjectsPerDay != nil, !context.reports {
            let sent = standing.volumes[agreement.id] ?? Standing.Volume(records: 0, subjects: 0)
            context.note("records today") { "\(sent.records) of \(agreement.limits.recordsPerDay.map { "\($0)" } ?? "any")" }
            context.note("subjects today") { "\(sent.subjects) of \(agreement.limits.subjectsPerDay.map { "\($0)" } ?? "any")" }
            context.note(at: agreement.position)
            // Somebody who counts today already takes no further place.
            let isNew = !(context.input.subject.entry.map { standing.wasSeenToday(agreement.id, $0.number) } ?? false)
            let isFull =
                agreement.limits.recordsPerDay.map { sent.records >= $0 } ?? false
                || isNew && agreement.limits.subjectsPerDay.map { sent.subjects >= $0 } ?? false
            if isFull { context.fail(.volumeExceeded) }
        }
        if term.retain != nil, !standing.dutiesRecordable { context.fail(.dutyNotRecorded) }
    }
}
