/// The regimes that apply to one record.
struct RegimeSet: OptionSet, Sendable {
    let rawValue: UInt8
    init(rawValue: UInt8) { self.rawValue = rawValue }
    init(_ regime: Regime) { rawValue = 1 << UInt8(regime.ordinal) }

    func contains(_ regime: Regime) -> Bool { contains(RegimeSet(regime)) }
    mutating func insert(_ regime: Regime) { formUnion(RegimeSet(regime)) }

    /// Regimes under which sending needs a ground and leaving the area a mechanism.
    static let european = RegimeSet([RegimeSet(.gdpr), RegimeSet(.ukGDPR), RegimeSet(.fadp)])

    var list: [Regime] { Regime.allCases.filter { contains($0) } }
}

extension Regime {
    /// Position in `allCases`.
    var ordinal: Int {
        switch self {
        case .gdpr: 0
        case .ukGDPR: 1
        case .fadp: 2
        case .us: 3
        }
    }
}
