/// What people may see of one subject: the history with its proofs, and the identifiers.
package struct KnownSubject: Sendable {
    /// Personal data.
    package var identifiers: [Identifier]
    package var history: SubjectHistory
    /// The erasure was asked for: nothing about the person leaves.
    package var isErasing: Bool

    package init(identifiers: [Identifier], history: SubjectHistory, isErasing: Bool) {
        self.identifiers = identifiers
        self.history = history
        self.isErasing = isErasing
    }
}

/// One change of a consent, of anybody.
package struct ConsentChange: Sendable {
    package var number: UInt32
    /// Without its proof.
    package var event: ConsentEvent
    package init(number: UInt32, event: ConsentEvent) {
        self.number = number
        self.event = event
    }
}

/// How many events say so: of a purpose (nil: every purpose) in a state.
package struct ConsentCount: Sendable, Equatable {
    package var purpose: String?
    package var state: ConsentEvent.State
    package var events: Int
    package init(purpose: String?, state: ConsentEvent.State, events: Int) {
        self.purpose = purpose
        self.state = state
        self.events = events
    }
}

/// A consent store that people look into.
package protocol SubjectRecords: ConsentStore {
    /// Nil: nobody is known by it, or the person is erased.
    func record(of identifier: Identifier) async throws(ConsentStoreError) -> KnownSubject?
    /// The same by number, also by one that turned out to be another's.
    func record(number: UInt32) async throws(ConsentStoreError) -> KnownSubject?
    /// Newest first, below a sequence.
    func changes(before sequence: Int64?, limit: Int) async throws(ConsentStoreError) -> [ConsentChange]
    func counts() async throws(ConsentStoreError) -> [ConsentCount]
}
