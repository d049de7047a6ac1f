/// The IAB's US Privacy string (`1YNN`): version, notice given, opted out of sale, LSPA covered transaction.
package enum USPrivacyString: Sendable, Hashable {
    /// `1---`: the law does not apply to this person, says the sender.
    case doesNotApply
    case optedOut(Bool)

    package struct Unreadable: Error, Sendable, Hashable {}

    /// Throws for anything but version 1 in the four characters `Y`, `N`, `-`: unreadable denies, it is never "no opt-out".
    /// A dash for the opt-out beside a stated notice or coverage says nothing about the choice, so it is unreadable too.
    package static func parse(_ text: some StringProtocol) throws(Unreadable) -> USPrivacyString {
        let characters = Array(text.utf8)
        let flags = characters.dropFirst()
        guard characters.count == 4, characters[0] == UInt8(ascii: "1"),
            flags.allSatisfy({ [UInt8(ascii: "Y"), UInt8(ascii: "N"), UInt8(ascii: "-")].contains($0) })
        else { throw Unreadable() }
        switch characters[2] {
        case UInt8(ascii: "Y"): return .optedOut(true)
        case UInt8(ascii: "N"): return .optedOut(false)
        default:
            guard flags.allSatisfy({ $0 == UInt8(ascii: "-") }) else { throw Unreadable() }
            return .doesNotApply
        }
    }
}
