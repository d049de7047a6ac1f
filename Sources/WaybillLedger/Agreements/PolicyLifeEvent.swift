package import WaybillCore

/// A document of the policy set that people draft and approve beside the files.
package struct PolicyDocumentName: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
    package enum Kind: String, Sendable, Codable, CaseIterable {
        case vendor, agreement, caller

        /// The folder of the policy set that holds its kind.
        package var folder: String { rawValue + "s" }
    }
    package var kind: Kind
    package var id: String

    package init(_ kind: Kind, _ id: String) {
        self.kind = kind
        self.id = id
    }

    package var description: String { "\(kind.rawValue) \(id)" }
    package static func < (a: Self, b: Self) -> Bool { (a.kind.rawValue, a.id) < (b.kind.rawValue, b.id) }
}

/// One act on a document. Digests are SHA-256 of the document's bytes, in hex.
package struct PolicyLifeEvent: Sendable, Equatable, Codable {
    package enum Act: Sendable, Equatable, Codable {
        /// The first text of a draft, or a change of it. `version`: as the document says; vendors and callers are counted.
        case draft(version: Int, digest: String)
        case discard
        case submit(digest: String)
        /// `begins`: when an agreement comes into force, as its text says; nil: it has no such date, or an older gate wrote the event.
        case approve(digest: String, begins: Timestamp? = nil)
        case reject(digest: String, why: String)
        /// A version that stands in the files counts as approved.
        case confirm(version: Int, digest: String)
        /// For good.
        case terminate(versions: [Int], why: String)

        /// The last part of the entry's name: `agreement.approve`.
        package var name: String {
            switch self {
            case .draft: "draft"
            case .discard: "discard"
            case .submit: "submit"
            case .approve, .confirm: "approve"
            case .reject: "reject"
            case .terminate: "terminate"
            }
        }

        /// Changes what may be sent.
        package var binds: Bool {
            switch self {
            case .approve, .confirm, .terminate: true
            case .draft, .discard, .submit, .reject: false
            }
        }
    }
    package var act: Act
    package var stamp: EngagementEvent.Stamp

    package init(_ act: Act, at: Timestamp, by: String) {
        self.act = act
        stamp = .init(at: at, by: by)
    }
}

/// Keeps documents by their digests, and what people did with them. Durable on return; blocks.
package protocol PolicyLifeStore: Sendable {
    /// The number of the last event that changes what may be sent; 0: there is none. Cheap: asked several times a second.
    func lastBindingEvent() throws -> Int64
    /// Every event after this number, in order.
    func lifeEvents(after number: Int64) throws -> [NumberedLifeEvent]
    /// `count`: how many events the document had when the act was decided on; throws if it has more. `document`: kept by its digest.
    func append(_ event: PolicyLifeEvent, to name: PolicyDocumentName, count: Int, document: [UInt8]?) throws
    /// Nil: no draft ever had this digest.
    func document(_ digest: String) throws -> [UInt8]?
    /// By digest; those that are not kept are missing.
    func documents(_ digests: Set<String>) throws -> [String: [UInt8]]
    /// JSON, by the digest of the draft that it is about.
    func impact(of digest: String) throws -> [UInt8]?
    func keep(impact: [UInt8], of digest: String) throws
}

package struct NumberedLifeEvent: Sendable {
    package var number: Int64
    package var name: PolicyDocumentName
    package var event: PolicyLifeEvent

    package init(number: Int64, name: PolicyDocumentName, event: PolicyLifeEvent) {
        self.number = number
        self.name = name
        self.event = event
    }
}
