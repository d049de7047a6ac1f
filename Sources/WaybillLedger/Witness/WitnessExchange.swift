import WaybillCore

/// One checkpoint on its way to one witness (C2SP `tlog-witness`, `add-checkpoint`). Does no I/O: says what to ask, and what an answer means.
package struct WitnessExchange: Sendable {
    package enum Action: Sendable, Equatable {
        /// Post the checkpoint with a consistency proof from this size.
        case ask(old: UInt64)
        /// Verified: of the witness' key, on this checkpoint.
        case cosigned(NoteSignature)
        case failed(WitnessFault)
    }

    private let witness: NoteVerifier
    private let checkpoint: Checkpoint
    private var old: UInt64
    private var hasLearnt = false

    /// `known`: the size of the last checkpoint of this log that the witness cosigned, as far as we know; 0: none.
    package init(_ witness: NoteVerifier, checkpoint: Checkpoint, known: UInt64) {
        self.witness = witness
        self.checkpoint = checkpoint
        old = min(known, checkpoint.size)
    }

    package var first: Action { .ask(old: old) }

    /// What the witness answered to the last `ask`.
    package mutating func answered(status: Int, body: [UInt8]) -> Action {
        switch status {
        case 200: return read(body)
        case 409: return conflict(body)
        case 403: return .failed(.keyUnknown)
        case 404: return .failed(.logUnknown)
        case 422: return .failed(.contradicts)
        default: return .failed(.refused(status: status))
        }
    }

    /// One or more signature lines; those of other keys are passed over.
    private func read(_ body: [UInt8]) -> Action {
        guard let text = String(validating: body, as: UTF8.self), text.hasSuffix("\n") else { return .failed(.malformed) }
        var found: NoteSignature?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            guard let signature = NoteSignature(line: line) else { return .failed(.malformed) }
            guard signature.name == witness.name, signature.hash == witness.hash else { continue }
            guard witness.accepts(signature, text: checkpoint.text), signature.cosignatureSeconds ?? 0 > 0 else {
                return .failed(.badSignature)
            }
            found = signature
        }
        return found.map { .cosigned($0) } ?? .failed(.otherKey)
    }

    /// The witness says from which size it wants the proof.
    private mutating func conflict(_ body: [UInt8]) -> Action {
        var text = String(decoding: body.prefix(32), as: UTF8.self)
        guard body.count <= 32, text.hasSuffix("\n") else { return .failed(.malformed) }
        text.removeLast()
        guard let size = UInt64(text), String(size) == text else { return .failed(.malformed) }
        guard size <= checkpoint.size else { return .failed(.isAhead(size: size)) }
        // The same size again: its tree has another root.
        guard size != old else { return .failed(.contradicts) }
        // It moved between two answers: somebody else submits too, and the next turn will do.
        guard !hasLearnt else { return .failed(.refused(status: 409)) }
        hasLearnt = true
        old = size
        return .ask(old: size)
    }
}

/// Why a witness did not cosign.
package enum WitnessFault: Error, Sendable, Equatable {
    /// No answer; one sentence of the transport.
    case unreachable(String)
    case logUnknown, keyUnknown
    /// It has cosigned more of this log than this log has.
    case isAhead(size: UInt64)
    /// It has another history of this log.
    case contradicts
    case malformed, badSignature, otherKey
    case refused(status: Int)

    /// The witness knows something about this log that must not be: it was rolled back, or somebody else signs under its name.
    package var isEvidence: Bool {
        switch self {
        case .isAhead, .contradicts: true
        default: false
        }
    }

    /// One sentence with the remedy.
    package var message: String {
        switch self {
        case .unreachable(let why): why
        case .logUnknown: "It does not know this log; give its operator the log's origin and `waybill log checkpoint --key`."
        case .keyUnknown: "It trusts none of the log's keys; give its operator what `waybill log checkpoint --key` prints."
        case .isAhead(let size):
            "It has cosigned \(size) entries of this log, more than there are: the log was rolled back or somebody else signs under its name; "
                + "find out which before anything else."
        case .contradicts:
            "It has cosigned another history of this log: keep this log as it is, and compare it with what the witness has."
        case .malformed: "Its answer is not one of tlog-witness; check the URL in log.witnesses."
        case .badSignature: "Its cosignature is false; check with its operator what runs there."
        case .otherKey: "It cosigned with another key; take its verifier key into log.witnesses, if its operator confirms the change."
        case .refused(let status): "It answered \(status); ask its operator, if that lasts."
        }
    }
}
