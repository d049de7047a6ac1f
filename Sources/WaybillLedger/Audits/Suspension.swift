/// One stop, or the end of one: what a person or a finding decided about a vendor, an agreement or a field, beside the files.
package struct SuspensionEvent: Sendable, Equatable, Codable {
    package enum Target: Sendable, Hashable, Codable, Comparable {
        /// Every version of it.
        case agreement(String)
        case vendor(String)
        /// In what goes to one vendor; nil: to anybody.
        case field(String, vendor: String?)

        package var name: String {
            switch self {
            case .agreement(let id): "agreement \(id)"
            case .vendor(let id): "vendor \(id)"
            case .field(let name, let vendor): vendor.map { "field \(name) of \($0)" } ?? "field \(name)"
            }
        }
        package static func < (a: Target, b: Target) -> Bool { a.name < b.name }
    }
    package var target: Target
    /// False: it is lifted.
    package var isStop: Bool
    package var why: String
    package var stamp: EngagementEvent.Stamp

    package init(target: Target, isStop: Bool, why: String, stamp: EngagementEvent.Stamp) {
        self.target = target
        self.isStop = isStop
        self.why = why
        self.stamp = stamp
    }
}

/// Keeps who stopped what, and why. Durable on return; blocks.
package protocol SuspensionStore: Sendable {
    /// In the order of their making.
    func suspensionEvents() throws -> [SuspensionEvent]
    func append(_ event: SuspensionEvent) throws
}

/// What is stopped now: the last word on each target.
package struct Suspensions: Sendable, Equatable {
    package private(set) var stops: [SuspensionEvent.Target: SuspensionEvent] = [:]

    package init(_ events: [SuspensionEvent]) { for event in events { apply(event) } }

    package mutating func apply(_ event: SuspensionEvent) { stops[event.target] = event.isStop ? event : nil }

    package var vendors: Set<String> {
        Set(stops.keys.compactMap { if case .vendor(let id) = $0 { id } else { nil } })
    }
    /// Stopped for all vendors.
    package var fields: Set<String> {
        Set(stops.keys.compactMap { if case .field(let name, nil) = $0 { name } else { nil } })
    }
    /// By vendor.
    package var vendorFields: [String: Set<String>] {
        var found: [String: Set<String>] = [:]
        for case .field(let name, let vendor?) in stops.keys { found[vendor, default: []].insert(name) }
        return found
    }
    package var agreements: Set<String> {
        Set(stops.keys.compactMap { if case .agreement(let id) = $0 { id } else { nil } })
    }
}
