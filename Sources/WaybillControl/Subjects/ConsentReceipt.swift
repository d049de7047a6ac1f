import Crypto
package import WaybillCore
import WaybillLedger

/// A consent receipt as ISO/IEC TS 27560:2023 structures it: header, processing, parties, events; names of members as the standard has them.
///
/// Signed as the log signs notes: Ed25519 over the receipt's canonical JSON and one newline, with the log's key under the log's name. A
/// checkpoint never begins with `{`, so that neither can be taken for the other; whoever verifies the log can verify a receipt.
extension SubjectDesk {
    package static let receiptSchema = "ISO/IEC TS 27560:2023"

    /// Of one event; nil: there is no such event. Throws if it cannot be signed.
    package func receipt(event id: String) async throws(ControlFailure) -> JSONValue? {
        guard let (number, sequence) = parts.ids.event(id) else { return nil }
        let record = try await record(number)
        guard let event = record.history.events.first(where: { $0.sequence == sequence }) else { return nil }
        return try signed(receipt(event, record))
    }

    /// Of every event that is about one purpose.
    package func receipts(_ record: KnownSubject) throws(ControlFailure) -> [JSONValue] {
        var all: [JSONValue] = []
        for event in record.history.events where event.purpose != nil { all.append(try signed(receipt(event, record))) }
        return all
    }

    private func signed(_ receipt: CanonicalValue) throws(ControlFailure) -> JSONValue {
        let text = String(decoding: receipt.bytes, as: UTF8.self)
        do {
            let (signature, key) = try parts.sign(text + "\n")
            return .object(["receipt": JSONValue(canonical: receipt), "signature": .string(signature), "key": .string(key)])
        } catch {
            throw ControlFailure(
                code: "not_signed", message: "The receipt could not be signed; check the log's key with `waybill log verify`.")
        }
    }

    private func receipt(_ event: ConsentEvent, _ record: KnownSubject) -> CanonicalValue {
        let number = record.history.number
        let id = parts.ids.event(number, event.sequence)
        let subject = parts.ids.subject(number)
        let set = parts.policy()
        let controller = event.controller ?? set?.organisation.id ?? ""
        let purpose = event.purpose.flatMap { name in set?.purposes.first { $0.name == name } }
        var processing: [String: CanonicalValue] = [
            "lawful_basis": .string("consent"), "pii_controllers": .array([.string(controller)]),
            "privacy_notice": .string(event.notice ?? ""),
            "purposes": .array([
                .object([
                    "purpose": .string(event.purpose ?? "*"), "purpose_type": .string(purpose?.dpv.map { "dpv:\($0)" } ?? ""),
                ])
            ]),
            "recipient_third_parties": .array(event.recipients.map { .string($0) }),
            "withdrawal_method": .string(
                parts.publicURL.map { "\($0)/person/ (personal link on request)" } ?? "on request to the controller"),
        ]
        if let fields = set.map({ Self.fields(of: event, in: $0) }), !fields.isEmpty {
            processing["pii_type"] = .array(fields.map { .string($0) })
        }
        var happened: [String: CanonicalValue] = [
            "entity_id": .string(event.actor ?? "subject"), "event_state": .string(event.state.rawValue),
            "event_time": .string(ConsentReason.time(event)), "event_type": .string(event.explicit ? "explicit" : "consent"),
        ]
        if let expires = event.expires { happened["validity_duration"] = .string("until \(expires.rfc3339)") }
        if let proof = event.proof { happened["proof"] = .string(proof) }
        return .object([
            "event": .array([.object(happened)]),
            "header": .object([
                "pii_principal_id": .string(subject), "receipt_id": .string("r-\(id)"), "record_id": .string(id),
                "schema_version": .string(Self.receiptSchema),
            ]),
            "party_identification": .array(
                Self.parties(event, controller, set) + [
                    .object(["party_id": .string(subject), "party_name": .string(""), "party_role": .string("pii_principal")])
                ]),
            "pii_processing": .object(processing),
        ])
    }

    private static func parties(_ event: ConsentEvent, _ controller: String, _ set: PolicySet?) -> [CanonicalValue] {
        let own = set.flatMap { $0.organisation.id == controller ? $0.organisation.name : nil } ?? controller
        let vendors = event.recipients.map { id -> CanonicalValue in
            let vendor = set?.vendors.first { $0.id == id }
            return .object([
                "party_id": .string(id), "party_name": .string(vendor?.legalName ?? id), "party_role": .string("recipient"),
            ])
        }
        return [.object(["party_id": .string(controller), "party_name": .string(own), "party_role": .string("pii_controller")])] + vendors
    }

    /// What the agreements with the recipients let go for the purpose.
    private static func fields(of event: ConsentEvent, in set: PolicySet) -> [String] {
        var names: Set<String> = []
        for agreement in set.agreements where agreement.parties.contains(where: { event.recipients.contains($0.org) }) {
            for term in agreement.purposes where set[term.purpose].name == event.purpose {
                names.formUnion(term.fields.keys.map { set[$0].name })
            }
        }
        return names.sorted()
    }
}
