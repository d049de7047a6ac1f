import Dispatch
import FoundationEssentials
import Synchronization
import Testing
import WaybillCore
import WaybillLedger

@testable import WaybillStorage

/// `WAYBILL_MUTATIONS`: how many in all (default 440); the full run takes 10,000. `WAYBILL_MUTATION_SEED` has others.
@Suite struct StoreMutationTests {
    fileprivate struct Tally: Sendable {
        var done = 0
        /// Nothing that can be read was changed: free space, padding, counters SQLite keeps for itself.
        var withoutMeaning = 0
        var missed: [String] = []
        var kinds: [FaultKind: Int] = [:]
    }

    private static func number(_ name: String, or other: Int) -> Int {
        ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? other
    }

    @Test func theOriginalIsWhole() throws {
        let original = try MutationOriginal.shared.get()
        let store = try MutatedStore(original)
        #expect(try store.faults() == [])
        #expect(store.dump() == original.dump)
        #expect(original.dump.contains { $0.hasPrefix("tiles ") } && original.dump.count { $0.hasPrefix("sightings ") } > 40)
        #expect(original.dump.count { $0.hasPrefix("checkpoints ") } >= 4)
    }

    @Test func everyMutationOfAStoreIsNoticed() throws {
        let original = try MutationOriginal.shared.get()
        let each = max(1, Self.number("WAYBILL_MUTATIONS", or: 440) / StoreMutation.allCases.count)
        let seed = UInt64(Self.number("WAYBILL_MUTATION_SEED", or: 1))
        let tallies = Mutex<[String: Tally]>([:])
        let broken = Mutex<[String]>([])
        let jobs = StoreMutation.allCases.flatMap { mutation in (0..<4).map { (mutation, $0) } }
        DispatchQueue.concurrentPerform(iterations: jobs.count) { at in
            let (mutation, quarter) = jobs[at]
            let share = each / 4 + (quarter < each % 4 ? 1 : 0)
            do {
                let tally = try Self.run(mutation, share, original, Chance(seed: seed &* 1_000_003 &+ UInt64(at)))
                tallies.withLock { $0["\(mutation)", default: Tally()].merge(tally) }
            } catch {
                broken.withLock { $0.append("\(mutation): \(error)") }
            }
        }
        #expect(broken.withLock { $0 } == [])
        let all = tallies.withLock { $0 }
        Self.print(all)
        for (name, tally) in all { #expect(tally.missed == [], "\(name)") }
        #expect(all.values.reduce(0) { $0 + $1.done } >= each * StoreMutation.allCases.count)
    }

    private static func run(_ mutation: StoreMutation, _ count: Int, _ original: MutationOriginal, _ chance: Chance) throws -> Tally {
        var chance = chance
        var tally = Tally()
        while tally.done < count {
            var store = try MutatedStore(original)
            guard let what = try mutation.apply(to: &store, of: original, &chance) else { continue }
            let faults = try store.faults()
            if let first = faults.first {
                tally.done += 1
                tally.kinds[first.kind, default: 0] += 1
            } else if store.outside == original.outside, store.dump() == original.dump {
                // A bit of the file that means nothing counts as a mutation of the file; of a row it would be none.
                tally.done += 1
                tally.withoutMeaning += 1
            } else {
                tally.done += 1
                tally.missed.append(what)
            }
        }
        return tally
    }

    private static func print(_ all: [String: Tally]) {
        var sum = Tally()
        for mutation in StoreMutation.allCases {
            guard let tally = all["\(mutation)"] else { continue }
            sum.merge(tally)
            let kinds = tally.kinds.sorted { $0.value > $1.value }.map { "\($0.key.rawValue) \($0.value)" }.joined(separator: ", ")
            Swift.print(
                "mutations: \(mutation): \(tally.done), noticed \(tally.done - tally.withoutMeaning - tally.missed.count), without meaning "
                    + "\(tally.withoutMeaning), missed \(tally.missed.count) (\(kinds))")
        }
        Swift.print(
            "mutations: all: \(sum.done), noticed \(sum.done - sum.withoutMeaning - sum.missed.count), without meaning \(sum.withoutMeaning), "
                + "missed \(sum.missed.count)")
    }
}

extension StoreMutationTests.Tally {
    fileprivate mutating func merge(_ other: Self) {
        done += other.done
        withoutMeaning += other.withoutMeaning
        missed += other.missed
        kinds.merge(other.kinds, uniquingKeysWith: +)
    }
}
