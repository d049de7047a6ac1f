/// What a person chose, as a US section of a GPP string says it: national, or of one state.
package struct GPPSection: Sendable, Hashable {
    package enum Choice: Int, Sendable, Hashable {
        case notApplicable, optedOut, didNotOptOut
    }
    package var sale: Choice
    /// Nil: the section knows no such choice.
    package var sharing: Choice?
    package var targetedAdvertising: Choice?
    /// A kind of sensitive data each: 0 not applicable, 1 opted out or no consent, 2 consent or no opt-out.
    package var sensitive: [Int]
    /// Kinds of use of a known child's data each: 0 not applicable, 1 no consent, 2 consent.
    package var child: [Int]
    /// Nil: the section does not say.
    package var gpc: Bool?

    static func parse(_ text: String, _ layout: GPPLayout) throws(GPPString.Unreadable) -> GPPSection {
        let segments = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { Array($0) }
        guard let core = segments.first else { throw GPPString.Unreadable() }
        var bits = try SixBits(core)
        guard let shape = layout.versions[try bits.integer(6)] else { throw GPPString.Unreadable() }
        var section = GPPSection(sale: .notApplicable, sensitive: [], child: [])
        for part in shape {
            switch part {
            case .other(let count): for _ in 0..<count { _ = try two(&bits) }
            case .sale: section.sale = try choice(&bits)
            case .sharing: section.sharing = try choice(&bits)
            case .targeted: section.targetedAdvertising = try choice(&bits)
            case .sensitive(let count): for _ in 0..<count { section.sensitive.append(try two(&bits)) }
            case .child(let count): for _ in 0..<count { section.child.append(try two(&bits)) }
            }
        }
        try bits.finish()
        for segment in segments.dropFirst() { section.gpc = try gpc(segment, after: section.gpc) }
        return section
    }

    private static func two(_ bits: inout SixBits) throws(GPPString.Unreadable) -> Int {
        let value = try bits.integer(2)
        // 3 has no meaning in any field.
        guard value < 3 else { throw GPPString.Unreadable() }
        return value
    }

    private static func choice(_ bits: inout SixBits) throws(GPPString.Unreadable) -> Choice {
        guard let choice = Choice(rawValue: try two(&bits)) else { throw GPPString.Unreadable() }
        return choice
    }

    /// The one optional segment there is: type 1, then the signal.
    private static func gpc(_ text: [UInt8], after before: Bool?) throws(GPPString.Unreadable) -> Bool {
        var bits = try SixBits(text)
        guard before == nil, try bits.integer(2) == 1 else { throw GPPString.Unreadable() }
        let isOn = try bits.integer(1) == 1
        try bits.finish()
        return isOn
    }
}

/// How the core segment of a section is laid out: after six bits of version, fields of two bits.
///
/// Source: the field tables of Sections/US-National and Sections/US-States of the same repository. The drafts for Maryland, Indiana, Kentucky
/// and Rhode Island (24 to 27) have another form, and are unreadable until they are settled.
struct GPPLayout {
    enum Part {
        /// Notices, other consents and the contract's modes: read, and not used.
        case other(Int)
        case sale, sharing, targeted
        case sensitive(Int)
        case child(Int)
    }
    /// By version.
    var versions: [Int: [Part]]

    /// Nil: no US section that is known here.
    static func of(section id: Int) -> GPPLayout? {
        switch id {
        case 7: national
        case 8: california
        case 9: state(sensitive: 8, child: 1, after: 3)
        case 10: state(sensitive: 7, child: 1, after: 3)
        // Utah and Iowa give one notice more.
        case 11: state(notices: 4, sensitive: 8, child: 1, after: 3)
        case 12: state(sensitive: 8, child: 3, after: 3)
        case 13, 14, 20: state(sensitive: 8, child: 3, after: 4)
        case 15: state(sensitive: 11, child: 3, after: 4)
        case 16, 19, 22, 23: state(sensitive: 8, child: 1, after: 4)
        case 17: state(sensitive: 9, child: 5, after: 4)
        case 18: state(notices: 4, sensitive: 8, child: 1, after: 3)
        case 21: state(sensitive: 10, child: 5, after: 4)
        default: nil
        }
    }

    private static let national = GPPLayout(versions: [
        1: [.other(6), .sale, .sharing, .targeted, .sensitive(12), .child(2), .other(4)],
        2: [.other(6), .sale, .sharing, .targeted, .sensitive(16), .child(3), .other(4)],
    ])
    private static let california = GPPLayout(versions: [1: [.other(3), .sale, .sharing, .sensitive(9), .child(2), .other(4)]])

    private static func state(notices: Int = 3, sensitive: Int, child: Int, after: Int) -> GPPLayout {
        GPPLayout(versions: [1: [.other(notices), .sale, .targeted, .sensitive(sensitive), .child(child), .other(after)]])
    }
}
