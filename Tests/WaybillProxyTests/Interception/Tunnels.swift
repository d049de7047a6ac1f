import FoundationEssentials
import Testing
import WaybillProxy
import WaybillTesting

extension Harness {
    static let basic = "Proxy-Authorization: Basic \(Data("crm:\(FakePolicy.token)".utf8).base64EncodedString())"
    static let destination = "\(FakePolicy.vendorHost):443"

    /// With a proxy listener.
    static func proxy(_ configure: (inout Setup) -> Void = { _ in }, _ body: (Harness) async throws -> Void) async throws {
        try await run { setup in
            setup.kind = .proxy
            configure(&setup)
        } _: { harness in
            try await body(harness)
        }
    }

    static func connect(_ target: String = destination, fields: [String] = [basic], host: String? = destination, version: String = "1.1")
        -> String
    {
        Wire.request("CONNECT \(target) HTTP/\(version)", fields: fields, token: nil, host: host)
    }

    /// A tunnel in which TLS was begun.
    func tunnel(
        _ request: String = connect(), serverName: String? = FakePolicy.vendorHost, verifiesName: Bool = true, on given: RawClient? = nil
    ) async throws -> RawClient {
        let client: RawClient
        if let given { client = given } else { client = try await self.client() }
        try await client.send(request)
        let answer = try await client.answer(toCONNECT: true)
        try #require(answer.status == 200)
        #expect(answer.fields.isEmpty)
        try await client.startTLS(trustPEM: interceptionCA, serverName: serverName, verifiesName: verifiesName)
        return client
    }

    /// Sends and takes the answer, on a connection that lives.
    func ask(_ client: RawClient, _ request: String) async throws -> RawClient.Answer {
        try await client.send(request)
        return try await client.answer()
    }

    /// Not one byte has reached the vendor, on no connection.
    func expectNothingLeft(_ what: Comment) {
        #expect(vendor.connections == 0 && vendor.bytes.isEmpty, what)
    }
}

extension Wire {
    /// As a client writes it into a tunnel.
    static func inner(
        _ target: String = "/v1/contacts", host: String = FakePolicy.vendorHost, fields: [String] = [], body: String = #"{"a":1}"#
    ) -> String {
        let more = ["Content-Type: application/json", "Content-Length: \(body.utf8.count)"]
        return request("POST \(target) HTTP/1.1", fields: more + fields, token: nil, host: host) + body
    }
}
