extension BodyFormat {
    /// The formats this version has scanners for; the policy loader refuses the rest.
    package static let built: [BodyFormat] = [.json, .none]
}
