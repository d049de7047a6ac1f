import Testing
import WaybillCore
import WaybillProxy
import WaybillTesting

/// Without a verified connection nothing is recorded and nothing is sent.
@Suite struct VendorConnectionTests {
    private func expectRefused(_ harness: Harness, _ code: String, status: Int = 502) async throws {
        let answer = try await harness.send(Wire.post())
        #expect(answer.status == status)
        #expect(answer.text.contains(#""code":"\#(code)""#), "\(answer.text)")
        #expect(answer.value("waybill-records") == "sent=0; held=0; denied=0" && answer.values("waybill-vendor-status").isEmpty)
        #expect(harness.vendor.bytes.isEmpty)
        #expect(harness.recorder.intents.isEmpty && harness.recorder.outcomes.isEmpty && harness.recorder.denials.isEmpty)
        #expect(harness.recorder.counts[code] == 1)
    }

    @Test(arguments: [["other.test"], ["acme.test"], ["*.test"], ["api.acme.test.evil.test"], ["localhost"]])
    func aCertificateForAnotherNameIsRefused(_ names: [String]) async throws {
        try await Harness.run {
            $0.certified = names
        } _: {
            try await expectRefused($0, "vendor_tls_failed")
        }
    }

    @Test func aWildcardCertificateOfTheRightDomainPasses() async throws {
        try await Harness.run {
            $0.certified = ["*.acme.test"]
        } _: { harness in
            let answer = try await harness.send(Wire.post())
            #expect(answer.status == 200)
        }
    }

    @Test func anUntrustedCertificateIsRefused() async throws {
        try await Harness.run {
            $0.trusted = false
        } _: {
            try await expectRefused($0, "vendor_tls_failed")
        }
    }

    @Test func aPortWhereNobodyListensIsRefused() async throws {
        try await Harness.run {
            $0.resolve = ["\(FakePolicy.vendorHost):443": "127.0.0.1:1"]
        } _: {
            try await expectRefused($0, "vendor_unreachable")
        }
    }

    @Test(arguments: ["localhost", "127.0.0.1"])
    func aNameThatLeadsInsideIsRefused(_ host: String) async throws {
        try await Harness.run {
            $0.vendorHost = host
            $0.resolve = [:]
        } _: {
            try await expectRefused($0, "vendor_address_refused")
        }
    }

    @Test func aNameThatDoesNotResolveIsRefused() async throws {
        try await Harness.run {
            $0.vendorHost = "does-not-exist.invalid"
            $0.resolve = [:]
        } _: {
            try await expectRefused($0, "vendor_name_unresolved")
        }
    }

    @Test func aVendorThatNeverFinishesTLSTimesOut() async throws {
        let silent = try await FakeVendor.start(identity: nil, respond: { _ in [] })
        try await Harness.run {
            $0.limits.connectMillisecondsMax = 80
            $0.resolve = ["\(FakePolicy.vendorHost):443": "127.0.0.1:\(silent.port)"]
        } _: {
            try await expectRefused($0, "vendor_connect_timeout")
        }
        #expect(!silent.bytes.isEmpty)
        try await silent.stop()
    }

    @Test func afterFailuresInARowTheVendorIsLeftAlone() async throws {
        try await Harness.run {
            $0.resolve = ["\(FakePolicy.vendorHost):443": "127.0.0.1:1"]
            $0.limits.circuitFailuresMax = 2
            $0.limits.circuitMilliseconds = 60_000
        } _: { harness in
            // One connection: the circuit is the event loop's own.
            let client = try await harness.client()
            var codes: [String] = []
            for _ in 0..<4 {
                try await client.send(Wire.post())
                let answer = try await client.answer()
                codes.append(answer.text.contains("vendor_circuit_open") ? "open" : "tried")
            }
            #expect(codes == ["tried", "tried", "open", "open"])
        }
    }

    @Test func connectionsToOneVendorAreBounded() async throws {
        try await Harness.run {
            $0.limits.vendorConnectionsPerLoopMax = 0
        } _: {
            try await expectRefused($0, "vendor_connections_exhausted", status: 503)
        }
    }

    @Test func idleConnectionsAreClosedAfterTheirTime() async throws {
        try await Harness.run {
            $0.limits.vendorIdleMillisecondsMax = 30
        } _: { harness in
            let client = try await harness.client()
            for _ in 0..<2 {
                try await client.send(Wire.post())
                _ = try await client.answer()
                try await Task.sleep(for: .milliseconds(120))
            }
            #expect(harness.vendor.connections == 2)
        }
    }

    @Test func aConnectionTheVendorClosedWhileIdleIsNotUsed() async throws {
        try await Harness.run { harness in
            let client = try await harness.client()
            for _ in 0..<3 {
                try await client.send(Wire.post())
                let answer = try await client.answer()
                #expect(answer.status == 200)
                harness.vendor.closeConnections()
                try await Task.sleep(for: .milliseconds(30))
            }
            #expect(harness.vendor.connections == 3)
            #expect(harness.recorder.intents.count == 3)
        }
    }
}
