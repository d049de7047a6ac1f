/// Profiles by position, in chunks, so that handing out a copy while the table grows copies one chunk and not the table.
struct ProfileChunks: Sendable {
    private static let chunkProfiles = 256
    private var chunks: [[SubjectProfile]] = []
    private(set) var count = 0

    subscript(number: UInt32) -> SubjectProfile {
        chunks[Int(number) / Self.chunkProfiles][Int(number) % Self.chunkProfiles]
    }

    mutating func append(_ profile: SubjectProfile) {
        if count % Self.chunkProfiles == 0 { chunks.append([]) }
        chunks[chunks.count - 1].append(profile)
        count += 1
    }
}

/// Gives equal profiles equal numbers. Profiles hold no times, so many subjects share few of them; a profile nobody has any
/// more stays until the process ends.
struct ProfileInterner {
    private var numbers: [SubjectProfile: UInt32] = [:]
    private(set) var chunks = ProfileChunks()
    var count: Int { chunks.count }

    /// Nil: `limit` profiles are interned and this is another one.
    mutating func number(of profile: SubjectProfile, limit: Int) -> UInt32? {
        if let number = numbers[profile] { return number }
        guard chunks.count < limit else { return nil }
        let number = UInt32(chunks.count)
        chunks.append(profile)
        numbers[profile] = number
        return number
    }
}
