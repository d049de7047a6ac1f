/// Keeps consents and subject facts, and keeps a `SubjectIndex` current with them.
///
/// All work happens on the store's own queue, in order; no method blocks its caller. A change is in the index before the method
/// that made it returns, so it binds the very next look-up.
package protocol ConsentStore: Sendable {
    var index: SubjectIndex { get }
    /// By which histories are folded now.
    var notices: [String: Notice] { get }

    /// Fills the index from the store; call `index.open()` when the log's own subjects are in it too.
    func load(now: Timestamp) async throws(ConsentStoreError)

    /// Enters lines in one transaction. A line that cannot be entered is refused by itself; if `atomically`, with all others.
    func apply(_ lines: [ImportLine], atomically: Bool, now: Timestamp) async throws(ConsentStoreError) -> ImportBatch

    /// Folds the histories of these identifiers again, after the index called them stale.
    func refresh(_ identifiers: [Identifier], now: Timestamp) async throws(ConsentStoreError)
    /// The same for event loops: `then` is called on the store's queue, with nil when the index is current.
    func refresh(_ identifiers: [Identifier], now: Timestamp, then: @escaping @Sendable (ConsentStoreError?) -> Void)

    /// Folds every history with other notices; quick if they say the same. Until it returns, subjects change over one by one.
    func rebuild(notices: [String: Notice], now: Timestamp) async throws(ConsentStoreError)

    /// Nil: the store does not know the identifier.
    func subject(of identifier: Identifier) async throws(ConsentStoreError) -> StoredSubject?
}

/// A subject as stored, for people who ask.
package struct StoredSubject: Sendable {
    package var history: SubjectHistory
    /// How many identifiers of each scheme; never the identifiers.
    package var schemes: [String: Int]
    package init(history: SubjectHistory, schemes: [String: Int]) {
        self.history = history
        self.schemes = schemes
    }
}

package struct ConsentStoreError: Error, Sendable {
    package enum Code: String, Sendable {
        case diskFull = "disk_full"
        case busy
        case damaged
        /// Made by a newer Waybill, or by something else.
        case wrongSchema = "wrong_schema"
        case wrongKey = "wrong_key"
        case unavailable
    }
    package var code: Code
    /// One sentence with the remedy; never a value from the store.
    package var message: String
    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }
}

package enum ImportLine: Sendable {
    case consent(ConsentLine)
    case facts(FactsLine)

    package var line: Int {
        switch self {
        case .consent(let line): line.line
        case .facts(let line): line.line
        }
    }
}

/// What became of one batch of lines.
package struct ImportBatch: Sendable {
    /// A line that was taken: whose it is, and the event's place in the store (the earlier one's of a duplicate); 0 of facts.
    package struct Entered: Sendable, Equatable {
        package var line: Int
        package var number: UInt32
        package var sequence: Int64
        package var isDuplicate: Bool
        package init(line: Int, number: UInt32, sequence: Int64, isDuplicate: Bool) {
            self.line = line
            self.number = number
            self.sequence = sequence
            self.isDuplicate = isDuplicate
        }
    }
    package var entered: [Entered] = []
    package var imported: Int
    /// Events that the history holds already.
    package var duplicates: Int
    package var refused: [LineProblem]
    /// Of the store after the batch.
    package var sequence: Int64
    package init(imported: Int = 0, duplicates: Int = 0, refused: [LineProblem] = [], sequence: Int64 = 0) {
        self.imported = imported
        self.duplicates = duplicates
        self.refused = refused
        self.sequence = sequence
    }
}

extension LineProblem {
    /// Two people cannot be made one by a file: undoing that is not possible.
    package static func severalSubjects(line: Int) -> LineProblem {
        LineProblem(
            line: line, member: "ids",
            message: "belong to different subjects who both have a history; give each a line of its own")
    }

    package static func erasureUnderWay(line: Int) -> LineProblem {
        LineProblem(
            line: line, member: nil,
            message: "is about a person whose erasure is under way; finish it with `waybill subject erase --confirm` first")
    }

    package static func wasErased(line: Int) -> LineProblem {
        LineProblem(
            line: line, member: nil,
            message: "is about a person who was erased; remove them from the sending system, or import a consent given since then")
    }
}
