import Testing
import WaybillCore

@Suite("Transfer ids")
struct TransferIDTests {
    @Test("an id is a version 7 UUID: milliseconds first, version and variant in place")
    func hasTheLayout() throws {
        let id = TransferID(now: Timestamp(nanoseconds: 0x0123_4567_89ab * 1_000_000), random: (.max, .max))
        #expect(id.description == "01234567-89ab-7fff-bfff-ffffffffffff")
        #expect(TransferID(id.description) == id)
    }

    @Test("later ids sort after earlier ones")
    func sorts() {
        let texts = (0..<50).map { TransferID(now: Timestamp(nanoseconds: $0 * 1_000_000), random: (0, 0)).description }
        #expect(texts == texts.sorted())
    }

    @Test("other text is no id", arguments: ["", "0123", "0123456789ab7fffbfffffffffffffffffff", "01234567-89ab-7fff-bfff-fffffffffffg"])
    func refuses(text: String) {
        #expect(TransferID(text) == nil)
    }
}
