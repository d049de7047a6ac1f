/// What a GPP string stops, in the words of our own facts. A string that stops nothing is a signal too.
package struct GPPChoices: Sendable, Hashable {
    package var scopes: Set<SubjectProfile.ObjectionScope>
    package var gpc: Bool

    package init(scopes: Set<SubjectProfile.ObjectionScope> = [], gpc: Bool = false) {
        self.scopes = scopes
        self.gpc = gpc
    }

    package init(_ string: GPPString) {
        self.init()
        for section in string.sections.values {
            switch section {
            case .tcf: continue
            case .usPrivacy(.optedOut(true)): scopes.formUnion([.sale, .share])
            case .usPrivacy: continue
            case .us(let section): add(section)
            }
        }
    }

    private mutating func add(_ section: GPPSection) {
        if section.sale == .optedOut { scopes.insert(.sale) }
        // Sharing is what California calls disclosing for targeted advertising across contexts: either word stops both.
        if section.sharing == .optedOut || section.targetedAdvertising == .optedOut { scopes.formUnion([.share, .targetedAdvertising]) }
        if section.sensitive.contains(1) { scopes.insert(.sensitiveUse) }
        // Of a known child nothing is sold, shared or used to advertise without the consent that is not there.
        if section.child.contains(1) { scopes.formUnion([.sale, .share, .targetedAdvertising]) }
        if section.gpc == true { gpc = true }
    }

    /// `gpp(sale,share,gpc)`: one word, as the store keeps it.
    package var name: String {
        let words = scopes.map(\.rawValue).sorted() + (gpc ? ["gpc"] : [])
        return "gpp(\(words.joined(separator: ",")))"
    }

    package init?(name: String) {
        guard name.hasPrefix("gpp("), name.hasSuffix(")") else { return nil }
        self.init()
        for word in name.dropFirst(4).dropLast().split(separator: ",") {
            if word == "gpc" {
                gpc = true
            } else if let scope = SubjectProfile.ObjectionScope(rawValue: String(word)) {
                scopes.insert(scope)
            } else {
                return nil
            }
        }
    }
}
