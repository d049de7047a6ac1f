import Testing
import WaybillLedger

@testable import WaybillControl

@Suite("The picture of flows")
struct FlowPictureTests {
    typealias Flow = TransferStatistics.Counts.Flow

    @Test("Nothing sent is no picture")
    func empty() { #expect(FlowPicture([:]).json.isNull) }

    @Test("Every caller, vendor and country has a bar, and every pair a band, none beyond the picture")
    func bars() throws {
        let flows = [
            Flow(caller: "crm", vendor: "hubspot", region: "US"): 900, Flow(caller: "crm", vendor: "stripe", region: "IE"): 99,
            Flow(caller: "shop", vendor: "stripe", region: "IE"): 1,
        ]
        let picture = FlowPicture(flows).json
        #expect(picture["bars"].items.count == 2 + 2 + 2 && picture["bands"].items.count == 3 + 2)
        let height = try #require(picture["height"].text.flatMap { Double($0) })
        for bar in picture["bars"].items {
            let (y, tall) = (Double(bar["y"].text ?? "") ?? -1, Double(bar["height"].text ?? "") ?? -1)
            #expect(y >= 0 && tall >= 2 && y + tall <= height)
        }
    }

    @Test("Of very many, the largest are named and the rest are others")
    func others() {
        let flows = Dictionary(uniqueKeysWithValues: (1...40).map { (Flow(caller: "crm", vendor: "v\($0)", region: "DE"), $0) })
        let labels = FlowPicture(flows).json["bars"].items.compactMap { $0["label"].text }
        #expect(labels.count == 1 + FlowPicture.barsMax + 1)
        #expect(labels.contains("v40 40") && labels.contains { $0.hasPrefix("others ") } && !labels.contains("v1 1"))
    }
}
