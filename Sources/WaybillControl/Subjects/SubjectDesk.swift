package import WaybillCore
import WaybillLedger

/// What people do about one person: looking up, consents, restrictions, objections, personalization, links, erasure. The same for API, console
/// and command line.
///
/// A stop is in force before its entry is written; everything else is entered first. Entries name the person by a keyed mark of the one act,
/// which nobody can join to anything once the person's key is destroyed.
package struct SubjectDesk: Sendable {
    package let parts: SubjectParts

    package init(_ parts: SubjectParts) { self.parts = parts }

    package var now: Timestamp { parts.clock() }

    // MARK: Finding

    /// `text`: as people write identifiers. Nil: nobody is known by it.
    package func find(_ text: String) async throws(ControlFailure) -> KnownSubject? {
        try await find(Self.identifier(text))
    }

    package func find(_ identifier: Identifier) async throws(ControlFailure) -> KnownSubject? {
        if let record = try await storing({ () throws(ConsentStoreError) in try await parts.records.record(of: identifier) }) {
            return record
        }
        // Known from transfers only: from now on the store has them, under the number that the transfers have.
        guard case .known = parts.records.index.find(identifier, now: now) else { return nil }
        let line = ImportLine.facts(FactsLine(line: 1, identifiers: [identifier], change: SubjectFactsChange()))
        let batch = try await storing { () throws(ConsentStoreError) in
            try await parts.records.apply([line], atomically: true, now: now)
        }
        guard batch.refused.isEmpty else { return nil }
        return try await storing { () throws(ConsentStoreError) in try await parts.records.record(of: identifier) }
    }

    package func record(_ number: UInt32) async throws(ControlFailure) -> KnownSubject {
        guard let record = try await storing({ () throws(ConsentStoreError) in try await parts.records.record(number: number) }) else {
            throw Self.unknown
        }
        return record
    }

    /// By the id that the API gives.
    package func record(id: String) async throws(ControlFailure) -> KnownSubject {
        guard let number = parts.ids.number(id) else { throw Self.unknown }
        return try await record(number)
    }

    package static func identifier(_ text: String) throws(ControlFailure) -> Identifier {
        do {
            return try Identifier(importText: text)
        } catch {
            throw ControlFailure(code: "subject_malformed", message: "The subject \(error.rawValue).")
        }
    }

    // MARK: Acting

    package enum Outcome: Sendable {
        case done(KnownSubject)
        /// The first of two steps: nothing changed yet. Give the token back to do it.
        case confirm(token: String, until: Timestamp)
    }

    /// Binds on the next send when it returns.
    package func act(_ act: SubjectAct, on number: UInt32, by actor: SubjectActor) async throws(ControlFailure) -> Outcome {
        let record = try await record(number)
        guard !record.isErasing else {
            throw ControlFailure(
                code: "erasure_under_way", message: "The person's erasure is under way; nothing about them leaves any more.")
        }
        let number = record.history.number
        if case .takeBack(let scope, let confirm) = act, SubjectAct.takesTwoSteps(scope) {
            let choice = scope?.rawValue ?? "gpc"
            guard let confirm else {
                return .confirm(
                    token: parts.links.confirmation(number, choice, now: now), until: now.adding(seconds: PersonLinks.confirmationSeconds))
            }
            guard parts.links.isConfirmation(confirm, number, choice, now: now) else {
                throw ControlFailure(
                    code: "confirmation_unfit",
                    message:
                        "Opting in again takes two steps, and this confirmation is not of a first step in the last 15 minutes; begin anew.")
            }
        }
        let line = try line(act, record, actor)
        if act.isStop(record.history.facts) {
            try await apply(line)
            do throws(ControlFailure) {
                try await note(act.name, record.history.salt, act.detail, by: actor)
            } catch {
                throw ControlFailure(
                    code: error.code,
                    message: "The stop is in force, but its log entry could not be written. \(error.message) Then do it again.")
            }
        } else {
            try await note(act.name, record.history.salt, act.detail, by: actor)
            try await apply(line)
        }
        return .done(try await self.record(number))
    }

    private func line(_ act: SubjectAct, _ record: KnownSubject, _ actor: SubjectActor) throws(ControlFailure) -> ImportLine {
        guard let identifier = record.identifiers.first else { throw Self.unknown }
        var change = SubjectFactsChange()
        switch act {
        case .give(let grant):
            try check(grant, actor)
            let event = event(grant, record, actor)
            try check(event, after: record.history.events)
            return .consent(ConsentLine(line: 1, identifier: identifier, event: event))
        case .withdraw(let purpose, let recipients):
            try check(purpose: purpose, recipients)
            // A grant may be dated a little ahead of our clock: the stop comes after it all the same.
            let latest = record.history.events.filter { $0.state.permits }.map(\.eventTime).max()
            let event = ConsentEvent(
                state: .withdrawn, purpose: purpose, recipients: recipients, eventTime: later(than: latest),
                actor: actor.isSubject ? "subject" : "controller")
            return .consent(ConsentLine(line: 1, identifier: identifier, event: event))
        case .restrict(let isOn): change.restricted = isOn
        case .object(let scope): change.objections = [.init(scope: scope, at: now)]
        case .takeBack(let scope, _):
            let stops = scope.map { record.history.facts.stops($0) } ?? record.history.facts.gpcStops
            guard let last = stops.max() else {
                throw ControlFailure(code: "no_such_stop", message: "The person has not said stop to that; nothing was changed.")
            }
            change.lifts = [.init(scope: scope, at: later(than: last))]
        case .preference(let level):
            guard level.map({ (0...3).contains($0) }) ?? true else {
                throw ControlFailure(code: "level_unfit", message: "A personalization level is 0, 1, 2 or 3.")
            }
            change.preference = .some(level)
        case .signal(let content): change.signals = [.init(content: content, at: now)]
        }
        return .facts(FactsLine(line: 1, identifiers: [identifier], change: change))
    }

    private func event(_ grant: SubjectAct.Grant, _ record: KnownSubject, _ actor: SubjectActor) -> ConsentEvent {
        // Two acts of one moment stay in their order.
        let stop = record.history.events.filter { $0.state.isStop }.map(\.bindsUntil).filter { $0 <= now }.max()
        return ConsentEvent(
            state: .given, purpose: grant.purpose, recipients: grant.recipients, eventTime: later(than: stop),
            notice: grant.notice, proof: grant.proof, explicit: grant.explicit, actor: actor.isSubject ? "subject" : "controller")
    }

    /// A stop may be dated ahead, and one that gives only a day binds until that day's end: a grant of now would be entered and never count.
    private func check(_ grant: ConsentEvent, after events: [ConsentEvent]) throws(ControlFailure) {
        let set = parts.policy()
        let wider = grant.purpose.flatMap { set?.purpose(named: $0) }.flatMap { id in
            set.map { set in Set(set[id].ancestors.map { set[$0].name }) }
        }
        let over = events.filter { stop in
            guard stop.state.isStop, stop.bindsUntil > grant.eventTime else { return false }
            let isAbout = stop.purpose.map { $0 == grant.purpose || wider?.contains($0) ?? false } ?? true
            return isAbout && (stop.recipients.isEmpty || !Set(stop.recipients).isDisjoint(with: grant.recipients))
        }
        guard let last = over.map(\.bindsUntil).max() else { return }
        throw ControlFailure(
            code: "stop_binds",
            message: "The person's own stop is dated later than now: it binds until \(last.rfc3339). Enter the consent after that.")
    }

    private func later(than time: Timestamp?) -> Timestamp {
        guard let time, time >= now else { return now }
        return Timestamp(nanoseconds: time.nanoseconds + 1)
    }

    private func check(_ grant: SubjectAct.Grant, _ actor: SubjectActor) throws(ControlFailure) {
        try check(purpose: grant.purpose, grant.recipients)
        guard !grant.recipients.isEmpty else {
            throw ControlFailure(code: "recipient_missing", message: "Name the vendors that the person agreed to.")
        }
        guard actor.isSubject || grant.proof != nil else {
            throw ControlFailure(code: "proof_missing", message: "Say where the proof of the person's own choice is kept.")
        }
        guard grant.proof.map({ (1...ConsentLine.proofBytesMax).contains($0.utf8.count) }) ?? true else {
            throw ControlFailure(code: "proof_unfit", message: "A proof holds 1 to \(ConsentLine.proofBytesMax) bytes.")
        }
        guard let set = parts.policy() else {
            throw ControlFailure(
                code: "policy_unavailable", message: "No policies are in force, so no consent can be given; mend them first.")
        }
        guard let purpose = set.purpose(named: grant.purpose), !set[purpose].generic else {
            throw ControlFailure(code: "purpose_unfit", message: "The purpose is too generic to be agreed on; name one that narrows it.")
        }
        if let notice = grant.notice, set.notices[notice] == nil {
            throw ControlFailure(code: "notice_unknown", message: "The policies know no such notice; `catalog/notices.yaml` lists them.")
        }
    }

    /// Of a stop too: a misspelt one would stop nothing. Without policies in force a stop is taken as it is.
    func check(purpose: String?, _ recipients: [String]) throws(ControlFailure) {
        guard recipients.count <= ConsentLine.recipientsMax else {
            throw ControlFailure(code: "too_many_recipients", message: "Name at most \(ConsentLine.recipientsMax) vendors.")
        }
        guard let set = parts.policy() else { return }
        if let purpose, set.purpose(named: purpose) == nil {
            throw ControlFailure(code: "purpose_unknown", message: "The policies know no such purpose; `catalog/purposes.yaml` lists them.")
        }
        guard recipients.allSatisfy({ set.vendor(named: $0) != nil }) else {
            throw ControlFailure(code: "vendor_unknown", message: "The policies know no such vendor; `vendors/` has a file of each.")
        }
    }

    // MARK: Plumbing

    func apply(_ line: ImportLine) async throws(ControlFailure) {
        let batch = try await storing { () throws(ConsentStoreError) in
            try await parts.records.apply([line], atomically: true, now: now)
        }
        guard let problem = batch.refused.first else { return }
        throw ControlFailure(code: "refused", message: "\(problem.member.map { "\($0): " } ?? "")\(problem.message).")
    }

    /// Enters an act; of one person if `salt` is theirs.
    func note(_ act: String, _ salt: InlineArray<16, UInt8>?, _ detail: [String: String], by actor: SubjectActor)
        async throws(ControlFailure)
    {
        var detail = detail.filter { !$0.value.isEmpty }
        let at = now.rfc3339
        detail["by"] = actor.id
        detail["at"] = at
        if let salt { detail["subject"] = mark(salt, act, at) }
        do { _ = try await parts.enter(.config(act: act, detail: detail)) } catch {
            throw ControlFailure(code: error.code.rawValue, message: error.message)
        }
    }

    /// Whoever has the person's key can tell that an act was about them.
    func mark(_ salt: InlineArray<16, UInt8>, _ act: String, _ at: String) -> String {
        KeyedHash.mac(key: parts.subjectKey(salt), Array("xfer/act/v1\0\(act)\0\(at)".utf8)).description
    }

    func storing<Value: Sendable>(_ body: () async throws(ConsentStoreError) -> Value) async throws(ControlFailure) -> Value {
        do throws(ConsentStoreError) { return try await body() } catch {
            throw ControlFailure(code: error.code.rawValue, message: error.message)
        }
    }

    func registered<Value>(_ body: () throws -> Value) throws(ControlFailure) -> Value {
        do { return try body() } catch { throw ControlFailure(code: "control_store", message: "\(error)") }
    }

    package static let unknown = ControlFailure(
        code: "subject_unknown", message: "Nobody is known by this; an erased person is not found any more.")
}
