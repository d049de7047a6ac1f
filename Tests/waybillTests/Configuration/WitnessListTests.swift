import Crypto
import Testing
import WaybillLedger
import WaybillTesting

@testable import waybill

@Suite("Witnesses in the configuration")
struct WitnessListTests {
    private static func vkey(_ name: String, _ algorithm: NoteVerifier.Algorithm = .cosignature, seed: UInt8 = 5) throws -> String {
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: seed, count: 32))
        return NoteVerifier(name: name, algorithm: algorithm, key: key.publicKey).vkey
    }

    private func read(_ text: String) async throws -> Settings {
        let scratch = try Scratch()
        return try await SettingsReader.read(file: try scratch.write("waybill.yaml", text), flags: [:], environment: [:])
    }

    @Test("Each is a key and a URL; the pace has defaults")
    func good() async throws {
        let (one, two) = (try Self.vkey("w1.example/a"), try Self.vkey("w2.example", seed: 6))
        let settings = try await read(
            "log: {witnesses: [\"\(one) https://w1.example/prefix/\", \"\(two) http://127.0.0.1:9\"], witness_stale: 1m}")
        #expect(settings.log.witnesses.map(\.url) == ["https://w1.example/prefix", "http://127.0.0.1:9"])
        #expect(settings.log.witnesses.map(\.verifier.vkey) == [one, two])
        #expect(settings.log.witnessPacing.askEveryMilliseconds == 10_000 && settings.log.witnessPacing.staleMilliseconds == 60_000)
    }

    @Test("Anything else is refused with a remedy")
    func bad() async throws {
        let one = try Self.vkey("w1.example")
        let table = [
            ("[\"w.example\"]", "is written"), ("[\"\(one)\"]", "is written"), ("[\"\(one)x https://w.example\"]", "is written"),
            ("[\"\(try Self.vkey("w1.example", .ed25519)) https://w.example\"]", "is a log's, not a witness's"),
            ("[\"\(one) http://w.example\"]", "must be https"), ("[\"\(one) ftp://w.example\"]", "must be https"),
            ("[\"\(one) https://u@w.example\"]", "must be https"), ("[\"\(one) https://w.example/?a=b\"]", "must be https"),
            ("[\"\(one) https://\"]", "must be https"), ("[\"\(one) https://a\", \"\(one) https://b\"]", "named twice"),
            ("[], witness_every: 4m", "at least twice"),
        ]
        for (text, says) in table {
            let failure = await #expect(throws: CommandFailure.self) { try await read("log: {witnesses: \(text)}") }
            #expect(failure?.sentence.contains(says) == true, "\(text): \(failure?.sentence ?? "accepted")")
        }
    }
}
