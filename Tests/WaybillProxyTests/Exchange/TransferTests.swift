import Testing
import WaybillCore
import WaybillLedger
import WaybillProxy
import WaybillTesting

@Suite struct TransferTests {
    @Test func aTransferLeavesRecordedAndItsAnswerComesBack() async throws {
        try await Harness.run { harness in
            harness.vendor.respond { _ in [.write(FakeVendor.answer(201, #"{"id":7}"#, fields: ["Content-Type: application/json"]))] }
            let answer = try await harness.send(Wire.post("/to/acme/v1/contacts?dry=1"))
            #expect(answer.status == 201)
            #expect(answer.text == #"{"id":7}"#)
            #expect(answer.value("waybill-decision") == "allow_redacted")
            #expect(answer.value("waybill-records") == "sent=1; held=0; denied=2")
            #expect(answer.value("waybill-vendor-status") == nil)
            let request = try #require(harness.vendor.requests.first)
            #expect(request.requestLine == "POST /v1/contacts?dry=1 HTTP/1.1")
            #expect(request.values("host") == ["api.acme.test"])
            #expect(request.text == #"{"a":1}"#)
            #expect(harness.recorder.intents.map(\.xid.description) == [answer.value("waybill-transfer")])
            try await harness.eventually("an outcome is entered") { harness.recorder.outcomes.count == 1 }
            let outcome = try #require(harness.recorder.outcomes.first)
            #expect(outcome.result == .ok && outcome.status == 201 && outcome.sentBytes == 7)
        }
    }

    @Test func nothingReachesTheVendorBeforeTheCommit() async throws {
        try await Harness.run { harness in
            harness.recorder.set(.holds)
            let client = try await harness.client()
            try await client.send(Wire.post())
            try await harness.eventually("the intent is held") { harness.recorder.held == 1 }
            try await Task.sleep(for: .milliseconds(100))
            #expect(harness.vendor.connections == 1)
            #expect(harness.vendor.bytes.isEmpty)
            harness.recorder.releaseHeld()
            let answer = try await client.answer()
            #expect(answer.status == 200)
        }
    }

    @Test func aCommitThatFailsSendsNothing() async throws {
        let cases: [(RecordError.Code, String)] = [
            (.diskFull, "log_unavailable"), (.closed, "log_unavailable"), (.overloaded, "log_unavailable"), (.clock, "clock_untrusted"),
        ]
        for (code, expected) in cases {
            try await Harness.run { harness in
                harness.recorder.set(.fails(code))
                let client = try await harness.client()
                try await client.send(Wire.post())
                let answer = try await client.answer()
                #expect(answer.status == 503)
                #expect(answer.text.contains(#""code":"\#(expected)""#))
                #expect(harness.vendor.bytes.isEmpty)
                #expect(harness.recorder.outcomes.isEmpty)
                harness.recorder.set(.commitsAtOnce)
                try await client.send(Wire.post())
                let second = try await client.answer()
                #expect(second.status == 200)
            }
        }
    }

    @Test func aCommitThatNeverComesIsGivenUpAndALateOneIsAborted() async throws {
        try await Harness.run {
            $0.limits.commitMillisecondsMax = 50
        } _: { harness in
            harness.recorder.set(.holds)
            let answer = try await harness.send(Wire.post())
            #expect(answer.status == 503)
            harness.recorder.releaseHeld()
            try await harness.eventually("the late commit is aborted") { harness.recorder.outcomes.map(\.result) == [.aborted] }
            #expect(harness.vendor.bytes.isEmpty)
        }
    }

    @Test func aPolicyThatChangesBetweenDecisionAndCommitAbortsAndJudgesAgain() async throws {
        try await Harness.run { harness in
            let next = FakeGate(policy: FakePolicy.set(digest: "d2"), subjects: harness.subjects)
            next.judge { (admission, _) in .send(FakeGate.shipment(admission, body: Array("new".utf8))) }
            let state = harness.state
            harness.recorder.onCommit { draft in
                guard !draft.body.elementsEqual("new".utf8) else { return }
                do throws(ProxyError) { try state.replace(gate: next) } catch { Issue.record(error) }
            }
            let answer = try await harness.send(Wire.post())
            #expect(answer.status == 200)
            #expect(harness.vendor.requests.map(\.text) == ["new"])
            #expect(harness.vendor.connections == 1)
            #expect(harness.recorder.intents.count == 2)
            #expect(Set(harness.recorder.intents.map(\.xid)).count == 2)
            try await harness.eventually("both intents have outcomes") { harness.recorder.outcomes.map(\.result) == [.aborted, .ok] }
            #expect(harness.recorder.outcomes.map(\.reason) == ["superseded_decision", nil])
            #expect(answer.value("waybill-transfer") == harness.recorder.intents.last?.xid.description)
        }
    }

    @Test func aWithdrawalWhileTheIntentCommitsSendsNothing() async throws {
        try await Harness.run { harness in
            let anna = Identifier(bytes: Array("email:anna@example.com".utf8))
            let subjects = harness.subjects
            subjects.set(anna, .known(FakeSubjects.entry(number: 5, profile: 1)))
            harness.gate.judge { (admission, body) throws(Refusal) in
                guard case .known(let entry) = subjects.find(anna, now: Timestamp(seconds: 0)), entry.profileNumber == 1 else {
                    throw Refusal(
                        status: 403, code: "consent_withdrawn", title: "Consent was withdrawn", detail: "",
                        logging: .entry(FakeGate.draft(admission)))
                }
                return .send(FakeGate.shipment(admission, body: body, basedOn: [(anna, entry.number, entry.profileNumber, entry.born)]))
            }
            harness.recorder.onCommit { _ in subjects.set(anna, .known(FakeSubjects.entry(number: 5, profile: 2))) }
            let answer = try await harness.send(Wire.post())
            #expect(answer.status == 403)
            #expect(harness.vendor.bytes.isEmpty)
            #expect(harness.recorder.outcomes.map(\.result) == [.aborted])
            #expect(harness.recorder.denials.count == 1)
        }
    }

    @Test func aBirthDateThatComesWhileTheIntentCommitsSendsNothing() async throws {
        try await Harness.run { harness in
            let anna = Identifier(bytes: Array("email:anna@example.com".utf8))
            let subjects = harness.subjects
            subjects.set(anna, .known(FakeSubjects.entry(number: 5)))
            harness.gate.judge { (admission, body) in
                .send(FakeGate.shipment(admission, body: body, basedOn: [(anna, 5, 1, nil)]))
            }
            harness.recorder.onCommit { _ in subjects.set(anna, .known(FakeSubjects.entry(number: 5, born: Day(number: 16_000)))) }
            let answer = try await harness.send(Wire.post())
            #expect(answer.status == 503)
            #expect(harness.vendor.bytes.isEmpty)
            #expect(harness.recorder.outcomes.map(\.result) == [.aborted, .aborted, .aborted])
        }
    }

    @Test func aSuspensionWhileTheIntentCommitsAbortsIt() async throws {
        try await Harness.run { harness in
            let state = harness.state
            harness.recorder.onCommit { _ in state.updateStanding { $0.vendorsSuspended.insert("acme\($0.vendorsSuspended.count)") } }
            let answer = try await harness.send(Wire.post())
            #expect(answer.status == 503)
            #expect(answer.text.contains("policy_unavailable"))
            #expect(harness.vendor.bytes.isEmpty)
            #expect(harness.recorder.outcomes.map(\.result) == [.aborted, .aborted, .aborted])
        }
    }

    @Test func aSubjectTheLogNumbersInTheCommitItselfCountsAsUnchanged() async throws {
        try await Harness.run { harness in
            let anna = Identifier(bytes: Array("email:anna@example.com".utf8))
            let subjects = harness.subjects
            harness.gate.judge { (admission, body) in .send(FakeGate.shipment(admission, body: body, basedOn: [(anna, nil, nil, nil)])) }
            harness.recorder.onCommit { _ in subjects.set(anna, .known(FakeSubjects.entry(number: 1 << 31))) }
            let answer = try await harness.send(Wire.post())
            #expect(answer.status == 200)
            #expect(harness.recorder.intents.count == 1)
        }
    }

    @Test(arguments: [(true, 1, 200), (true, 9, 503), (false, 1, 503)])
    func staleSubjectsAreFetchedAndJudgedAgain(_ answers: Bool, _ staleTimes: Int, _ status: Int) async throws {
        try await Harness.run {
            $0.refresherAnswer = answers
        } _: { harness in
            let anna = Identifier(bytes: Array("email:anna@example.com".utf8))
            let gate = harness.gate
            gate.judge { (admission, body) in
                gate.judgedBodies.count <= staleTimes ? .refresh([anna]) : .send(FakeGate.shipment(admission, body: body))
            }
            let answer = try await harness.send(Wire.post())
            #expect(answer.status == status)
            #expect(harness.vendor.requests.count == (status == 200 ? 1 : 0))
            if status != 200 { #expect(answer.text.contains("consent_store_unavailable")) }
        }
    }

    @Test func aRefreshThatNeverEndsIsRefused() async throws {
        try await Harness.run {
            $0.refresherAnswer = nil
            $0.limits.refreshMillisecondsMax = 50
        } _: { harness in
            harness.gate.judge { (_, _) in .refresh([Identifier(bytes: [1])]) }
            let answer = try await harness.send(Wire.post())
            #expect(answer.status == 503)
            #expect(harness.vendor.bytes.isEmpty)
        }
    }

    @Test func theVendorClosingWhileTheIntentCommitsAbortsAndTakesAnotherConnection() async throws {
        try await Harness.run { harness in
            harness.recorder.set(.holds)
            let client = try await harness.client()
            try await client.send(Wire.post())
            try await harness.eventually("the intent is held") { harness.recorder.held == 1 }
            harness.vendor.closeConnections()
            try await Task.sleep(for: .milliseconds(50))
            harness.recorder.set(.commitsAtOnce)
            harness.recorder.releaseHeld()
            let answer = try await client.answer()
            #expect(answer.status == 200)
            #expect(harness.vendor.requests.count == 1)
            #expect(harness.vendor.connections == 2)
            try await harness.eventually("outcomes") { harness.recorder.outcomes.map(\.result) == [.aborted, .ok] }
            #expect(harness.recorder.outcomes.first?.reason == "connection_lost")
        }
    }
}
