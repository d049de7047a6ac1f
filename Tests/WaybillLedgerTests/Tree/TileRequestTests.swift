import Foundation
import Testing
import WaybillLedger
import WaybillTesting

@Suite("Paths of tiles and bundles") struct TileRequestTests {
    @Test(.enabled(if: SharedVectors.areThere)) func publishedPathsAreReadAndWrittenAlike() throws {
        struct Section: Decodable {
            struct Case: Decodable {
                var level: Int
                var index: UInt64
                var width: Int
                var path: String
            }
            struct Bundle: Decodable {
                var seq: UInt64
                var size: UInt64
                var path: String
            }
            var cases: [Case]
            var entries: [Bundle]
        }
        let section = try SharedVectors.load("tile_paths", as: Section.self)
        for item in section.cases {
            #expect(TileRequest(path: item.path) == .tile(.init(level: item.level, index: item.index), width: item.width), "\(item.path)")
            #expect(TileRequest(path: item.path)?.path == item.path)
        }
        for item in section.entries {
            #expect(TileRequest(path: item.path)?.path == item.path, "\(item.path)")
            #expect(Tile.entriesPath(entry: item.seq, size: item.size) == item.path)
        }
        #expect(section.cases.count == 6 && section.entries.count == 5)
    }

    @Test(arguments: [
        "tile/0/000", "tile/63/999", "tile/5/x001/000", "tile/0/x123/x456/789.p/255", "tile/entries/000.p/1", "tile/entries/x001/234",
    ]) func whatIsWrittenAsTheSpecificationWritesItIsRead(path: String) { #expect(TileRequest(path: path)?.path == path) }

    @Test(arguments: [
        "", "tile", "tile/0", "tile/0/", "tile//000", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/00/000", "tile/64/000", "tile/-1/000",
        "tile/+1/000", "tile/0/x000/000", "tile/0/x00/000", "tile/0/001/000", "tile/0/x001", "tile/0/000/", "tile/0/000.p", "tile/0/000.p/",
        "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/+1", "tile/0/000.p/1/", "tile/0/000.p/1/2", "tile/0/.p/1",
        "tile/0/x001.p/000", "tile/0/000%2ep/1", "tile/0/٠٠٠", "tile/entries/0", "tile/data/000", "Tile/0/000", "tile/0/X001/000",
        "tile/0/x001/x001/x001/x001/x001/x001/001", "../tile/0/000", "tile/0/000?x",
    ]) func anythingElseIsRefused(path: String) { #expect(TileRequest(path: path) == nil) }

    @Test("The tree of 70,000 of the specification: 273 full tiles and one of 112; one full and one of 17; one of 1") func coverage() {
        let size: UInt64 = 70_000
        let table: [(level: Int, index: UInt64, width: Int, isThere: Bool)] = [
            (0, 272, 256, true), (0, 273, 112, true), (0, 273, 113, false), (0, 273, 256, false), (0, 274, 1, false), (0, 5, 3, true),
            (1, 0, 256, true), (1, 1, 17, true), (1, 1, 18, false), (1, 2, 1, false), (2, 0, 1, true), (2, 0, 2, false), (3, 0, 1, false),
            (8, 0, 1, false), (63, 0, 1, false), (0, 999_999_999_999_999_999, 256, false),
        ]
        for row in table {
            let name = Tile.Name(level: row.level, index: row.index)
            #expect(TileRequest.tile(name, width: row.width).isCovered(by: size) == row.isThere, "\(row)")
            if row.level == 0 {
                #expect(TileRequest.entries(bundle: row.index, width: row.width).isCovered(by: size) == row.isThere, "\(row)")
            }
        }
        #expect(!TileRequest.tile(.init(level: 0, index: 0), width: 1).isCovered(by: 0))
        #expect(TileRequest.tile(.init(level: 1, index: 0), width: 1).isCovered(by: 256))
    }
}
