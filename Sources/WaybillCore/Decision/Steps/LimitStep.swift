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
        let today = input.standing.today(
            input.policy.agreements[i].id, subject: input.subject.entry?.number, earlier: input.earlier, now: input.now)
        context.note("records today") { "\(today.records) of \(limits.recordsPerDay.map { "\($0)" } ?? "any")" }
        context.note("subjects today") { "\(today.subjects) of \(limits.subjectsPerDay.map { "\($0)" } ?? "any")" }
        context.note(at: input.policy.agreements[i].position)
        context.ask(volumeOf: AgreementID(i), isExceeded: limits.areReached(by: today))
    }
}

extension Agreement.Limits {
    /// One more would be too many.
    func areReached(by today: VolumeToday) -> Bool {
        if let most = recordsPerDay, today.records >= most { return true }
        // Somebody who counts today already takes no further place.
        if let most = subjectsPerDay, today.subjects >= most { return !today.countsAlready }
        return false
    }
}

/// What was sent today before a record, earlier records of its request included; of the subjects, those beside its own.
struct VolumeToday {
    var records = 0
    var subjects = 0
    /// The record's subject was sent today already, in another request.
    var countsAlready = false
}

extension Standing {
    func today(_ agreement: String, subject: UInt32?, earlier: EarlierRecords?, now: Timestamp) -> VolumeToday {
        let sent = volume(of: agreement, subject: subject, now: now)
        let before = earlier?.records[agreement]
        guard sent.volume != nil || before != nil else { return VolumeToday(countsAlready: sent.wasSeen) }
        var today = VolumeToday(
            records: sent.volume?.records ?? 0, subjects: sent.volume?.subjects ?? 0, countsAlready: sent.wasSeen)
        if let before, let earlier {
            today.records += before
            today.subjects += earlier.subjects.count
        }
        if let subject, sent.wasSeen || earlier?.subjects.contains(subject) ?? false { today.subjects -= 1 }
        return today
    }
}
