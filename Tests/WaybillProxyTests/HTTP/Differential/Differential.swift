@testable import WaybillProxy

/// Compares what our parser and the oracle read from the same bytes.
///
/// What ours says must be said by the oracle too, in the same order. Ours may stop earlier, with a refusal; it may neither go on where the
/// oracle refuses, nor wait where the oracle went on, nor say anything else. Each exception is a case of `Explained`.
struct Differential {
    /// Differences with a reason, each as narrow as it can be put.
    enum Explained: String, CaseIterable {
        /// RFC 9112 §3.2.2: `http://host/path` with the same Host asks for `/path`. Ours hands on the path, the oracle the whole.
        case absoluteFormReduced
        /// RFC 9110 §5.5: blanks around a value are no part of it. The oracle keeps those behind it.
        case blanksBehindValue
        /// RFC 9110 §9.1: a method is any token, and the oracle has a list. No policy's endpoint has such a method: 405.
        case methodNotListed
        /// RFC 9112 §9.6: nothing is read after a message that said `close`, as the last of HTTP/1.0, after CONNECT or an offer to upgrade.
        /// The oracle refuses such bytes or falls silent; ours leaves that to `CallerHandler`, which throws them away.
        case behindLastMessage
        /// A line that holds a bare CR: the oracle takes it for the end of a line, ours waits for that end, says nothing, and refuses.
        case refusedOnceComplete
    }

    private(set) var explained: [Explained] = []
    private(set) var heads = 0
    private(set) var disagreement: String?
    private let ours: Reading
    private let theirs: Reading

    /// Runs the comparison; `disagreement` tells what cannot be explained. `completed`: what ours says when an end of a head follows.
    init(ours: Reading, theirs: Reading, completed: () -> Reading) {
        self.ours = ours
        self.theirs = theirs
        disagreement = compare()
        guard disagreement == Self.waits else { return }
        let completed = completed()
        if completed.refusal != nil, completed.parts == ours.parts {
            disagreement = nil
            explained.append(.refusedOnceComplete)
        }
    }

    private static let waits = "ours waits where the oracle went on"

    private mutating func compare() -> String? {
        var isLast = false
        for (index, part) in ours.parts.enumerated() {
            if case .head = part { heads += 1 }
            guard index < theirs.parts.count else { return missing(part) }
            switch (part, theirs.parts[index]) {
            case (.head(let mine), .head(let other)):
                if let difference = compare(mine, other) { return difference }
                isLast = mine.isLast
            case (.body(let mine), .body(let other)):
                if let difference = compare(mine, other, index: index) { return difference }
            case (.end, .end):
                guard isLast else { continue }
                if ours.parts.count > index + 1 || theirs.refusal != nil { explained.append(.behindLastMessage) }
                return nil
            default: return "part \(index) is another"
            }
        }
        if ours.refusal == nil, theirs.parts.count > ours.parts.count { return Self.waits }
        return nil
    }

    private mutating func missing(_ part: Reading.Part) -> String? {
        guard let refusal = theirs.refusal else { return "ours went on where the oracle waits" }
        if case .head(let head) = part, refusal == "invalid HTTP method", !Self.listedMethods.contains(head.method) {
            explained.append(.methodNotListed)
            return nil
        }
        return "ours accepts what the oracle refuses (\(refusal))"
    }

    private mutating func compare(_ mine: Reading.Head, _ other: Reading.Head) -> String? {
        guard mine.method == other.method, mine.status == other.status else { return "another start line" }
        if mine.isReduced {
            let host = mine.fields.first { $0.name.lowercased() == "host" }?.value ?? ""
            let prefixes = ["http://", "https://"].map { $0 + host.lowercased() }
            let rest = other.target.utf8.dropLast(mine.target.utf8.count)
            guard other.target.hasSuffix(mine.target), prefixes.contains(String(rest)?.lowercased() ?? "") else { return "another target" }
            explained.append(.absoluteFormReduced)
        } else if mine.target != other.target {
            return "another target"
        }
        guard mine.fields.count == other.fields.count else { return "another number of fields" }
        for (field, counterpart) in zip(mine.fields, other.fields) where field != counterpart {
            guard field.name == counterpart.name else { return "another name" }
            guard Array(field.value.utf8) == Self.withoutTrailingBlanks(counterpart.value) else { return "another value" }
            explained.append(.blanksBehindValue)
        }
        return nil
    }

    /// Bodies agree when equal, or when one is the beginning of the other and its reader then stopped with a refusal.
    private func compare(_ mine: [UInt8], _ other: [UInt8], index: Int) -> String? {
        if mine == other { return nil }
        if mine.count < other.count, other.starts(with: mine), ours.refusal != nil, index == ours.parts.count - 1 { return nil }
        if mine.count > other.count, mine.starts(with: other), index == theirs.parts.count - 1 {
            return "ours accepts more of a body than the oracle (\(theirs.refusal ?? "it waits"))"
        }
        return "another body"
    }

    private static func withoutTrailingBlanks(_ value: String) -> [UInt8] {
        var bytes = Array(value.utf8)
        while bytes.last == 0x20 || bytes.last == 0x09 { bytes.removeLast() }
        return bytes
    }

    /// Every method the oracle knows on a request line that is not of RTSP or ICE.
    private static let listedMethods: Set<String> = [
        "DELETE", "GET", "HEAD", "POST", "PUT", "CONNECT", "OPTIONS", "TRACE", "COPY", "LOCK", "MKCOL", "MOVE", "PROPFIND", "PROPPATCH",
        "SEARCH",
        "UNLOCK", "BIND", "REBIND", "UNBIND", "ACL", "REPORT", "MKACTIVITY", "CHECKOUT", "MERGE", "M-SEARCH", "NOTIFY", "SUBSCRIBE",
        "UNSUBSCRIBE", "PATCH", "PURGE", "MKCALENDAR", "LINK", "UNLINK", "SOURCE", "QUERY", "PRI",
    ]
}
