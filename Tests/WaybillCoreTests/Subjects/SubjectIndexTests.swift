import Crypto
import Testing
import WaybillCore

@Suite struct SubjectIndexTests {
    static let key = SymmetricKey(data: Array(repeating: 7, count: 32))
    static let now = Timestamp(seconds: 1_780_000_000)

    @Test func `An index that is not open answers nothing`() {
        let index = SubjectIndex(fingerprintKey: Self.key)
        index.upsert(IndexedSubject(number: 1, salt: salt(1)), fingerprints: [index.fingerprint(identifier(1))])
        #expect(index.find(identifier(1), now: Self.now).name == "unavailable")
        index.open()
        #expect(index.find(identifier(1), now: Self.now).name == "known")
        #expect(index.find(identifier(2), now: Self.now).name == "unknown")
        index.suspend()
        #expect(index.find(identifier(2), now: Self.now).name == "unavailable")
    }

    @Test func `The index does what a dictionary does, over random changes`() {
        var generator = SeededGenerator(seed: 11)
        let index = SubjectIndex(fingerprintKey: Self.key)
        index.open()
        var owners: [Int: UInt32] = [:]
        var profiles: [UInt32: Int] = [:]
        var forwards: [UInt32: UInt32] = [:]
        func keeper(_ number: UInt32) -> UInt32 { forwards[number].map(keeper) ?? number }
        for _ in 0..<20_000 {
            let name = Int.random(in: 0..<3_000, using: &generator)
            let number = UInt32.random(in: 1..<900, using: &generator) | (Bool.random(using: &generator) ? 1 << 31 : 0)
            let fingerprint = index.fingerprint(identifier(name))
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<6:
                guard forwards[number] == nil else { continue }
                let preference = Int.random(in: 0..<50, using: &generator)
                index.upsert(
                    IndexedSubject(number: number, salt: salt(number), profile: SubjectProfile(preference: preference)),
                    fingerprints: [fingerprint])
                owners[name] = number
                profiles[number] = preference
            case 6..<8:
                guard let owner = owners[name], profiles[keeper(owner)] != nil else { continue }
                let owned = owners.filter { keeper($0.value) == keeper(owner) && $0.value == keeper(owner) }.keys
                index.remove(keeper(owner), fingerprints: owned.map { index.fingerprint(identifier($0)) })
                profiles[keeper(owner)] = nil
                for name in owned { owners[name] = nil }
            case 8:
                let expected = owners[name].map(keeper).flatMap { profiles[$0] == nil ? nil : $0 }
                guard expected != nil || owners[name] == nil, profiles[number] == nil, forwards[number] == nil else { continue }
                let inForce = index.learnSighted(fingerprint, number: number, salt: salt(number))
                #expect(inForce == owners[name] ?? number)
                profiles[number] = -1
                if owners[name] == nil { owners[name] = number }
            default:
                guard let other = profiles.keys.randomElement(using: &generator), profiles[number] != nil, other != number else { continue }
                index.merge(number, into: other)
                forwards[number] = other
                profiles[number] = nil
            }
        }
        for name in 0..<3_000 {
            let finding = index.find(identifier(name), now: Self.now)
            guard let owner = owners[name].map(keeper), let preference = profiles[owner] else {
                #expect(finding.name == "unknown")
                continue
            }
            guard case .known(let entry) = finding else {
                Issue.record("identifier \(name) is \(finding.name)")
                continue
            }
            #expect(entry.number == owner)
            #expect(entry.profile.preference == (preference < 0 ? nil : preference))
            #expect(entry.salt[0] == salt(owner)[0] && entry.salt[3] == salt(owner)[3])
        }
        #expect(index.memory.identifiers == owners.count)
    }

    @Test(arguments: [50_000, 54_000, 58_000])
    func `An identifier costs at most 64 bytes, salt included`(count: Int) {
        let index = SubjectIndex(fingerprintKey: Self.key)
        for i in 0..<count {
            let bits = UInt64(i + 1) &* 0x9E37_79B9_7F4A_7C15
            let fingerprint = Fingerprint(high: bits, low: bits.byteSwapped &* 0xD6E8_FEB8_6659_FD93)
            index.upsert(IndexedSubject(number: UInt32(i + 1), salt: salt(UInt32(i))), fingerprints: [fingerprint])
        }
        let memory = index.memory
        #expect(memory.identifiers == count)
        #expect(memory.profiles == 1)
        #expect(Double(memory.bytes) / Double(count) <= 64)
    }

    @Test func `Past its next change an entry is stale, to the nanosecond`() {
        let index = SubjectIndex(fingerprintKey: Self.key)
        index.open()
        let changesAt = Timestamp(nanoseconds: 1_780_000_000_000_000_500)
        index.upsert(
            IndexedSubject(number: 1, salt: salt(1), changesAt: changesAt), fingerprints: [index.fingerprint(identifier(1))])
        #expect(index.find(identifier(1), now: Timestamp(nanoseconds: changesAt.nanoseconds - 1)).name == "known")
        #expect(index.find(identifier(1), now: changesAt).name == "stale")
    }

    @Test func `Everything of an entry comes back`() {
        let index = SubjectIndex(fingerprintKey: Self.key)
        index.open()
        let profile = SubjectProfile(kind: .employee, objections: [SubjectProfile.Objection(scope: .profiling)], restricted: true)
        index.upsert(
            IndexedSubject(number: 5, salt: salt(5), profile: profile, born: Day(year: 1984, month: 3, day: 7), expiresSoon: true),
            fingerprints: [index.fingerprint(identifier(1)), index.fingerprint(identifier(2))])
        for name in 1...2 {
            guard case .known(let entry) = index.find(identifier(name), now: Self.now) else {
                Issue.record("not known")
                continue
            }
            #expect(entry.profile == profile)
            #expect(entry.born == Day(year: 1984, month: 3, day: 7))
            #expect(entry.expiresSoon)
        }
    }

    @Test func `Equal profiles have equal numbers and other profiles others`() {
        let index = SubjectIndex(fingerprintKey: Self.key)
        index.open()
        for name in 0..<1_000 {
            index.upsert(
                IndexedSubject(number: UInt32(name + 1), salt: salt(1), profile: SubjectProfile(preference: name / 2)),
                fingerprints: [index.fingerprint(identifier(name))])
        }
        var numbers: [Int: UInt32] = [:]
        for name in 0..<1_000 {
            guard case .known(let entry) = index.find(identifier(name), now: Self.now) else { continue }
            #expect(entry.profile.preference == name / 2)
            #expect(numbers.updateValue(entry.profileNumber, forKey: name / 2).map { $0 == entry.profileNumber } ?? true)
        }
        #expect(Set(numbers.values).count == 500)
    }

    @Test func `Beyond a limit nothing is called unknown any more`() {
        var limits = SubjectIndex.Limits()
        limits.identifiersMax = 10
        let index = SubjectIndex(fingerprintKey: Self.key, limits: limits)
        index.open()
        for name in 1...11 { index.learnSighted(index.fingerprint(identifier(name)), number: 1 << 31 | UInt32(name), salt: salt(1)) }
        #expect(index.find(identifier(99), now: Self.now).name == "unavailable")
        index.open()
        #expect(index.find(identifier(99), now: Self.now).name == "unavailable")
    }

    @Test func `A subject seen first in a transfer keeps what an import said before`() {
        let index = SubjectIndex(fingerprintKey: Self.key)
        index.open()
        let fingerprint = index.fingerprint(identifier(1))
        index.upsert(IndexedSubject(number: 3, salt: salt(3), profile: SubjectProfile(restricted: true)), fingerprints: [fingerprint])
        #expect(index.learnSighted(fingerprint, number: 1 << 31, salt: salt(9)) == 3)
        #expect(index.identity(of: fingerprint)?.number == 3)
    }

    @Test func `Readers beside a writer see whole subjects only`() async {
        let index = SubjectIndex(fingerprintKey: Self.key)
        index.open()
        // A subject's number and its preference always agree; identifiers move between subjects all the time.
        let names = 64
        func write(_ name: Int, _ round: Int) {
            let number = UInt32(1 + name + names * (round % 7))
            index.upsert(
                IndexedSubject(number: number, salt: salt(number), profile: SubjectProfile(preference: Int(number))),
                fingerprints: [index.fingerprint(identifier(name))])
        }
        for name in 0..<names { write(name, 0) }
        await withTaskGroup { group in
            group.addTask { @concurrent in
                for round in 1...60 { for name in 0..<names { write(name, round) } }
                for extra in 1_000..<6_000 {
                    index.learnSighted(index.fingerprint(identifier(extra)), number: 1 << 31 | UInt32(extra), salt: salt(1))
                }
            }
            for _ in 0..<3 {
                group.addTask { @concurrent in
                    for _ in 0..<100 {
                        for name in 0..<names {
                            guard case .known(let entry) = index.find(identifier(name), now: Self.now) else {
                                Issue.record("lost")
                                return
                            }
                            #expect(entry.profile.preference == Int(entry.number))
                            #expect(entry.salt[0] == salt(entry.number)[0])
                        }
                    }
                }
            }
        }
    }
}

func identifier(_ name: Int) -> Identifier { Identifier(bytes: Array("crm:\(name)".utf8)) }

func salt(_ number: UInt32) -> InlineArray<16, UInt8> {
    InlineArray<16, UInt8> { UInt8(truncatingIfNeeded: number >> UInt32(8 * ($0 % 4))) }
}

extension SubjectFinding {
    var name: String {
        switch self {
        case .known: "known"
        case .unknown: "unknown"
        case .stale: "stale"
        case .unavailable: "unavailable"
        }
    }
}

/// SplitMix64: the same changes on every run.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
