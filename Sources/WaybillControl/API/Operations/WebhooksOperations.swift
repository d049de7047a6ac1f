import WaybillCore

/// `/v1/webhooks/{source}`: consent changes from other systems.
package enum WebhooksOperations {
    package static func all(_ desk: WebhookDesk) -> [APIOperation] {
        var operation = APIOperation(
            "receiveWebhook", .post, "/v1/webhooks/{source}", resource: "webhooks",
            "A consent change of a source, signed over its raw bytes: HubSpot's v3, or `Waybill-Signature: t=…,v1=…`. In force when answered; a delivery told again changes nothing.",
            permission: .changeSubjects,
            parameters: [.path("source", .oneOf(ConsentSource.all.map(\.name)), "Who sends.")],
            body: .bytes(mediaTypes: ["application/json"], bytesMax: WebhookDesk.bodyBytesMax),
            answer: .json(
                .object([
                    .required("taken", .integer(0...Int.max)), .required("duplicates", .integer(0...Int.max)),
                    .required("unknown", .integer(0...Int.max)), .required("refused", .integer(0...Int.max)),
                ])), problems: [.credentialMissing, .unavailable]
        ) { call in
            var body: [UInt8] = []
            while let bytes = try await call.nextBytes() {
                body += bytes
                guard body.count <= WebhookDesk.bodyBytesMax else {
                    throw APIProblem(
                        .bodyMalformed, "The body is larger than \(WebhookDesk.bodyBytesMax) bytes; send fewer events at once.")
                }
            }
            let whole = body
            return .json(
                try await answering { () async throws(ControlFailure) in
                    try await desk.receive(call.values["source"] ?? "", headers: call.headers, target: call.target, body: whole)
                })
        }
        operation.isSigned = true
        return [operation]
    }
}
