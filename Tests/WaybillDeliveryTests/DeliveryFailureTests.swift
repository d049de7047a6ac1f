import Testing
import WaybillDelivery

@Suite("A delivery that failed")
struct DeliveryFailureTests {
    @Test("It is told by its sentence")
    func sentence() {
        #expect("\(DeliveryFailure("The receiver refuses the token; renew it."))" == "The receiver refuses the token; renew it.")
    }
}
