package import WaybillCore

/// A witness as configured: who it is and where it is asked.
package struct Witness: Sendable {
    package var verifier: NoteVerifier
    /// Submission prefix, without a slash at its end.
    package var url: String
    package init(verifier: NoteVerifier, url: String) {
        self.verifier = verifier
        self.url = url
    }

    package var name: String { verifier.name }
}

/// What a witness cosigned last.
package struct WitnessRecord: Sendable, Equatable {
    package var vkey: String
    package var origin: String
    package var size: UInt64
    /// By the witness' clock, to the second.
    package var time: Timestamp
    package init(vkey: String, origin: String, size: UInt64, time: Timestamp) {
        self.vkey = vkey
        self.origin = origin
        self.size = size
        self.time = time
    }
}

/// What has come of asking witnesses: must survive a restart.
package struct WitnessBook: Sendable, Equatable {
    /// One a witness.
    package var records: [WitnessRecord] = []
    /// The newest checkpoint that every witness then at hand has cosigned, as a note with their signatures.
    package var cosigned: CosignedCheckpoint?
    package init() {}
}

package struct CosignedCheckpoint: Sendable, Equatable {
    package var origin: String
    package var size: UInt64
    package var note: String
    /// When its last cosignature came, by our clock.
    package var time: Timestamp
    package init(origin: String, size: UInt64, note: String, time: Timestamp) {
        self.origin = origin
        self.size = size
        self.note = note
        self.time = time
    }
}

/// Keeps the book. Every call may block.
package protocol WitnessMemory: Sendable {
    func read() throws -> WitnessBook
    /// Durable on return; replaces all.
    func write(_ book: WitnessBook) throws
}

/// Posts to a witness. Blocks; bounded in time and bytes.
package protocol WitnessTransport: Sendable {
    /// Any status is an answer. Throws one sentence where there is none.
    func post(_ url: String, _ body: [UInt8]) throws(WitnessFault) -> (status: Int, body: [UInt8])
    /// Ends what is under way, and everything later, with a failure: for a program that stops.
    func stop()
}
