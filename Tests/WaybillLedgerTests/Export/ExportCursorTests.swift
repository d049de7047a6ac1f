import Testing
import WaybillLedger

@Suite("A cursor as text")
struct ExportCursorTests {
    @Test("It is read back as it was written")
    func roundTrip() {
        let cursor = ExportCursor(origin: "acme.example/waybill", next: 4_711)
        #expect(cursor.description == "4711@acme.example/waybill")
        #expect(ExportCursor(cursor.description) == cursor)
    }

    @Test("Anything else is none", arguments: ["", "4711", "@acme", "4711@", "04@acme", "-1@acme", "x@acme", "18446744073709551616@acme"])
    func refused(_ text: String) { #expect(ExportCursor(text) == nil) }
}
