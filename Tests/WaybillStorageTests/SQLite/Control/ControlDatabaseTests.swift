import Foundation
import Testing
import WaybillStorage

@Suite("The control store")
struct ControlDatabaseTests {
    @Test("It is made private, opened again, and a file of another kind is refused with a remedy")
    func opens() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "control-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "waybill-control.db").path
        _ = try ControlDatabase(path: path)
        _ = try ControlDatabase(path: path)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let other = directory.appending(path: "other").path
        try Data(repeating: 0x41, count: 8_192).write(to: URL(fileURLWithPath: other))
        #expect(throws: ControlDatabaseError.self) { try ControlDatabase(path: other) }
    }
}
