package import WaybillCore

/// The lives of all documents up to one event.
package struct PolicyLives: Sendable {
    package private(set) var all: [PolicyDocumentName: PolicyLife] = [:]
    /// The number of the last event that is in here.
    package private(set) var upTo: Int64 = 0

    package init() {}

    /// Throws `PolicyLifeProblem` on events that cannot have happened: the store was changed by another hand.
    package mutating func apply(_ events: [NumberedLifeEvent]) throws {
        for numbered in events {
            var life = all[numbered.name] ?? PolicyLife(numbered.name)
            try life.apply(numbered.event)
            all[numbered.name] = life
            upTo = numbered.number
        }
    }

    package subscript(name: PolicyDocumentName) -> PolicyLife { all[name] ?? PolicyLife(name) }
}

extension PolicyLifeStore {
    package func lives() throws -> PolicyLives {
        var lives = PolicyLives()
        try lives.apply(try lifeEvents(after: 0))
        return lives
    }

    /// What the store adds to the files of a policy set at a moment, by path: `console/agreements/hubspot-newsletter@4.yaml`.
    package func files(of lives: PolicyLives, at now: Timestamp) throws -> [String: [UInt8]] {
        var wanted: [String: String] = [:]
        for life in lives.all.values {
            for version in life.inSet(at: now) { wanted[life.name.path(version: version.number)] = version.digest }
        }
        let texts = try documents(Set(wanted.values))
        return try wanted.mapValues { digest in
            guard let bytes = texts[digest] else { throw PolicyLifeProblem.documentLost }
            return bytes
        }
    }
}

extension PolicyLifeProblem {
    package static let documentLost = PolicyLifeProblem(
        "document_lost", "The control store lacks the text of an approved document; restore a backup of it.")
}

extension PolicyDocumentName {
    /// Where the store's documents stand in a policy set: no file on disk may.
    package static let storeFolder = "console/"

    /// Of the store's documents. Only agreements have several versions in one set.
    package func path(version: Int) -> String {
        "\(Self.storeFolder)\(kind.folder)/\(id)\(kind == .agreement ? "@\(version)" : "").yaml"
    }
}

extension PolicyLife {
    /// The versions that belong to the policy set: of an agreement the newest that has begun, for an ended one must be found to be refused, and
    /// those that wait; the ones before never govern again, and are only read. Of others the newest. A terminated caller is nobody any more.
    package func inSet(at now: Timestamp) -> [Version] {
        let own = versions.filter { !$0.isProvisioned }
        switch name.kind {
        case .agreement:
            let newest = own.lastIndex { $0.begins.map { $0 <= now } ?? false }
            return Array(own[(newest ?? 0)...])
        case .vendor: return own.suffix(1)
        case .caller: return own.suffix(1).filter { $0.terminated == nil }
        }
    }
}

extension PolicyLives {
    /// What decisions must know beside the set, of the agreements, vendors and callers in it.
    package struct DocumentStanding: Sendable, Equatable {
        package var agreements: [String: Standing.AgreementState] = [:]
        package var vendorsNotApproved: Set<String> = []
        package var callersEnded: Set<String> = []
    }

    package func standing(of set: PolicySet) -> DocumentStanding {
        let mustBeApproved = set.organisation.approvals == .required
        var agreements: [String: Standing.AgreementState] = [:]
        if mustBeApproved || all.keys.contains(where: { $0.kind == .agreement }) {
            for agreement in set.agreements {
                guard let version = all[PolicyDocumentName(.agreement, agreement.id)]?.version(agreement.version) else { continue }
                let key = "\(agreement.id)@\(agreement.version)"
                if version.terminated != nil {
                    agreements[key] = .terminated
                } else if mustBeApproved {
                    // The files were changed since: what was approved is another text.
                    agreements[key] = version.approved != nil && version.digest == agreement.digest ? .approved : .draft
                }
            }
        }
        func ended(_ kind: PolicyDocumentName.Kind) -> Set<String> {
            Set(all.values.filter { $0.name.kind == kind && $0.versions.last?.terminated != nil }.map(\.name.id))
        }
        return DocumentStanding(agreements: agreements, vendorsNotApproved: ended(.vendor), callersEnded: ended(.caller))
    }
}
