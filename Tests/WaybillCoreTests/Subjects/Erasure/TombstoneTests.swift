import Crypto
import Testing
import WaybillCore

@Suite struct TombstoneTests {
    private let keys = TombstoneKeys(key: SymmetricKey(data: [UInt8](repeating: 5, count: 32)))
    private let key = SymmetricKey(data: [UInt8](repeating: 1, count: 32))

    private var tombstone: Tombstone {
        Tombstone(
            id: Fingerprint(high: 1, low: 2), erasedAt: Timestamp(seconds: 1_780_000_000),
            identifiers: [keys.identifier(Fingerprint(high: 9, low: 9)), keys.identifier(Fingerprint(high: 3, low: 3))],
            parts: [Tombstone.Part(number: 7, mark: keys.part(number: 7, salt: InlineArray(repeating: 4)))])
    }

    @Test(arguments: [0, 1])
    func `A line is read as it was written`(which: Int) throws {
        let line: TombstoneLine = which == 0 ? .tombstone(tombstone) : .entered(id: Fingerprint(high: .max, low: 0), index: 1 << 40)
        #expect(TombstoneLine(line.text(keys: keys), keys: keys) == line)
    }

    @Test func `A line with any character changed, or of another key, is refused`() {
        let text = TombstoneLine.tombstone(tombstone).text(keys: keys)
        for at in text.indices {
            let other: Character = text[at] == "0" ? "1" : "0"
            #expect(TombstoneLine(text[..<at] + String(other) + text[text.index(after: at)...], keys: keys) == nil)
        }
        #expect(TombstoneLine(text, keys: TombstoneKeys(key: key)) == nil)
        for line in ["", " ", "t", "e 1 2 3", String(text.dropLast()), text + " "] { #expect(TombstoneLine(line, keys: keys) == nil) }
    }

    @Test func `The book knows a person by every identifier, and when they were last erased`() {
        let book = TombstoneBook()
        #expect(book.erasedAt(Fingerprint(high: 9, low: 9)) == nil)
        book.begin(keys: keys, makeSalt: { InlineArray(repeating: 1) })
        book.add(.tombstone(tombstone))
        var later = tombstone
        later.id = Fingerprint(high: 8, low: 8)
        later.erasedAt = tombstone.erasedAt.adding(seconds: 60)
        later.identifiers = [keys.identifier(Fingerprint(high: 3, low: 3))]
        book.add(.tombstone(later))
        book.add(.tombstone(tombstone))
        #expect(book.erasedAt(Fingerprint(high: 9, low: 9)) == tombstone.erasedAt)
        #expect(book.erasedAt(Fingerprint(high: 3, low: 3)) == later.erasedAt)
        #expect(book.erasedAt(Fingerprint(high: 4, low: 4)) == nil)
        #expect(book.lastSightedNumber == nil)
    }

    @Test func `An identifier that leads to nobody is found erased, under a salt of its own each time`() throws {
        let index = SubjectIndex(fingerprintKey: key)
        index.open()
        let anna = try Identifier(importText: "email:anna@example.com")
        index.tombstones.begin(keys: keys, makeSalt: { InlineArray { _ in UInt8.random(in: .min ... .max) } })
        index.tombstones.add(
            .tombstone(
                Tombstone(
                    id: Fingerprint(high: 1, low: 1), erasedAt: Timestamp(seconds: 1),
                    identifiers: [keys.identifier(index.fingerprint(anna))],
                    parts: [])))
        guard case .known(let first) = index.find(anna, now: Timestamp(seconds: 2)),
            case .known(let second) = index.find(anna, now: Timestamp(seconds: 2))
        else { return #expect(Bool(false), "the person is not found") }
        #expect(first.profile == SubjectProfile(erased: true))
        #expect(first.number == SubjectIndex.erasedNumber && first == second)
        #expect((0..<16).contains { first.salt[$0] != second.salt[$0] })
        if case .unknown = index.find(try Identifier(importText: "email:other@example.com"), now: Timestamp(seconds: 2)) {
        } else {
            Issue.record("somebody else is found too")
        }
        index.upsert(IndexedSubject(number: 5, salt: InlineArray(repeating: 1)), fingerprints: [index.fingerprint(anna)])
        guard case .known(let back) = index.find(anna, now: Timestamp(seconds: 2)) else { return #expect(Bool(false), "not back") }
        #expect(back.number == 5)
    }

    @Test func `Every step leads on to the end or waits for a person`() {
        var step: ErasureStep? = .sealing
        var actions: [ErasureAction] = []
        while let current = step {
            actions.append(current.next)
            step = current == .sealed ? .confirmed : current.following
        }
        #expect(actions == [.blankSightings, .awaitConfirmation, .entomb, .enter, .sweep, .destroy, .scrub])
        #expect(ErasureStep.allCases.filter { !$0.isFinal } == [.sealing, .sealed])
    }
}
