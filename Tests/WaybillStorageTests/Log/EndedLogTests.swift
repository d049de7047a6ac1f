import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage
import WaybillTesting

@Suite struct EndedLogTests {
    @Test func `An erasure takes a number out of a shard that has ended, which stays read-only and sound`() throws {
        let folder = try LogFolder()
        let listener = CollectingListener()
        let log = try folder.open()
        for number in 1...20 as ClosedRange<UInt64> {
            log.record(.testing(number, subjectNumber: number % 2 == 0 ? 7 : 8), ticket: number, for: listener)
        }
        #expect(listener.wait(for: 20))
        log.close()
        try FrozenLog(path: folder.log).freeze()
        let ended = EndedLog(path: folder.log)
        let work = LogErasure(store: ended, keys: try .testing())
        #expect(try work.transfers(of: [7]) == 10)
        try work.sweep([7])
        #expect(try (work.transfers(of: [7]), work.transfers(of: [8])) == (0, 10))
        #expect(try ended.scrub())
        #expect(try FileManager.default.attributesOfItem(atPath: folder.log)[.posixPermissions] as? Int == 0o400)
        #expect(!FileManager.default.fileExists(atPath: folder.log + "-wal"))
        #expect(try folder.verify().faults == [])
    }
}
