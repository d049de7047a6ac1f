/// What changes between two policy sets, in sentences that a counsel reads. Nothing that differs goes unsaid: what has no sentence of its
/// own gets one that names the path.
package enum PolicyDifference {
    package struct Change: Sendable, Hashable, Codable {
        package enum Weight: String, Sendable, Codable, CaseIterable {
            /// More may be sent, or to more.
            case wider
            /// Less may be sent, or to fewer.
            case narrower
            case other
        }
        /// `agreement hubspot-newsletter`, `catalog/fields.yaml`.
        package var document: String
        /// Where it stands in the document; empty: it is about the document as a whole.
        package var path: String
        package var sentence: String
        package var weight: Weight
    }

    /// `old`, `new`: files of two sets, or of parts of them, by path. Files that are no YAML of ours are compared as bytes.
    package static func between(_ old: [String: [UInt8]], _ new: [String: [UInt8]]) -> [Change] {
        let (before, after) = (documents(old), documents(new))
        var changes: [Change] = []
        for key in Set(before.keys).union(after.keys).sorted() {
            switch (before[key], after[key]) {
            case (let old?, let new?):
                changes += compare(old, new, key.name)
            case (let old?, nil): changes.append(gone(old, key))
            case (nil, let new?):
                // A further version says what it changes of the one before.
                let former = before.filter { $0.key.kind == key.kind && $0.key.id == key.id && $0.key.version < key.version }
                    .max { $0.key.version < $1.key.version }
                changes.append(added(new, key, after: former?.key))
                if let former { changes += compare(former.value, new, key.name) } else { changes += contents(new, key.name) }
            case (nil, nil): break
            }
        }
        return changes
    }

    private struct Key: Hashable, Comparable {
        var kind: String
        var id: String
        var version: Int
        var name: String { version > 0 ? "\(kind) \(id)@\(version)" : kind.isEmpty ? id : "\(kind) \(id)" }
        static func < (a: Self, b: Self) -> Bool { (a.kind, a.id, a.version) < (b.kind, b.id, b.version) }
    }
    private struct Document {
        /// Nil: it cannot be read.
        var flat: FlatDocument?
        var bytes: [UInt8]
    }

    /// A document is known by what it is called, not by the file it stands in.
    private static func documents(_ files: [String: [UInt8]]) -> [Key: Document] {
        var found: [Key: Document] = [:]
        for (path, bytes) in files {
            var key = Key(kind: "", id: path, version: 0)
            var document = Document(flat: nil, bytes: bytes)
            do throws(PolicyProblem) {
                let value = try YAMLDocument.parse(file: path, bytes: bytes)
                document.flat = FlatDocument(value)
                if let kind = PolicyFileKind(path), let name = kind.idKey, let id = value[name]?.text {
                    key = Key(kind: name, id: id, version: value["version"]?.text.flatMap(Int.init) ?? 0)
                }
            } catch {
                document.flat = nil
            }
            found[key] = document
        }
        return found
    }

    private static func gone(_ document: Document, _ key: Key) -> Change {
        let sentence =
            switch key.kind {
            case "agreement": "Version \(key.version) of the agreement \(key.id) is no longer there; nothing goes under it."
            case "vendor": "The vendor \(key.id) is no longer there; nothing goes to it."
            case "caller": "The caller \(key.id) is no longer there; it may send nothing."
            default: "\(key.id) is no longer there."
            }
        return Change(document: key.name, path: "", sentence: sentence, weight: key.kind.isEmpty ? .other : .narrower)
    }

    private static func added(_ document: Document, _ key: Key, after former: Key?) -> Change {
        let sentence =
            switch (key.kind, former) {
            case ("agreement", let former?):
                "Version \(key.version) of the agreement \(key.id) comes; what follows says how it differs from version \(former.version)."
            case ("agreement", nil): "The agreement \(key.id) is new, in version \(key.version)."
            case ("vendor", _): "The vendor \(key.id) is new."
            case ("caller", _): "The caller \(key.id) is new."
            default: "\(key.id) is new."
            }
        return Change(document: key.name, path: "", sentence: sentence, weight: key.kind.isEmpty || former != nil ? .other : .wider)
    }

    private static func contents(_ document: Document, _ name: String) -> [Change] {
        guard let flat = document.flat else { return [] }
        return compare([:], flat.values, name)
    }

    private static func compare(_ old: Document, _ new: Document, _ name: String) -> [Change] {
        guard old.bytes != new.bytes else { return [] }
        guard let before = old.flat, let after = new.flat else {
            return [Change(document: name, path: "", sentence: "\(name) differs, and cannot be read as a policy file.", weight: .other)]
        }
        let changes = compare(before.values, after.values, name)
        guard changes.isEmpty else { return changes }
        return [
            Change(document: name, path: "", sentence: "Only comments or the way it is written differ; it means the same.", weight: .other)
        ]
    }

    private static func compare(
        _ old: [FlatDocument.Path: String], _ new: [FlatDocument.Path: String], _ name: String
    ) -> [Change] {
        let words = DifferenceWords(isNew: old.isEmpty)
        return Set(old.keys).union(new.keys).sorted().compactMap { path in
            let (before, after) = (old[path], new[path])
            guard before != after else { return nil }
            let said = words.sentence(path.steps, before, after)
            return Change(document: name, path: path.text, sentence: said.sentence, weight: said.weight)
        }
    }
}
