/// Gives equal profiles equal numbers. Profiles hold no times, so many subjects share few of them; a profile nobody has any
/// more stays until the process ends.
struct ProfileInterner {
    private var numbers: [SubjectProfile: UInt32] = [:]
    /// By number.
    private(set) var profiles: [SharedProfile] = []

    /// Nil: `limit` profiles are interned and this is another one.
    mutating func number(of profile: SubjectProfile, limit: Int) -> UInt32? {
        if let number = numbers[profile] { return number }
        guard profiles.count < limit else { return nil }
        let number = UInt32(profiles.count)
        profiles.append(SharedProfile(profile))
        numbers[profile] = number
        return number
    }
}
