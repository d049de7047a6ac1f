package import WaybillCore

/// What a package is about, as `scope.json` says it.
package struct PackageScope: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case vendor(String)
        /// Nobody is named here: whoever asked knows about whom.
        case subject
    }
    package var kind: Kind
    /// Of the checkpoint.
    package var origin: String
    package var size: UInt64
    /// Half-open, and the entries committed in it.
    package var from: Timestamp
    package var until: Timestamp
    package var first: UInt64
    package var end: UInt64
    /// Subject packages: side records below this entry were pruned, so that transfers there cannot be found any more.
    package var prunedBelow: UInt64

    package init(kind: Kind, origin: String, size: UInt64, from: Timestamp, until: Timestamp, first: UInt64, end: UInt64) {
        self.kind = kind
        self.origin = origin
        self.size = size
        self.from = from
        self.until = until
        self.first = first
        self.end = end
        prunedBelow = 0
    }

    var bytes: [UInt8] {
        var members: [String: CanonicalValue] = [
            "form": .string(PackageLayout.form), "origin": .string(origin), "size": .int(Int(size)),
            "from": .string(PackageScope.text(from)), "until": .string(PackageScope.text(until)), "first": .int(Int(first)),
            "end": .int(Int(end)),
        ]
        switch kind {
        case .vendor(let vendor): members["vendor"] = .string(vendor)
        case .subject: members["pruned_below"] = .int(Int(prunedBelow))
        }
        return CanonicalValue.object(members).bytes + [0x0a]
    }

    /// Nil unless exactly what `bytes` of a scope are.
    init?(_ bytes: [UInt8]) {
        guard bytes.last == 0x0a, case .object(let members) = CanonicalParser.parse(Array(bytes.dropLast())),
            members["form"]?.text == PackageLayout.form, let origin = members["origin"]?.text, let size = members["size"]?.integer,
            let from = members["from"]?.text.flatMap({ EntryTime.parse(Array($0.utf8)) }),
            let until = members["until"]?.text.flatMap({ EntryTime.parse(Array($0.utf8)) }), let first = members["first"]?.integer,
            let end = members["end"]?.integer, 0 <= first, first <= end, end <= size
        else { return nil }
        self.init(
            kind: members["vendor"]?.text.map { .vendor($0) } ?? .subject, origin: origin, size: UInt64(size), from: from, until: until,
            first: UInt64(first), end: UInt64(end))
        let pruned = members["pruned_below"]?.integer ?? 0
        guard pruned >= 0 else { return nil }
        prunedBelow = UInt64(pruned)
        guard self.bytes == bytes else { return nil }
    }

    static func text(_ time: Timestamp) -> String { String(decoding: EntryTime.text(time), as: UTF8.self) }
}

extension CanonicalValue {
    var text: String? { if case .string(let text) = self { text } else { nil } }
    var members: [String: CanonicalValue]? { if case .object(let members) = self { members } else { nil } }
    var values: [CanonicalValue]? { if case .array(let values) = self { values } else { nil } }
}
