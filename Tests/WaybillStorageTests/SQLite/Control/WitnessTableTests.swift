import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage

@Suite("What witnesses cosigned, in the control store")
struct WitnessTableTests {
    @Test("It is empty at first, replaced whole, and there after a restart")
    func survives() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "witnesses-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "control.db").path
        var book = WitnessBook()
        #expect(try WitnessTable(try ControlDatabase(path: path)).read() == book)
        book.records = [
            WitnessRecord(vkey: "a", origin: "o", size: 7, time: Timestamp(seconds: 5)),
            WitnessRecord(vkey: "b", origin: "o", size: .max, time: Timestamp(seconds: 6)),
        ]
        book.cosigned = CosignedCheckpoint(origin: "o", size: 7, note: "o\n7\n", time: Timestamp(seconds: 8))
        try WitnessTable(try ControlDatabase(path: path)).write(book)
        #expect(try WitnessTable(try ControlDatabase(path: path)).read() == book)
        book.records.removeLast()
        book.cosigned = nil
        try WitnessTable(try ControlDatabase(path: path)).write(book)
        #expect(try WitnessTable(try ControlDatabase(path: path)).read() == book)
    }
}
