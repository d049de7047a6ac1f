import Crypto
import Foundation
import Testing
import WaybillCore
import WaybillStorage

@Suite struct TombstoneFileTests {
    private let keys = TombstoneKeys(key: SymmetricKey(data: [UInt8](repeating: 5, count: 32)))

    private func line(_ number: UInt64) -> TombstoneLine { .entered(id: Fingerprint(high: number, low: 1), index: number) }

    private func withFile(_ body: (TombstoneFile) throws -> Void) throws {
        let folder = try LogFolder()
        try body(TombstoneFile(path: folder.path + "/tombstones", keys: keys))
        withExtendedLifetime(folder) {}
    }

    @Test func `Lines stand in the order in which they were added; a missing file has none`() throws {
        try withFile { file in
            #expect(try file.read() == [])
            try file.append([line(1), line(2)])
            try file.append([])
            try file.append([line(3)])
            #expect(try file.read() == [line(1), line(2), line(3)])
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test func `A line that a crash cut short never counted, wherever it was cut`() throws {
        try withFile { file in
            try file.append([line(1)])
            let whole = try Data(contentsOf: URL(fileURLWithPath: file.path))
            let next = Data((line(2).text(keys: keys) + "\n").utf8)
            for cut in 0..<next.count {
                try (whole + next.prefix(cut)).write(to: URL(fileURLWithPath: file.path))
                #expect(try file.read() == [line(1)])
                try file.append([line(3)])
                #expect(try file.read() == [line(1), line(3)])
            }
        }
    }

    @Test func `A whole line that was changed is refused with the remedy`() throws {
        try withFile { file in
            try file.append([line(1), line(2)])
            var bytes = try Data(contentsOf: URL(fileURLWithPath: file.path))
            bytes[5] = bytes[5] == 48 ? 49 : 48
            try bytes.write(to: URL(fileURLWithPath: file.path))
            let problem = #expect(throws: TombstoneFile.Problem.self) { try file.read() }
            #expect(problem?.message.contains("Line 1 ") ?? false)
        }
    }
}
