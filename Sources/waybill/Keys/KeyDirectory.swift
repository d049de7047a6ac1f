import Crypto
import FoundationEssentials
import WaybillCore

/// The directory of private keys: 0700, its files 0600. Keys are made once, whole or not at all, and never overwritten.
struct KeyDirectory: Sendable {
    let path: String
    static let masterKeyBytes = 32
    static let logKeyFile = "log.key"
    private static let fileBytesMax = 16 * 1_024

    /// Makes the directory if it is missing and `create` allows; refuses one that others can enter.
    init(_ path: String, create: Bool) throws(CommandFailure) {
        self.path = path
        if create { try failing { () throws(SystemError) in try Files.makeDirectory(path, mode: 0o700) } }
        let facts = try failing { () throws(SystemError) in try Files.facts(path) }
        guard let facts, facts.isDirectory else {
            throw CommandFailure("the key directory \(path) is missing", remedy: "start `waybill serve` or `waybill init` to create it")
        }
        guard facts.mode & 0o077 == 0 else {
            throw CommandFailure("the key directory \(path) is open to other users", remedy: "chmod 700 \(path)")
        }
    }

    /// 32 random bytes, base64: every key of the gate is derived from it.
    func masterKey(create: Bool) throws(CommandFailure) -> SymmetricKey {
        let bytes = try secret("master.key", bytes: KeyDirectory.masterKeyBytes, create: create) {
            SymmetricKey(size: .bits256).withUnsafeBytes { Array($0) }
        }
        return SymmetricKey(data: bytes)
    }

    /// The Ed25519 seed that signs checkpoints, base64.
    func logKey(create: Bool) throws(CommandFailure) -> Curve25519.Signing.PrivateKey {
        _ = try secret(KeyDirectory.logKeyFile, bytes: 32, create: create) { Array(Curve25519.Signing.PrivateKey().rawRepresentation) }
        guard let key = try signingKey(KeyDirectory.logKeyFile) else {
            throw CommandFailure("\(file(KeyDirectory.logKeyFile)) is missing", remedy: "restore it from a backup")
        }
        return key
    }

    /// A key file of the log, of any name; nil if it is missing.
    func signingKey(_ name: String) throws(CommandFailure) -> Curve25519.Signing.PrivateKey? {
        guard try privateText(name) != nil else { return nil }
        let seed = try secret(name, bytes: 32, create: false) { [] }
        do {
            return try Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        } catch {
            throw CommandFailure("\(file(name)) holds no Ed25519 seed", remedy: "restore it from a backup")
        }
    }

    /// As key files of the log hold it.
    static func text(_ key: Curve25519.Signing.PrivateKey) -> String { key.rawRepresentation.base64EncodedString() + "\n" }

    func file(_ name: String) -> String { Files.resolve(name, against: path) }

    /// The text of a key file that must be private; nil if it is missing.
    func privateText(_ name: String) throws(CommandFailure) -> String? {
        let path = file(name)
        let found = try failing { () throws(SystemError) in try Files.facts(path) }
        guard let found else { return nil }
        try check(found, path)
        let text = try failing { () throws(SystemError) in try Files.read(path, bytesMax: KeyDirectory.fileBytesMax) }
        return String(decoding: text, as: UTF8.self)
    }

    /// False if the file exists already; it is then left alone.
    func create(_ name: String, text: String) throws(CommandFailure) -> Bool {
        do throws(SystemError) {
            try Files.create(file(name), content: Array(text.utf8), mode: 0o600)
            return true
        } catch {
            if error.alreadyExists { return false }
            throw error.failure
        }
    }

    /// One file takes the place of another, at once or not at all.
    func move(_ name: String, to final: String) throws(CommandFailure) {
        try failing { () throws(SystemError) in try Files.move(file(name), to: file(final)) }
    }

    /// False if there is no such file.
    func remove(_ name: String) throws(CommandFailure) -> Bool {
        try failing { () throws(SystemError) in
            guard try Files.facts(file(name)) != nil else { return false }
            try Files.removeTree(file(name))
            try Files.syncDirectory(path)
            return true
        }
    }

    private func check(_ facts: Files.Facts, _ path: String) throws(CommandFailure) {
        guard !facts.isDirectory else { throw CommandFailure("\(path) is a directory", remedy: "move it away, keys are files") }
        guard facts.mode & 0o077 == 0 else {
            throw CommandFailure(
                "the key file \(path) can be read by other users", remedy: "chmod 600 \(path), and replace the key if they may have")
        }
        guard facts.owner == Files.ownUser || Files.ownUser == 0 else {
            throw CommandFailure("the key file \(path) belongs to another user", remedy: "give it to the user that runs waybill")
        }
    }

    private func secret(_ name: String, bytes: Int, create: Bool, make: () -> [UInt8]) throws(CommandFailure) -> [UInt8] {
        if try privateText(name) == nil {
            guard create else {
                throw CommandFailure(
                    "the key file \(file(name)) is missing", remedy: "restore it from a backup, or start `waybill serve` once")
            }
            // Another process may have been quicker: what stands in the file then counts.
            _ = try self.create(name, text: Data(make()).base64EncodedString() + "\n")
        }
        let text = try privateText(name) ?? ""
        guard let data = Data(base64Encoded: text.filter { !$0.isWhitespace }), data.count == bytes else {
            throw CommandFailure(
                "\(file(name)) is damaged, it must hold \(bytes) bytes in base64", remedy: "restore it from a backup")
        }
        return Array(data)
    }
}
