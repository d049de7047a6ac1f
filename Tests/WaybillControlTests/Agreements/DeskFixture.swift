import Foundation
import Synchronization
import Testing
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillStorage

/// A desk over the shipped policies and a real control store.
final class DeskFixture: Sendable {
    static let policies = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("policies")
    static let id = "hubspot-newsletter"

    let control: ControlDatabase
    let files: [String: [UInt8]]
    let set: Mutex<PolicySet>
    let entries = Mutex<[String]>([])
    let stops = Mutex<Suspensions>(Suspensions([]))
    let now = Mutex(Timestamp(rfc3339: "2026-06-01T12:00:00Z") ?? Timestamp(seconds: 0))
    private let folder: URL

    init(_ edit: (inout [String: String]) -> Void = { _ in }) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("desk-\(UInt64.random(in: 0...UInt64.max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        control = try ControlDatabase(path: folder.appendingPathComponent("control.db").path)
        var texts: [String: String] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: Self.policies.path) where name.hasSuffix(".yaml") {
            texts[name] = try String(contentsOf: Self.policies.appendingPathComponent(name), encoding: .utf8)
        }
        edit(&texts)
        files = texts.mapValues { Array($0.utf8) }
        set = Mutex(try PolicyLoader.load(files: files).set)
    }

    deinit {
        do { try FileManager.default.removeItem(at: folder) } catch { Issue.record("the store stays: \(error)") }
    }

    /// How often the files were read as a whole.
    let reads = Mutex(0)
    /// What a file of the disk reads instead.
    let changed = Mutex<[String: [UInt8]]>([:])

    func desk(check: @escaping @Sendable (PolicySet) throws -> Void = { _ in }) -> AgreementDesk {
        let enter: @Sendable (LogNotice) async throws(RecordError) -> UInt64 = { [self] (notice) async throws(RecordError) in
            if case .config(let act, let detail) = notice {
                entries.withLock {
                    $0.append(
                        "\(act) \(detail.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.prefix(8))" }.joined(separator: " "))")
                }
            }
            return 0
        }
        let administration = Administration(
            engagements: control, suspensions: control, known: { [self] in Administration.Known(set.withLock { $0 }) }, enter: enter,
            log: { ("", 0) }, putInForce: { [self] new in stops.withLock { $0 = new } }, clock: { [self] in now.withLock { $0 } })
        var parts = AgreementDesk.Parts(
            store: control, administration: administration, set: { [self] in set.withLock { $0 } },
            files: { [self] in
                reads.withLock { $0 += 1 }
                return files
            },
            check: check, suspensions: { [self] in Suspensions(try control.suspensionEvents()) }, enter: enter, putStanding: {},
            reload: { [self] in
                do {
                    let all = files.merging(try control.files(of: try control.lives(), at: now.withLock { $0 })) { $1 }
                    let loaded = try PolicyLoader.load(files: all).set
                    set.withLock { $0 = loaded }
                    return nil
                } catch {
                    return "\(error)"
                }
            }, clock: { [self] in now.withLock { $0 } })
        parts.file = { [self] name in changed.withLock { $0[name] } ?? files[name] }
        return AgreementDesk(parts)
    }

    /// Drafted by one and approved by another.
    func approve(_ name: PolicyDocumentName, _ text: [UInt8], by author: String = "anna", at desk: AgreementDesk) async throws {
        let draft = try await desk.draft(name, text: text, tag: nil, by: author)
        _ = try await desk.submit(name, by: author)
        _ = try await desk.approve(name, digest: draft.digest, by: "ben")
    }

    /// The shipped agreement as its next version, with one edit.
    func next(_ from: String = "records_per_day: 50000", _ to: String = "records_per_day: 60000") throws -> [UInt8] {
        let text = String(decoding: try #require(files["agreements/\(Self.id).yaml"]), as: UTF8.self)
        let edited = text.replacing("version: 3 ", with: "version: 4 ").replacing(from, with: to)
        return Array(edited.utf8)
    }

    func takeEntries() -> [String] { entries.withLock { exchange(&$0, with: []) } }
}

extension Principal {
    static func of(_ id: String, _ roles: Set<Role>) -> Principal { Principal(id: id, name: id, kind: .person, roles: roles) }
}
