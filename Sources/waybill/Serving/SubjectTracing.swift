import WaybillCore
import WaybillLedger
import WaybillStorage

extension Wiring {
    /// What finds and opens everything the log says of one subject, beside a running gate or without one; nil: nobody is known by it.
    ///
    /// `subject`: as people write it, like `email:anna@example.com`. The trace is secret and must not be printed.
    static func subjectTrace(_ subject: String, _ settings: Settings, log: SQLiteLogReader) throws -> SubjectTrace? {
        let identifier: Identifier
        do {
            identifier = try Identifier(importText: subject)
        } catch {
            throw CommandFailure("the subject \(error.rawValue)", remedy: "name it as scheme:value, like email:anna@example.com")
        }
        let (keys, keyring) = try keyring(settings, create: false)
        do {
            return try SQLiteSubjectTracer(
                consents: settings.store, keyring: keyring, keys: try logKeys(keys, keyring, create: false),
                sightings: SQLiteSightings(log, index: transferIndex(settings))
            ).trace(identifier)
        } catch let error as ConsentStoreError {
            throw CommandFailure(error.message.withoutFullStop)
        }
    }
}
