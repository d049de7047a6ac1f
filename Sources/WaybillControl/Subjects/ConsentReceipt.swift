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
        let terms = set.map { Self.terms(of: event, in: $0) } ?? []
        var agreed: [String: CanonicalValue] = [
            "lawful_basis": .string("consent"), "purpose": .string(event.purpose ?? "*"),
            "purpose_type": .string(purpose?.dpv.map { "dpv:\($0)" } ?? ""),
        ]
        if let set { agreed["pii_information"] = .array(Self.information(terms, in: set)) }
        var processing: [String: CanonicalValue] = [
            "pii_controllers": .array([.string(controller)]), "privacy_notice": .string(event.notice ?? ""),
            "purposes": .array([.object(agreed)]),
            "recipient_third_parties": .array(event.recipients.map { .string($0) }),
            "withdrawal_method": .string(
                parts.publicURL.map { "\($0)/person/ (personal link on request)" } ?? "on request to the controller"),
        ]
        let retention = Set(terms.compactMap(\.term.retain).map { "P\($0.forSeconds / 86_400)D after \($0.after.rawValue)" }).sorted()
        if !retention.isEmpty { processing["retention_period"] = .array(retention.map { .string($0) }) }
        let places = Set(terms.flatMap { $0.agreement.regions.map(\.description) }).sorted()
        if !places.isEmpty { processing["processing_locations"] = .array(places.map { .string($0) }) }
        if let set, set.organisation.id == controller { processing["jurisdiction"] = .string(set.organisation.establishedIn.description) }
        var happened: [String: CanonicalValue] = [
            "entity_id": .string(event.actor ?? "subject"), "event_state": .string(event.state.rawValue),
            "event_time": .string(ConsentReason.time(event)), "event_type": .string(event.explicit ? "explicit" : "consent"),
        ]
        if let expires = event.expires { happened["validity_duration"] = .string(Self.duration(event.eventTime, expires)) }
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

    private typealias Term = (agreement: Agreement, term: AgreedPurpose)

    /// What the agreements with the recipients said of the purpose when the event happened: of each agreement the newest version that had begun.
    private static func terms(of event: ConsentEvent, in set: PolicySet) -> [Term] {
        var newest: [String: Agreement] = [:]
        for agreement in set.agreements where agreement.from <= event.eventTime {
            guard agreement.parties.contains(where: { event.recipients.contains($0.org) }) else { continue }
            if newest[agreement.id].map({ $0.version < agreement.version }) ?? true { newest[agreement.id] = agreement }
        }
        return newest.values.sorted { $0.id < $1.id }.filter { $0.until.map { event.eventTime < $0 } ?? true }.flatMap { agreement in
            agreement.purposes.filter { set[$0.purpose].name == event.purpose }.map { (agreement, $0) }
        }
    }

    private static func information(_ terms: [Term], in set: PolicySet) -> [CanonicalValue] {
        var optional: [FieldID: Bool] = [:]
        for (_, term) in terms {
            for field in term.fields.keys { optional[field] = optional[field, default: true] && !term.required.contains(field) }
        }
        return optional.sorted { set[$0.key].name < set[$1.key].name }.map { field, isOptional in
            .object([
                "pii_attribute_id": .string(set[field].name), "pii_optional": .bool(isOptional), "pii_type": .string(set[field].category),
                "sensitive_pii_category": .bool(set[field].sensitive.contains(.us)),
                "special_pii_category": .bool(set[field].sensitive.contains(.gdpr9)),
            ])
        }
    }

    /// ISO 8601: whole days, or seconds.
    private static func duration(_ from: Timestamp, _ until: Timestamp) -> String {
        let seconds = until.seconds - from.seconds
        return seconds.isMultiple(of: 86_400) ? "P\(seconds / 86_400)D" : "PT\(seconds)S"
    }
}
