/// Fingerprint → subject number: one shard of the index, open addressing with linear probing.
///
/// 20 bytes a slot, between 71 and 82 % full: 24 to 28 bytes an identifier. Small steps (not doubling) keep the worst case
/// inside the budget, and fingerprints are uniform, so the home of a slot is a multiplication instead of a modulus.
struct IdentifierTable {
    private struct Slot {
        // Halves, so that a slot aligns to 4 bytes and its stride stays 20.
        var a: UInt32 = 0
        var b: UInt32 = 0
        var c: UInt32 = 0
        var d: UInt32 = 0
        /// 0: free.
        var number: UInt32 = 0

        init() {}
        init(_ fingerprint: Fingerprint, number: UInt32) {
            a = UInt32(truncatingIfNeeded: fingerprint.high >> 32)
            b = UInt32(truncatingIfNeeded: fingerprint.high)
            c = UInt32(truncatingIfNeeded: fingerprint.low >> 32)
            d = UInt32(truncatingIfNeeded: fingerprint.low)
            self.number = number
        }
        func holds(_ other: Slot) -> Bool { a == other.a && b == other.b && c == other.c && d == other.d }
    }

    private static let capacityMin = 8
    private var slots: [Slot] = []
    private(set) var count = 0

    var byteCount: Int { slots.capacity * MemoryLayout<Slot>.stride }

    func number(of fingerprint: Fingerprint) -> UInt32? {
        guard !slots.isEmpty else { return nil }
        let wanted = Slot(fingerprint, number: 0)
        var position = home(of: wanted)
        while slots[position].number != 0 {
            if slots[position].holds(wanted) { return slots[position].number }
            position = following(position)
        }
        return nil
    }

    /// Keeps what is there if `onlyIfAbsent`. Returns the number in force and whether the identifier is new.
    mutating func set(_ fingerprint: Fingerprint, to number: UInt32, onlyIfAbsent: Bool) -> (number: UInt32, isNew: Bool) {
        if (count + 1) * 50 > slots.count * 41 { resize(to: max(Self.capacityMin, slots.count * 23 / 20 + 1)) }
        let slot = Slot(fingerprint, number: number)
        var position = home(of: slot)
        while slots[position].number != 0 {
            if slots[position].holds(slot) {
                if !onlyIfAbsent { slots[position].number = number }
                return (slots[position].number, false)
            }
            position = following(position)
        }
        slots[position] = slot
        count += 1
        return (number, true)
    }

    mutating func remove(_ fingerprint: Fingerprint) {
        guard !slots.isEmpty else { return }
        let wanted = Slot(fingerprint, number: 0)
        var hole = home(of: wanted)
        while !slots[hole].holds(wanted) || slots[hole].number == 0 {
            if slots[hole].number == 0 { return }
            hole = following(hole)
        }
        count -= 1
        // Close the gap: move back every later slot of the run whose home does not lie behind the hole.
        var next = following(hole)
        while slots[next].number != 0 {
            let ideal = home(of: slots[next])
            let staysReachable = hole <= next ? (hole < ideal && ideal <= next) : (hole < ideal || ideal <= next)
            if !staysReachable {
                slots[hole] = slots[next]
                hole = next
            }
            next = following(next)
        }
        slots[hole] = Slot()
    }

    /// Room for `identifiers` without another resize.
    mutating func reserve(_ identifiers: Int) {
        let capacity = identifiers * 50 / 41 + 2
        if capacity > slots.count { resize(to: capacity) }
    }

    private mutating func resize(to capacity: Int) {
        let old = slots
        slots = Array(repeating: Slot(), count: capacity)
        for slot in old where slot.number != 0 {
            var position = home(of: slot)
            while slots[position].number != 0 { position = following(position) }
            slots[position] = slot
        }
    }

    private func home(of slot: Slot) -> Int { Int((UInt64(slot.d) * UInt64(slots.count)) >> 32) }
    private func following(_ position: Int) -> Int { position + 1 == slots.count ? 0 : position + 1 }
}
