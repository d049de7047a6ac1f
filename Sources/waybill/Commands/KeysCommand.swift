import ArgumentParser
import Crypto
import WaybillCore
import WaybillLedger
import WaybillStorage

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "keys", abstract: "The installation's keys.", subcommands: [Rotate.self])

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate", abstract: "Replace the key that signs the log, both signing for a while.",
            discussion: """
                First `waybill keys rotate` makes the new key. Restart the gate: it enters the change in the log, and from then on both keys \
                sign. Tell those who check the log the new verifier key (`waybill log checkpoint --key`). Then `waybill keys rotate --finish` \
                destroys the old key; only its public half is kept, for old checkpoints. At its next start the gate signs with the new one \
                alone. A step that was interrupted is run again.
                """)
        @OptionGroup var installation: ConfigurationOptions
        @Flag(name: .long, help: "End the change: the old key signs no more. At once, if it was stolen.")
        var finish = false

        func run() async throws {
            keepFilesPrivate()
            let settings = try await installation.settings()
            let rotation = LogKeyRotation(keys: try KeyDirectory(settings.keys, create: false))
            let origin = try LogKeyStanding.origin(settings)
            func vkey(_ key: Curve25519.Signing.PublicKey) -> String { NoteVerifier(name: origin, algorithm: .ed25519, key: key).vkey }
            if finish {
                let old = try rotation.finish { key throws(CommandFailure) in try LogKeyStanding(settings).isSigned(by: key) }
                StandardStreams.writeOutput(
                    """
                    The old key is destroyed: \(vkey(old))
                    Next: restart the gate, and let nobody accept that key for a checkpoint made from now on.

                    """)
            } else {
                let (new, old) = try rotation.begin()
                StandardStreams.writeOutput(
                    """
                    new: \(vkey(new.publicKey))
                    old: \(vkey(old.publicKey))
                    Next: restart the gate; both keys sign from then on. Tell those who check the log, then `waybill keys rotate --finish`.

                    """)
            }
        }
    }
}

/// Under which key the log stands.
struct LogKeyStanding {
    let settings: Settings

    init(_ settings: Settings) { self.settings = settings }

    /// The newest checkpoint and the copy outside the store are both signed by it: nothing would be missing without another key.
    /// True too of a log that has no entry yet.
    func isSigned(by key: Curve25519.Signing.PublicKey) throws(CommandFailure) -> Bool {
        guard try failing({ () throws(SystemError) in try Files.facts(settings.logStore) }) != nil else { return true }
        let reader = try Wiring.logReader(settings)
        defer { reader.close() }
        do {
            guard let last = try reader.lastCheckpoint() else { return try reader.head() == nil }
            let copy = try FileCheckpointCopy(path: settings.log.checkpointCopy).read()
            return try [Array(last.note.utf8), copy ?? []].allSatisfy { note in
                let (note, checkpoint) = try LogProofs.read(String(decoding: note, as: UTF8.self))
                let verifier = NoteVerifier(name: checkpoint.origin, algorithm: .ed25519, key: key)
                do { return try !note.verified(by: [verifier]).isEmpty } catch { return false }
            }
        } catch let error as LogStoreError {
            throw CommandFailure(error.message.withoutFullStop)
        } catch {
            throw CommandFailure("\(error)".withoutFullStop)
        }
    }

    /// The log's name: of its store, else as configured.
    static func origin(_ settings: Settings) throws -> String {
        if try failing({ () throws(SystemError) in try Files.facts(settings.logStore) }) != nil {
            let reader = try Wiring.logReader(settings)
            defer { reader.close() }
            if let identity = try reading({ try reader.identity() }) { return identity.origin }
        }
        return Wiring.origin(settings, try Wiring.policies(settings).loadForCommand())
    }
}
