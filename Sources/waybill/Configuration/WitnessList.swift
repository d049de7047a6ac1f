import WaybillLedger

/// `log.witnesses`: each a verifier key and a URL.
enum WitnessList {
    static let witnessesMax = 32

    static func read(_ values: ConfigurationValues, insecure: Bool) throws(CommandFailure) -> [Witness] {
        var found: [Witness] = []
        for text in values.texts(.witnesses) {
            let witness = try witness(text, place: values.origin(of: .witnesses), insecure: insecure)
            guard !found.contains(where: { $0.name == witness.name || $0.verifier.hash == witness.verifier.hash }) else {
                throw CommandFailure(
                    "\(values.origin(of: .witnesses)): the witness \(witness.name) is named twice in `log.witnesses`",
                    remedy: "name each once, and count one operator's keys as one witness")
            }
            found.append(witness)
        }
        guard found.count <= witnessesMax else {
            throw CommandFailure("`log.witnesses` names more than \(witnessesMax)", remedy: "name fewer")
        }
        return found
    }

    static func pacing(_ values: ConfigurationValues) throws(CommandFailure) -> WitnessFollower.Pacing {
        var pacing = WitnessFollower.Pacing()
        if let every = try values.milliseconds(.witnessEvery) { pacing.askEveryMilliseconds = every }
        if let stale = try values.milliseconds(.witnessStale) { pacing.staleMilliseconds = stale }
        guard pacing.staleMilliseconds >= 2 * pacing.askEveryMilliseconds else {
            throw CommandFailure(
                "`log.witness_stale` must be at least twice `log.witness_every`, or every witness is stale between two questions",
                remedy: "raise the one or lower the other")
        }
        return pacing
    }

    private static func witness(_ text: String, place: String, insecure: Bool) throws(CommandFailure) -> Witness {
        let parts = text.split(whereSeparator: \.isWhitespace).map(String.init)
        guard parts.count == 2, let verifier = NoteVerifier(parts[0]) else {
            throw CommandFailure(
                "\(place): a witness in `log.witnesses` is written `NAME+HASH+KEY https://HOST/PREFIX`",
                remedy: "copy the verifier key as its operator publishes it")
        }
        guard verifier.algorithm == .cosignature else {
            throw CommandFailure(
                "\(place): the key of \(verifier.name) in `log.witnesses` is a log's, not a witness's",
                remedy: "ask its operator for the cosignature key (algorithm 4)")
        }
        guard let url = url(parts[1], insecure: insecure) else {
            throw CommandFailure(
                "\(place): the URL of the witness \(verifier.name) must be https, without user, query or fragment",
                remedy: "correct it; plain http is for loopback, or with `insecure: true`")
        }
        return Witness(verifier: verifier, url: url)
    }

    /// Without slashes at its end.
    private static func url(_ text: String, insecure: Bool) -> String? {
        var text = text[...]
        while text.hasSuffix("/") { text.removeLast() }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !text.contains(where: { "@?#\\".contains($0) }) else { return nil }
        let isPlain = text.hasPrefix("http://")
        guard isPlain || text.hasPrefix("https://") else { return nil }
        let authority = text.drop { $0 != ":" }.dropFirst(3).prefix { $0 != "/" }
        let named = authority.contains(where: { $0 == ":" }) && !authority.hasSuffix("]") ? String(authority) : "\(authority):443"
        guard let address = HostPort(named) else { return nil }
        return isPlain && !address.isLoopback && !insecure ? nil : String(text)
    }
}
