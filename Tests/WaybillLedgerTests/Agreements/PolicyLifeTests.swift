import Foundation
import Testing
import WaybillCore

@testable import WaybillLedger

@Suite("The life of a document")
struct PolicyLifeTests {
    /// `act who`, one a word pair; digests are `a`, `b`.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var acts: [(PolicyLifeEvent.Act, String)]
        /// Of the last act; nil: it fits.
        var refused: String?
        var draft: LifeState?
        var approved: [Int] = []
        var testDescription: String { name }
    }

    static let drafted: (PolicyLifeEvent.Act, String) = (.draft(version: 1, digest: "a"), "anna")
    static let submitted: (PolicyLifeEvent.Act, String) = (.submit(digest: "a"), "anna")
    static let approved: (PolicyLifeEvent.Act, String) = (.approve(digest: "a"), "ben")

    static let cases: [Case] = [
        Case(name: "a draft", acts: [drafted], draft: .draft),
        Case(name: "a submitted draft is in review", acts: [drafted, submitted], draft: .inReview),
        Case(name: "another approves", acts: [drafted, submitted, approved], approved: [1]),
        Case(
            name: "who drafted does not approve", acts: [drafted, submitted, (.approve(digest: "a"), "anna")], refused: "four_eyes",
            draft: .inReview),
        Case(
            name: "who changed it does not approve",
            acts: [drafted, (.draft(version: 1, digest: "b"), "ben"), (.submit(digest: "b"), "anna"), (.approve(digest: "b"), "ben")],
            refused: "four_eyes", draft: .inReview),
        Case(
            name: "who changed it back does not approve either",
            acts: [
                drafted, (.draft(version: 1, digest: "b"), "ben"), (.draft(version: 1, digest: "a"), "anna"), submitted,
                (.approve(digest: "a"), "ben"),
            ], refused: "four_eyes", draft: .inReview),
        Case(name: "a draft is not approved before it is submitted", acts: [drafted, approved], refused: "not_in_review", draft: .draft),
        Case(
            name: "a changed draft leaves review", acts: [drafted, submitted, (.draft(version: 1, digest: "b"), "anna"), approved],
            refused: "not_in_review", draft: .draft),
        Case(
            name: "another text than the one submitted is not approved", acts: [drafted, submitted, (.approve(digest: "b"), "ben")],
            refused: "digest_other", draft: .inReview),
        Case(
            name: "what is submitted is what the draft says", acts: [drafted, (.submit(digest: "b"), "anna")], refused: "digest_other",
            draft: .draft),
        Case(
            name: "rejected with words it is a draft again", acts: [drafted, submitted, (.reject(digest: "a", why: "no"), "ben")],
            draft: .draft),
        Case(name: "a discarded draft is gone", acts: [drafted, (.discard, "anna")]),
        Case(name: "nothing is submitted without a draft", acts: [(.submit(digest: "a"), "anna")], refused: "no_draft"),
        Case(
            name: "an approved version is never drafted again", acts: [drafted, submitted, approved, drafted], refused: "version_taken",
            approved: [1]),
        Case(
            name: "the next version is", acts: [drafted, submitted, approved, (.draft(version: 2, digest: "b"), "anna")], draft: .draft,
            approved: [1]),
        Case(
            name: "terminated is final",
            acts: [
                drafted, submitted, approved, (.terminate(versions: [1], why: "x"), "ben"), (.terminate(versions: [1], why: "y"), "ben"),
            ],
            refused: "terminated", approved: [1]),
        Case(
            name: "an end takes the next version out of review",
            acts: [
                drafted, submitted, approved, (.draft(version: 2, digest: "b"), "anna"), (.submit(digest: "b"), "anna"),
                (.terminate(versions: [1], why: "x"), "ben"), (.approve(digest: "b"), "ben"),
            ],
            refused: "not_in_review", draft: .draft, approved: [1]),
        Case(name: "a version of the files is approved by its digest", acts: [(.confirm(version: 3, digest: "f"), "ben")], approved: [3]),
        Case(
            name: "and again when the file was changed",
            acts: [(.confirm(version: 3, digest: "f"), "ben"), (.confirm(version: 3, digest: "g"), "ben")],
            approved: [3]),
        Case(
            name: "not when it was terminated",
            acts: [(.terminate(versions: [3], why: "x"), "ben"), (.confirm(version: 3, digest: "f"), "ben")], refused: "terminated",
            approved: [3]),
    ]

    @Test("Each act fits or is refused, and the state is what the acts make of it", arguments: cases)
    func fold(_ given: Case) throws {
        var life = PolicyLife(PolicyDocumentName(.agreement, "news"))
        for (position, (act, who)) in given.acts.enumerated() {
            let event = PolicyLifeEvent(act, at: Timestamp(seconds: Int64(position)), by: who)
            if position == given.acts.count - 1, let code = given.refused {
                let problem = #expect(throws: PolicyLifeProblem.self) { try life.apply(event) }
                #expect(problem?.code == code)
            } else {
                try life.apply(event)
            }
        }
        #expect(life.draft?.state == given.draft)
        #expect(life.versions.map(\.number) == given.approved)
    }

    @Test(
        "Of an agreement the newest version that has begun is in the set, and those that wait",
        arguments: [
            ([10, 20, 30], Int64(5), [1, 2, 3]), ([10, 20, 30], 10, [1, 2, 3]), ([10, 20, 30], 19, [1, 2, 3]), ([10, 20, 30], 20, [2, 3]),
            ([10, 20, 30], 30, [3]), ([10, nil, 30], 25, [1, 2, 3]), ([nil, nil], 25, [1, 2]),
        ] as [([Int64?], Int64, [Int])])
    func inSet(_ beginnings: [Int64?], _ now: Int64, _ expected: [Int]) throws {
        var life = PolicyLife(PolicyDocumentName(.agreement, "news"))
        for (position, begins) in beginnings.enumerated() {
            let digest = String(position)
            let acts: [(PolicyLifeEvent.Act, String)] = [
                (.draft(version: position + 1, digest: digest), "anna"), (.submit(digest: digest), "anna"),
                (.approve(digest: digest, begins: begins.map { Timestamp(seconds: $0) }), "ben"),
            ]
            for (act, who) in acts { try life.apply(PolicyLifeEvent(act, at: Timestamp(seconds: 0), by: who)) }
        }
        #expect(life.inSet(at: Timestamp(seconds: now)).map(\.number) == expected)
    }

    @Test("An approval that an older gate wrote is read without its beginning")
    func olderEvent() throws {
        let text = #"{"act":{"approve":{"digest":"a"}},"stamp":{"at":"2026-05-01T00:00:00Z","by":"ben"}}"#
        #expect(try JSONDecoder().decode(PolicyLifeEvent.self, from: Data(text.utf8)).act == .approve(digest: "a"))
    }

    @Test(
        "The state of an approved version is worked out from the clock",
        arguments: [
            (9, false, false, Int64?.none, LifeState.approved), (10, false, false, nil, .active), (19, false, false, nil, .active),
            (20, false, false, nil, .expired), (15, true, false, nil, .suspended), (15, true, true, nil, .terminated),
            (25, false, true, nil, .terminated), (15, false, false, 16, .active), (16, false, false, 16, .superseded),
            (25, true, false, 16, .superseded),
        ] as [(Int64, Bool, Bool, Int64?, LifeState)])
    func clock(_ now: Int64, _ isSuspended: Bool, _ isTerminated: Bool, _ newer: Int64?, _ expected: LifeState) {
        let state = LifeState.of(
            isApproved: true, isTerminated: isTerminated, from: Timestamp(seconds: 10), until: Timestamp(seconds: 20),
            newerFrom: newer.map { Timestamp(seconds: $0) }, isSuspended: isSuspended, now: Timestamp(seconds: now))
        #expect(state == expected)
    }
}
