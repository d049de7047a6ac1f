import Testing

@testable import WaybillCore

/// The strings and values are those of the shared reference (`privacy-strings.yaml`).
@Suite("GPP strings")
struct GPPStringTests {
    @Test(
        "California's section, with and without its GPC segment",
        arguments: [
            ("BAAAAABA.QA", GPPSection(sale: .notApplicable, sharing: .notApplicable, sensitive: zeros(9), child: [0, 0], gpc: false)),
            ("BAAAAABA", GPPSection(sale: .notApplicable, sharing: .notApplicable, sensitive: zeros(9), child: [0, 0], gpc: nil)),
            (
                "BVWSSSVY.YA",
                GPPSection(sale: .optedOut, sharing: .optedOut, sensitive: [2, 1, 0, 2, 1, 0, 2, 1, 0], child: [2, 1], gpc: true)
            ),
        ])
    func california(_ text: String, _ expected: GPPSection) throws {
        #expect(try GPPString.parse("DBABBg~\(text)").sections == [8: .us(expected)])
    }

    @Test("a header alone has no sections")
    func headerAlone() throws { #expect(try GPPString.parse("DBAA").sections.isEmpty) }

    @Test("a US-privacy string inside")
    func usPrivacy() throws { #expect(try GPPString.parse("DBABTA~1YNN").sections == [6: .usPrivacy(.optedOut(false))]) }

    @Test("TCF is recognised and taken for nothing")
    func tcf() throws {
        let text = "DBABMA~CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"
        #expect(try GPPString.parse(text).sections == [2: .tcf])
        #expect(GPPChoices(try GPPString.parse(text)) == GPPChoices())
    }

    @Test(
        "what cannot be read wholly is unreadable",
        arguments: [
            "", "z", "invalid gpp string", "DBAA~1YNN", "DBABTA", "DBABTA~", "DBABTA~2YNN", "DBABBg~", "DBABBg~BVWSSSV", "DBABBg~CVWSSSVY",
            "DBABBg~BVWSSSVY.QB", "DBABBg~BVWSSSVY.YA.YA", "DBABBg~BVWSSSVYAAAA", "DBABBg~BVWSSSV*", "DBABBg~B////////", "CBAA", "DCAA",
            "DBABBg~BVWSSSVY.gA", "DBAD~", "DBABTA~1YNN~1YNN",
        ])
    func unreadable(_ text: String) {
        #expect(throws: GPPString.Unreadable.self) { try GPPString.parse(text) }
        #expect(SubjectFacts.Signal.Content.gpp(text: text) == .unreadable)
    }

    @Test("every state's section that is all zero can be read", arguments: Array(7...23))
    func states(_ id: Int) throws {
        let layout = try #require(GPPLayout.of(section: id))
        for (version, parts) in layout.versions {
            let fields = parts.reduce(0) { sum, part in
                switch part {
                case .other(let count), .sensitive(let count), .child(let count): sum + count
                case .sale, .sharing, .targeted: sum + 1
                }
            }
            let characters = (6 + 2 * fields + 5) / 6
            let text = String(UnicodeScalar(UInt8(65 + version))) + String(repeating: "A", count: characters - 1)
            #expect(try GPPSection.parse(text, layout).sale == .notApplicable)
            #expect(throws: GPPString.Unreadable.self) { try GPPSection.parse(String(text.dropLast()), layout) }
        }
    }

    @Test(
        "what a string stops",
        arguments: [
            (GPPSection(sale: .optedOut, sensitive: [], child: []), [SubjectProfile.ObjectionScope.sale], false),
            (
                GPPSection(sale: .didNotOptOut, targetedAdvertising: .optedOut, sensitive: [], child: []), [.share, .targetedAdvertising],
                false
            ),
            (GPPSection(sale: .didNotOptOut, sharing: .optedOut, sensitive: [], child: []), [.share, .targetedAdvertising], false),
            (GPPSection(sale: .notApplicable, sensitive: [0, 2, 1], child: []), [.sensitiveUse], false),
            (GPPSection(sale: .didNotOptOut, sensitive: [], child: [0, 1]), [.sale, .share, .targetedAdvertising], false),
            (GPPSection(sale: .didNotOptOut, sensitive: [2], child: [2], gpc: true), [], true),
        ])
    func effect(_ section: GPPSection, _ scopes: [SubjectProfile.ObjectionScope], _ gpc: Bool) {
        #expect(GPPChoices(GPPString(sections: [7: .us(section)])) == GPPChoices(scopes: Set(scopes), gpc: gpc))
    }

    @Test("choices survive their name", arguments: [GPPChoices(), GPPChoices(scopes: [.sale, .share], gpc: true), GPPChoices(gpc: true)])
    func name(_ choices: GPPChoices) {
        #expect(GPPChoices(name: choices.name) == choices)
        #expect(GPPChoices(name: "gpp(everything)") == nil)
    }

    @Test("a signal that says nothing undoes no opt-out; taking it back does, and a later one stands again")
    func sticky() {
        var facts = SubjectFacts()
        facts.signals = [
            .init(content: .gpp(GPPChoices(scopes: [.sale], gpc: true)), at: Timestamp(seconds: 10)),
            .init(content: .gpp(GPPChoices()), at: Timestamp(seconds: 20)), .init(content: .gpc(false), at: Timestamp(seconds: 30)),
        ]
        #expect(facts.standingScopes == [.sale])
        #expect(facts.gpcSeen)
        facts.lifts = [.init(scope: .sale, at: Timestamp(seconds: 40)), .init(scope: nil, at: Timestamp(seconds: 40))]
        #expect(facts.standingScopes.isEmpty)
        #expect(!facts.gpcSeen)
        facts.signals.append(.init(content: .gpc(true), at: Timestamp(seconds: 50)))
        facts.objections = [.init(scope: .sale, at: Timestamp(seconds: 50))]
        #expect(facts.standingScopes == [.sale])
        #expect(facts.gpcSeen)
    }
}

private func zeros(_ count: Int) -> [Int] { Array(repeating: 0, count: count) }
