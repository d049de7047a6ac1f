/// One sentence for one value that differs.
struct DifferenceWords {
    typealias Said = (sentence: String, weight: PolicyDifference.Change.Weight)
    /// The document is new: there was nothing before.
    var isNew = false

    /// `before`, `after`: nil where there is nothing; one of them is there.
    func sentence(_ steps: [String], _ before: String?, _ after: String?) -> Said {
        let key = steps.filter { !$0.hasPrefix("[") }.joined(separator: ".")
        let entry = steps.last { $0.hasPrefix("[") }.map { String($0.dropFirst().dropLast()) } ?? ""
        if steps.first == "purposes", steps.count > 1, steps[1].hasPrefix("[") {
            return purpose(String(steps[1].dropFirst().dropLast()), Array(steps.dropFirst(2)), key, before, after)
        }
        switch key {
        case "regions": return listed("may be sent to \(entry)", before, after)
        case "effective.from": return changed("The agreement is in force from", before, after, .other)
        case "effective.until":
            return (phrase("The agreement ends", before, after), Self.later(before, after) ? .wider : .narrower)
        case "owner": return changed("The owner is", before, after, .other)
        case "version": return changed("The version is", before, after, .other)
        case "review.next": return changed("The next review is due on", before, after, .other)
        case "review.every": return changed("It is reviewed every", before, after, .other)
        case "limits.records_per_day": return limit("records", before, after)
        case "limits.subjects_per_day": return limit("people", before, after)
        case "breach.notify_within": return changed("The vendor reports a breach within", before, after, .other)
        case "vendor": return changed("The vendor is", before, after, .other)
        case "legal_name": return changed("The vendor's legal name is", before, after, .other)
        case "established_in": return changed("It is established in", before, after, .other)
        case "mode", "mode.report.until": return mode(key, before, after)
        case "due_diligence.next": return changed("Due diligence is due on", before, after, .other)
        case "due_diligence.last": return changed("Due diligence was last done on", before, after, .other)
        case "default_purpose": return changed("What names no purpose is sent for", before, after, .other)
        case "on_denied_record": return changed("When a record is denied, the caller chose", before, after, .other)
        case "approvals": return changed("Approvals of agreements in files are", before, after, .other)
        default: break
        }
        let head = steps.first ?? ""
        switch head {
        case "parties": return party(entry, steps, before, after)
        case "transfer": return mechanism(entry, steps, before, after)
        case "terms": return terms(steps, before, after)
        case "subprocessors": return member("subprocessor \(entry)", steps, before, after)
        case "certifications": return member("certification \(entry)", steps, before, after)
        case "destinations":
            return steps.last == "url"
                ? listed("may be dialled: \(entry)", before, after) : member("destination \(entry)", steps, before, after)
        case "may_use": return member("permission of the caller to use \(entry)", steps, before, after)
        default: return generic(steps, before, after)
        }
    }

    // MARK: Purposes

    private func purpose(_ name: String, _ rest: [String], _ key: String, _ before: String?, _ after: String?) -> Said {
        let entry = rest.last.map { $0.hasPrefix("[") ? String($0.dropFirst().dropLast()) : $0 } ?? ""
        switch rest.first {
        case "id": return listed("may be used for \(name)", before, after)
        case "fields" where rest.count == 2: return field(entry, name, before, after)
        case "endpoints" where rest.count == 2 && entry != "order": return listed("may go over \(entry) for \(name)", before, after)
        case "basis":
            let regime = rest.count == 2 ? " under \(Self.regimes[entry] ?? entry)" : ""
            return (phrase("For \(name) the lawful basis\(regime) is", before.map(Self.basis), after.map(Self.basis)), .other)
        case "basis_evidence": return changed("For \(name) the \(entry) cited is", before, after, .other)
        case "us_activity":
            return changed("For \(name) the activity under US law is", before.map(Self.spaced), after.map(Self.spaced), .other)
        case "required" where rest.count == 2: return listed("is refused without \(entry), for \(name)", before, after, isStop: true)
        case "necessary" where rest.count == 2: return listed("counts \(entry) as necessary for \(name)", before, after)
        case "retain": return retention(name, rest, before, after)
        default: return generic(["purposes", "[\(name)]"] + rest, before, after)
        }
    }

    private func field(_ field: String, _ purpose: String, _ before: String?, _ after: String?) -> Said {
        let isSent = { (text: String?) in text.map { $0 != "drop" } ?? false }
        let (was, now) = (before.map(OperatorWords.text), after.map(OperatorWords.text))
        switch (isSent(before), isSent(after)) {
        case (false, true):
            return (
                "For \(purpose), `\(field)` is \(isNew ? "" : "now ")sent, \(now ?? "")\(isNew ? "." : "; before it was not sent.")", .wider
            )
        case (true, false): return ("For \(purpose), `\(field)` is no longer sent; before it was sent, \(was ?? "").", .narrower)
        case (true, true): return ("For \(purpose), `\(field)` is now sent \(now ?? ""); before \(was ?? "").", .other)
        case (false, false): return ("For \(purpose), `\(field)` is not sent, before and now.", .other)
        }
    }

    private func retention(_ purpose: String, _ rest: [String], _ before: String?, _ after: String?) -> Said {
        switch rest.dropFirst().joined(separator: ".") {
        case "for": changed("For \(purpose) the vendor deletes after", before, after, .other)
        case "after": changed("For \(purpose) the time to deletion runs from the", before.map(Self.spaced), after.map(Self.spaced), .other)
        case "proof.kind": changed("For \(purpose) deletion is proved by", before, after, .other)
        case "proof.every": changed("For \(purpose) deletion is proved every", before, after, .other)
        case let step: changed("For \(purpose) the deletion duty's `\(step)` is", before, after, .other)
        }
    }

    // MARK: Parts of agreements

    private func party(_ org: String, _ steps: [String], _ before: String?, _ after: String?) -> Said {
        switch steps.last {
        case "role": changed("\(org) acts as", before.map(Self.spaced), after.map(Self.spaced), .other)
        case "us_role": changed("Under US law \(org) acts as", before.map(Self.spaced), after.map(Self.spaced), .other)
        case "exports": changed("That \(org) exports the data is", before, after, .other)
        case "imports": changed("That \(org) receives the data is", before, after, .other)
        default: member("party \(org)", steps, before, after)
        }
    }

    private func mechanism(_ name: String, _ steps: [String], _ before: String?, _ after: String?) -> Said {
        if steps.last == "mechanism" { return listed("may rest on \(Self.spaced(name)) to leave for another country", before, after) }
        if steps.last == "order" { return changed("Transfer mechanisms are tried in the order", before, after, .other) }
        return member("transfer mechanism \(name)", steps, before, after)
    }

    private func terms(_ steps: [String], _ before: String?, _ after: String?) -> Said {
        let place = steps.dropFirst().joined(separator: " ")
        switch (before, after) {
        case (nil, let now?): return ("The term \(place) stands at \(now)\(isNew ? "." : "; before it was not confirmed.")", .other)
        case (let was?, nil): return ("The term \(place) is no longer confirmed; before it stood at \(was).", .other)
        case (let was, let now): return ("The term \(place) now stands at \(now ?? ""); before at \(was ?? "").", .other)
        }
    }

    private func mode(_ key: String, _ before: String?, _ after: String?) -> Said {
        if key == "mode" {
            return after == nil
                ? ("The agreement is no longer enforced from the start.", .wider) : ("The agreement is enforced.", .narrower)
        }
        return (phrase("Unlisted fields are only watched (report mode) until", before, after), after == nil ? .narrower : .wider)
    }

    private func limit(_ what: String, _ before: String?, _ after: String?) -> Said {
        let more = (after.flatMap(Int.init) ?? .max) > (before.flatMap(Int.init) ?? .max)
        let none = "no limit"
        return (phrase("The most \(what) a day is", before ?? (isNew ? nil : none), after ?? none), more ? .wider : .narrower)
    }

    // MARK: Forms of sentences

    /// Of something that is in a list or not.
    private func listed(_ what: String, _ before: String?, _ after: String?, isStop: Bool = false) -> Said {
        let what = what.hasPrefix("is refused") ? "A record \(what)" : "Data \(what)"
        if after != nil { return ("\(what)\(isNew ? "." : "; before, this was not so.")", isStop ? .narrower : .wider) }
        return ("No longer so: \(what.prefix(1).lowercased())\(what.dropFirst()).", isStop ? .wider : .narrower)
    }

    private func member(_ what: String, _ steps: [String], _ before: String?, _ after: String?) -> Said {
        let last = steps.last ?? ""
        if last.hasPrefix("[") || ["id", "org", "url", "agreement", "scheme"].contains(last) {
            return after != nil ? ("The \(what) is \(isNew ? "listed" : "new").", .wider) : ("The \(what) is gone.", .narrower)
        }
        let at = steps.drop { !$0.hasPrefix("[") }.dropFirst().map { $0.hasPrefix("[") ? String($0.dropFirst().dropLast()) : $0 }
        return changed("Of the \(what), `\(at.joined(separator: " "))` is", before, after.map { $0.isEmpty ? "listed" : $0 }, .other)
    }

    private func generic(_ steps: [String], _ before: String?, _ after: String?) -> Said {
        let path = FlatDocument.Path(steps: steps).text
        return changed("`\(path)` is", before.map(Self.shown), after.map(Self.shown), .other)
    }

    private func changed(_ what: String, _ before: String?, _ after: String?, _ weight: PolicyDifference.Change.Weight) -> Said {
        (phrase(what, before, after), weight)
    }

    private func phrase(_ what: String, _ before: String?, _ after: String?) -> String {
        switch (before, after) {
        case (nil, let now?): "\(what) \(now)\(isNew ? "." : "; before, nothing was said.")"
        case (let was?, nil): "\(what) no longer said; before: \(was)."
        case (let was, let now): "\(what) now \(now ?? ""); before \(was ?? "")."
        }
    }

    private static func shown(_ text: String) -> String { text.isEmpty ? "listed" : text }
    private static func spaced(_ text: String) -> String { text.replacing("_", with: " ") }
    private static func basis(_ text: String) -> String { text == "opt_out" ? "none, with the right to opt out" : spaced(text) }
    private static let regimes = ["gdpr": "the GDPR", "uk_gdpr": "the UK GDPR", "fadp": "the Swiss FADP", "us": "US law"]

    private static func later(_ before: String?, _ after: String?) -> Bool {
        if after == "open" { return true }
        return before != "open" && (after ?? "") > (before ?? "")
    }
}

/// What an operator does, in words: `mask keep_last 2` → `masked to its last 2 characters`.
package enum OperatorWords {
    package static func text(_ operation: String) -> String {
        // As it stands in the file, or as an operator sums itself up: `mask {keep_last: 2}`.
        let plain = String(operation.unicodeScalars.filter { !"{}:,".unicodeScalars.contains($0) }.map(Character.init))
        let words = plain.split(separator: " ").map(String.init)
        switch words.first {
        case "keep": return "as it is"
        case "drop": return "not at all"
        case "mask" where words.count == 3 && words[1] == "keep_last": return "masked to its last \(words[2]) characters"
        case "mask" where words.count == 3 && words[1] == "keep_first": return "masked to its first \(words[2]) characters"
        case "mask": return "masked\(rest(words))"
        case "hash": return "as a keyed hash\(rest(words))"
        case "pseudonymize": return "as a pseudonym of this vendor's own"
        case "generalize" where words.count == 2: return "only its \(words[1])"
        case "generalize": return "generalized\(rest(words))"
        case "truncate": return "shortened\(rest(words))"
        case "replace": return "replaced by a fixed text\(rest(words))"
        default: return "by `\(operation)`"
        }
    }

    private static func rest(_ words: [String]) -> String { words.count > 1 ? " (\(words.dropFirst().joined(separator: " ")))" : "" }
}
