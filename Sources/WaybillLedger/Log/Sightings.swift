import Synchronization
import WaybillCore

/// Numbers of subjects no import knows, from the moment a draft names them until the subject index has surely learnt them.
///
/// Drafts in flight for one identifier meet here, so that they end with one number and one salt.
final class Sightings: Sendable {
    /// Numbers below come from imports.
    static let firstNumber: UInt32 = 1 << 31
    /// A durable sighting is remembered for as long as a draft judged before it could still arrive.
    static let rememberedMillisecondsMax: UInt64 = 600_000

    private struct Known {
        var number: UInt32
        var salt: InlineArray<16, UInt8>
        /// Nil: not yet in a commit.
        var durableAt: UInt64?
    }
    private struct State {
        var known: [Fingerprint: Known] = [:]
        var next: UInt32
        var prunedAt: UInt64 = 0
        /// Erased, and since when: drafts in flight may still name them.
        var forgottenNumbers: [UInt32: UInt64] = [:]
        var forgotten: [Fingerprint: UInt64] = [:]
    }
    private let state: Mutex<State>
    private let hasForgotten = Atomic(false)

    init(last: UInt32?) { state = Mutex(State(next: last.map { $0 + 1 } ?? Sightings.firstNumber)) }

    /// The number and salt of a subject without a number: those another draft has already been given, or new ones with `salt`.
    /// `isNew`: its rows must go with the intent's commit.
    func resolve(_ fingerprints: [Fingerprint], salt: InlineArray<16, UInt8>) -> (
        number: UInt32, salt: InlineArray<16, UInt8>, isNew: Bool
    )? {
        state.withLock { state in
            // Nobody who was erased becomes known again by a draft that was judged before.
            if !state.forgotten.isEmpty, fingerprints.contains(where: { state.forgotten[$0] != nil }) { return (0, salt, false) }
            let found = fingerprints.compactMap { state.known[$0] }.min { $0.number < $1.number }
            var isNew = false
            let chosen: Known
            if let found {
                chosen = found
            } else {
                guard state.next < .max else { return nil }
                chosen = Known(number: state.next, salt: salt)
                state.next += 1
            }
            for fingerprint in fingerprints {
                if let known = state.known[fingerprint] {
                    isNew = isNew || known.durableAt == nil
                } else {
                    state.known[fingerprint] = Known(number: chosen.number, salt: chosen.salt)
                    isNew = true
                }
            }
            return (chosen.number, chosen.salt, isNew)
        }
    }

    /// The fingerprints among these whose rows are still owed.
    func owed(_ sighting: Sighting) -> [Fingerprint] {
        state.withLock { state in
            sighting.fingerprints.filter { state.known[$0].map { $0.durableAt == nil && $0.number == sighting.number } ?? false }
        }
    }

    func becameDurable(_ sightings: [Sighting], now: UInt64) {
        state.withLock { state in
            for fingerprint in sightings.lazy.flatMap(\.fingerprints) { state.known[fingerprint]?.durableAt = now }
            guard now - state.prunedAt > Sightings.rememberedMillisecondsMax else { return }
            state.prunedAt = now
            state.known = state.known.filter { $0.value.durableAt.map { now - $0 <= Sightings.rememberedMillisecondsMax } ?? true }
        }
    }

    /// See `TransferLog.forget`.
    func forget(numbers: Set<UInt32>, fingerprints: [Fingerprint], now: UInt64) {
        state.withLock { state in
            let since = now > Sightings.rememberedMillisecondsMax ? now - Sightings.rememberedMillisecondsMax : 0
            state.forgottenNumbers = state.forgottenNumbers.filter { $0.value >= since }
            state.forgotten = state.forgotten.filter { $0.value >= since }
            for number in numbers { state.forgottenNumbers[number] = now }
            for fingerprint in fingerprints { state.forgotten[fingerprint] = now }
            state.known = state.known.filter { !numbers.contains($0.value.number) && state.forgotten[$0.key] == nil }
        }
        hasForgotten.store(true, ordering: .releasing)
    }

    /// A side record's payload as it may be committed now.
    func withoutForgotten(_ payload: [UInt8]) -> [UInt8] {
        guard hasForgotten.load(ordering: .acquiring) else { return payload }
        return state.withLock { state in
            SideRecord.anonymous(payload) { state.forgottenNumbers[$0] != nil } ?? payload
        }
    }
}
