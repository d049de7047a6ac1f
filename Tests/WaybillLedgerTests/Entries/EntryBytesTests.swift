import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

/// Every kind of entry, byte for byte. `BODY` and `LEAF` stand for hashes that a random key or another entry decides.
@Suite struct EntryBytesTests {
    private func written(_ record: (TransferLog, LogFixture) async throws -> Void) async throws -> [String] {
        let fixture = LogFixture()
        let log = try fixture.open()
        try await record(log, fixture)
        log.close()
        return try fixture.entries
    }

    private func intent(_ log: TransferLog, _ fixture: LogFixture, _ draft: TransferDraft) {
        log.record(draft, ticket: 1, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
    }

    @Test func anIntentHasExactlyThisForm() async throws {
        let entries = try await written { log, fixture in
            var draft = TransferDraft.testing(1, caller: "crm \"north\"\n")
            draft.agreements.append(("hubspot-ads", 1, "ff00"))
            draft.codes[.consentMissing] = 3
            intent(log, fixture, draft)
        }
        let expected =
            #"{"basis":["consent"],"body":"BODY","bytes":28,"caller":"crm \"north\"\n","#
            + #""codes":{"consent_missing":3,"field_not_agreed":2},"#
            + #""cseq":41,"dec":{"n":1,"root":"LINES"},"dropped":{"fields":["birth_date"],"n":2},"dst":"api.hubapi.com","#
            + #""endp":"contacts_create","ep":1,"fields":["email"],"kind":"intent","log":"acme.example/waybill","#
            + #""mech":["adequacy:EU-US-DPF"],"n":1,"nd":0,"node":"n1","nseq":2,"op":"POST","#
            + #""pol":[{"h":"0a1b","id":"hubspot-newsletter","ver":3},"#
            + #"{"h":"ff00","id":"hubspot-ads","ver":1}],"pset":"c0ffee","purposes":["newsletter"],"regimes":["gdpr"],"region":"US","#
            + #""route":"/crm/v3/objects/contacts","subj":{"n":1,"root":"SUBJECTS"},"t":"2026-05-28T20:26:40.000Z","#
            + #""v":1,"vendor":"hubspot","vseq":1,"xid":"019e7044-8800-7000-8001-000000000000"}"#
        let actual = entries[1].replacing(/"body":"[0-9a-f]{64}"/, with: "\"body\":\"BODY\"")
            .replacing(/"dec":\{"n":1,"root":"[0-9a-f]{64}"/, with: "\"dec\":{\"n\":1,\"root\":\"LINES\"")
            .replacing(/"subj":\{"n":1,"root":"[0-9a-f]{64}"/, with: "\"subj\":{\"n\":1,\"root\":\"SUBJECTS\"")
        #expect(actual == expected)
    }

    @Test func outcomesHaveExactlyTheseForms() async throws {
        for result in TransferOutcome.Result.allCases {
            for reason in [nil, "upstream_timeout"] {
                let entries = try await written { log, fixture in
                    intent(log, fixture, .testing(1))
                    log.record(
                        TransferOutcome(xid: .testing(1), result: result, status: 201, sentBytes: 28, milliseconds: 12, reason: reason))
                }
                let leaf = MerkleHashing.leaf(Array(entries[1].utf8)).description
                let reasonText = reason.map { "\"reason\":\"\($0)\"," } ?? ""
                let expected =
                    #"{"ep":1,"http":201,"il":""# + leaf + #"","kind":"outcome","log":"acme.example/waybill","ms":12,"node":"n1","nseq":3,"#
                    + reasonText + #""res":""# + result.rawValue
                    + #"","sent":28,"t":"2026-05-28T20:26:40.000Z","v":1,"xid":"019e7044-8800-7000-8001-000000000000"}"#
                #expect(entries[2] == expected)
            }
        }
    }

    @Test func aDenialSaysWhatWasRefusedAndNothingAboutPersons() async throws {
        let entries = try await written { log, _ in
            var draft = TransferDraft.testing(1)
            draft.agreements = []
            draft.lines = []
            log.recordDenial(draft)
        }
        let empty = MerkleHashing.emptyRoot.description
        let expected =
            #"{"basis":["consent"],"caller":"crm","codes":{"field_not_agreed":2},"cseq":41,"dec":{"n":0,"root":""# + empty
            + #""},"dropped":{"fields":["birth_date"],"n":2},"dst":"api.hubapi.com","endp":"contacts_create","ep":1,"fields":["email"],"#
            + #""kind":"denied","log":"acme.example/waybill","mech":["adequacy:EU-US-DPF"],"n":1,"nd":0,"node":"n1","nseq":2,"op":"POST","#
            + #""pol":[],"pset":"c0ffee","purposes":["newsletter"],"regimes":["gdpr"],"region":"US","route":"/crm/v3/objects/contacts","#
            + #""t":"2026-05-28T20:26:40.000Z","v":1,"vendor":"hubspot","xid":"019e7044-8800-7000-8001-000000000000"}"#
        #expect(entries[1] == expected)
    }

    @Test func sealsAndNoticesHaveExactlyTheseForms() async throws {
        let entries = try await written { log, fixture in
            intent(log, fixture, .testing(1, vendor: "mailchimp"))
            intent(log, fixture, .testing(2, vendor: "hubspot"))
            intent(log, fixture, .testing(3, vendor: "hubspot"))
            log.record(.config(act: "policies", detail: ["set": "c0ffee", "by": "file"]))
            log.record(.keyChange(old: "a+1+b", new: "a+2+c"))
            log.record(.erasure(tombstone: MerkleHashing.emptyRoot, transfers: 4))
            log.count(refused: "caller_unauthenticated")
        }
        let leaves = entries.map { MerkleHashing.leaf(Array($0.utf8)).description }
        let key = try LogKeys.testing().signers(origin: "acme.example/waybill")[0].verifier.vkey
        let end = #""t":"2026-05-28T20:26:40.000Z","v":1}"#
        let start =
            #"{"act":"start","d":{"key":""# + key + #""},"ep":1,"kind":"config","log":"acme.example/waybill","node":"n1","nseq":1,"# + end
        #expect(entries[0] == start)
        let common = #""log":"acme.example/waybill","node":"n1","nseq":"#
        let config = #"{"act":"policies","d":{"by":"file","set":"c0ffee"},"ep":1,"kind":"config","# + common + "5," + end
        #expect(entries[4] == config)
        let keychange =
            #"{"ep":1,"kind":"keychange","log":"acme.example/waybill","new":"a+2+c","node":"n1","nseq":6,"old":"a+1+b","# + end
        #expect(entries[5] == keychange)
        let erasure =
            #"{"ep":1,"kind":"erasure","log":"acme.example/waybill","n":4,"node":"n1","nseq":7,"t":"2026-05-28T20:26:40.000Z","tomb":""#
            + MerkleHashing.emptyRoot.description + #"","v":1}"#
        #expect(entries[6] == erasure)
        let seal =
            #"{"ep":1,"heads":[{"h":""# + leaves[3] + #"","vendor":"hubspot","vseq":2},{"h":""# + leaves[1]
            + #"","vendor":"mailchimp","vseq":1}],"kind":"seal","# + common
            + #"8,"of":{"ep":1,"node":"n1","nseq":7},"refused":{"caller_unauthenticated":1},"#
            + #""t":"2026-05-28T20:26:40.000Z","v":1,"why":"stop"}"#
        #expect(entries[7] == seal)
    }

    @Test func noIdentifierBodyOrSaltStandsInAnEntry() async throws {
        let entries = try await written { log, fixture in
            intent(log, fixture, .testing(1))
            log.recordDenial(.testing(2))
        }
        for entry in entries { #expect(!entry.contains("anna") && !entry.contains("example.com\"")) }
    }

    @Test func anEmptyTextAndTheLargestNumbersStayCanonical() async throws {
        let entries = try await written { log, fixture in
            var draft = TransferDraft.testing(1, caller: "")
            draft.consentSequence = .max
            draft.droppedMembers = .max
            draft.route = "/\u{1}\u{1f}/ä/😀/\\"
            intent(log, fixture, draft)
        }
        #expect(CanonicalScanner.isCanonical(Array(entries[1].utf8)))
        #expect(entries[1].contains(#""cseq":9007199254740991"#) && entries[1].contains(#""route":"/\u0001\u001f/ä/😀/\\""#))
    }
}
