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

    /// What the store adds to the files of a policy set, by path: `console/agreements/hubspot-newsletter@4.yaml`.
    package func files(of lives: PolicyLives) throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for life in lives.all.values {
            for version in life.inSet {
                guard let bytes = try document(version.digest) else { throw PolicyLifeProblem.documentLost }
                files[life.name.path(version: version.number)] = bytes
            }
        }
        return files
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
    /// The versions that belong to the policy set: of an agreement all, for an ended one must be found to be refused; of others the newest.
    /// A caller that is terminated is nobody any more.
    package var inSet: [Version] {
        let own = versions.filter { !$0.isProvisioned }
        switch name.kind {
        case .agreement: return own
        case .vendor: return own.suffix(1)
        case .caller: return own.suffix(1).filter { $0.terminated == nil }
        }
    }
}

extension PolicyLives {
    /// What decisions must know beside the set, of the agreements and vendors in it.
    package func standing(of set: PolicySet) -> (agreements: [String: Standing.AgreementState], vendorsNotApproved: Set<String>) {
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
        let ended = all.values.filter { $0.name.kind == .vendor && $0.versions.last?.terminated != nil }
        return (agreements, Set(ended.map(\.name.id)))
    }
}
