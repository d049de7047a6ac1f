package import WaybillCore

/// What the report of an evidence package tells, already counted. Holds no identifier of a person.
package struct EvidenceReport: Sendable {
    package enum Scope: Sendable, Equatable {
        case vendor(id: String, name: String)
        /// The person is named in the package's folder name and openings only by what the auditor brought along.
        case subject
    }
    package struct Agreement: Sendable, Equatable {
        package var id: String
        package var version: Int
        package var digest: String
        package var from: String
        /// Nil: open end.
        package var until: String?
        package init(id: String, version: Int, digest: String, from: String, until: String?) {
            self.id = id
            self.version = version
            self.digest = digest
            self.from = from
            self.until = until
        }
    }
    package struct Day: Sendable, Equatable {
        package var day: WaybillCore.Day
        package var transfers: Int
        package var denied: Int
        package init(day: WaybillCore.Day, transfers: Int, denied: Int) {
            self.day = day
            self.transfers = transfers
            self.denied = denied
        }
    }
    /// A word and how often: a reason code, a country, a field.
    package struct Count: Sendable, Equatable {
        package var name: String
        package var count: Int
        package init(name: String, count: Int) {
            self.name = name
            self.count = count
        }
    }

    package var scope: Scope
    package var organisation: String
    /// Half-open.
    package var from: Timestamp
    package var until: Timestamp
    package var made: Timestamp
    package var checkpoint: Checkpoint
    package var firstIndex: UInt64?
    package var lastIndex: UInt64?
    /// Intents.
    package var transfers = 0
    package var records = 0
    package var bytes = 0
    /// Denied entries.
    package var refusedRequests = 0
    /// Outcomes by result: `ok`, `vendor_error`, `partial`, `aborted`, `unknown`, and `open` for intents without one.
    package var outcomes: [Count] = []
    package var days: [Day] = []
    /// By purpose, in the order of the purposes' transfers: fields sent and how many transfers had them.
    package var fieldsByPurpose: [(purpose: String, fields: [Count])] = []
    package var denialsByReason: [Count] = []
    /// ISO 3166 or region codes of destinations.
    package var countries: [Count] = []
    package var mechanisms: [Count] = []
    package var agreements: [Agreement] = []
    /// What an auditor must know: unknown outcomes, dead epochs, refused counts, gaps. One sentence each.
    package var remarks: [String] = []

    package init(scope: Scope, organisation: String, from: Timestamp, until: Timestamp, made: Timestamp, checkpoint: Checkpoint) {
        self.scope = scope
        self.organisation = organisation
        self.from = from
        self.until = until
        self.made = made
        self.checkpoint = checkpoint
    }
}
