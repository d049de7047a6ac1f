import Crypto
import WaybillCore

/// The subject index beside a `Dictionary` that holds the same: building it with a million subjects, and finding one of them.
/// Fingerprints are made beforehand; the HMAC that makes one is a line of its own.
enum IndexBenchmark {
    private static let subjectCount = 1_000_000
    private static let lookupsPerCall = 1_000
    private static let now = Timestamp(seconds: 1_780_000_000)

    private struct DictionaryEntry {
        var number: UInt32
        var salt: InlineArray<16, UInt8>
        var profile: SubjectProfile
        var born: Day?
        var changesAt: Timestamp?
    }

    static func groups() throws -> [BenchmarkGroup] {
        let fingerprints = (0..<subjectCount).map(fingerprint)
        let profiles = (0..<64).map { i in
            SubjectProfile(consents: [ConsentStanding(purpose: "p\(i)", recipient: "hubspot", state: .given)], kind: .consumer)
        }
        let index = SubjectIndex(fingerprintKey: SymmetricKey(size: .bits256))
        fill(index, fingerprints, profiles)
        var dictionary: [Fingerprint: DictionaryEntry] = [:]
        fill(&dictionary, fingerprints, profiles)
        let memory = index.memory
        print("  the index holds \(memory.identifiers) identifiers in \(memory.bytes) bytes, \(memory.bytes / memory.identifiers) each")
        return [building(fingerprints, profiles), finding(fingerprints, index, dictionary)]
    }

    private static func building(_ fingerprints: [Fingerprint], _ profiles: [SubjectProfile]) -> BenchmarkGroup {
        BenchmarkGroup(
            title: "Building an index of \(subjectCount) subjects",
            benchmarks: [
                Benchmark(name: "SubjectIndex, sized before", work: .operations(subjectCount)) {
                    let index = SubjectIndex(fingerprintKey: SymmetricKey(size: .bits256))
                    index.reserve(identifiers: subjectCount)
                    fill(index, fingerprints, profiles)
                    return index.memory.bytes
                },
                Benchmark(name: "SubjectIndex, growing", work: .operations(subjectCount)) {
                    let index = SubjectIndex(fingerprintKey: SymmetricKey(size: .bits256))
                    fill(index, fingerprints, profiles)
                    return index.memory.bytes
                },
                Benchmark(name: "Dictionary, sized before", work: .operations(subjectCount)) {
                    var dictionary: [Fingerprint: DictionaryEntry] = [:]
                    dictionary.reserveCapacity(subjectCount)
                    fill(&dictionary, fingerprints, profiles)
                    return dictionary.count
                },
            ])
    }

    private static func finding(
        _ fingerprints: [Fingerprint], _ index: SubjectIndex, _ dictionary: [Fingerprint: DictionaryEntry]
    ) -> BenchmarkGroup {
        // A stride that is prime to the count visits every subject, far from the last one.
        var position = 0
        func next() -> Fingerprint {
            position = (position + 618_033) % subjectCount
            return fingerprints[position]
        }
        let identifier = Identifier(bytes: Array("email:someone@example.com".utf8))
        return BenchmarkGroup(
            title: "Finding subjects among \(subjectCount), \(lookupsPerCall) at a time",
            benchmarks: [
                Benchmark(name: "SubjectIndex", work: .operations(lookupsPerCall)) {
                    var sum = 0
                    for _ in 0..<lookupsPerCall {
                        if case .known(let entry) = index.find(next(), now: now) { sum &+= Int(entry.number) }
                    }
                    return sum
                },
                Benchmark(name: "SubjectIndex, unknown identifiers", work: .operations(lookupsPerCall)) {
                    var sum = 0
                    for _ in 0..<lookupsPerCall {
                        let known = next()
                        if case .unknown = index.find(Fingerprint(high: known.low, low: known.high), now: now) { sum &+= 1 }
                    }
                    return sum
                },
                Benchmark(name: "Dictionary, no lock", work: .operations(lookupsPerCall)) {
                    var sum = 0
                    for _ in 0..<lookupsPerCall {
                        if let entry = dictionary[next()] { sum &+= Int(entry.number) &+ entry.profile.consents.count }
                    }
                    return sum
                },
                Benchmark(name: "the HMAC that makes a fingerprint", work: .operations(lookupsPerCall)) {
                    var sum: UInt64 = 0
                    for _ in 0..<lookupsPerCall { sum &+= index.fingerprint(identifier).low }
                    return Int(truncatingIfNeeded: sum)
                },
            ])
    }

    private static func fill(_ index: SubjectIndex, _ fingerprints: [Fingerprint], _ profiles: [SubjectProfile]) {
        for (i, fingerprint) in fingerprints.enumerated() {
            let subject = IndexedSubject(number: UInt32(i + 1), salt: InlineArray(repeating: UInt8(i & 255)), profile: profiles[i & 63])
            index.upsert(subject, fingerprints: CollectionOfOne(fingerprint))
        }
        index.open()
    }

    private static func fill(
        _ dictionary: inout [Fingerprint: DictionaryEntry], _ fingerprints: [Fingerprint], _ profiles: [SubjectProfile]
    ) {
        for (i, fingerprint) in fingerprints.enumerated() {
            dictionary[fingerprint] = DictionaryEntry(
                number: UInt32(i + 1), salt: InlineArray(repeating: UInt8(i & 255)), profile: profiles[i & 63])
        }
    }

    /// As even as an HMAC's, and without its cost.
    private static func fingerprint(_ i: Int) -> Fingerprint {
        func mixed(_ value: UInt64) -> UInt64 {
            var z = value &* 0x9E37_79B9_7F4A_7C15
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        return Fingerprint(high: mixed(UInt64(2 * i + 1)), low: mixed(UInt64(2 * i + 2)))
    }
}
