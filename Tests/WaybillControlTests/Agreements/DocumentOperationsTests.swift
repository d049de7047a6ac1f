import Synchronization
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage

@testable import WaybillControl

@Suite("Operations on agreements")
struct DocumentOperationsTests {
    private static let anna = Principal.of("account:anna", [.vendorManager, .approver])
    private static let ben = Principal.of("account:ben", [.approver])

    private func call(
        _ desk: AgreementDesk, _ id: String, _ principal: Principal, _ values: [String: String] = [:], body: [String: JSONValue] = [:],
        match: String? = nil
    ) async throws -> APIAnswer {
        let operation = try #require(DocumentOperations.all(desk).first { $0.id == id }, "\(id)")
        var call = APICall(principal: principal, now: Timestamp(seconds: 0))
        call.values = values
        call.body = .object(body)
        call.match = match
        return try await operation.run(call)
    }

    private func problem(_ code: APIProblem.Code, _ work: () async throws -> APIAnswer) async -> APIProblem? {
        do {
            _ = try await work()
            Issue.record("it was done, and \(code.name) was expected")
        } catch let problem as APIProblem {
            #expect(problem.code == code, "\(problem.detail)")
            return problem
        } catch {
            Issue.record("\(error)")
        }
        return nil
    }

    private func tag(_ answer: APIAnswer) -> String? { if case .json(_, _, let etag, _) = answer { etag } else { nil } }
    private func json(_ answer: APIAnswer) -> JSONValue { if case .json(let value, _, _, _) = answer { value } else { .null } }

    @Test("A draft by the API, changed by its ETag, approved by another, and stopped")
    func life() async throws {
        let fixture = try DeskFixture()
        let desk = fixture.desk()
        let id = ["agreement": DeskFixture.id]
        func text(_ bytes: [UInt8]) -> [String: JSONValue] { ["text": .string(String(decoding: bytes, as: UTF8.self))] }
        let made = try await call(desk, "draftAgreement", Self.anna, body: text(fixture.next()))
        let etag = try #require(tag(made))
        let changed = try await call(
            desk, "changeAgreementDraft", Self.anna, id, body: text(fixture.next("50000", "70000")), match: etag)
        _ = await problem(.changedMeanwhile) {
            try await call(desk, "changeAgreementDraft", Self.anna, id, body: text(fixture.next("50000", "80000")), match: etag)
        }
        #expect(try await desk.versions(of: PolicyDocumentName(.agreement, DeskFixture.id)).first?.tag == tag(changed))
        let digest = try #require(json(try await call(desk, "submitAgreement", Self.anna, id))["digest"].text)
        _ = await problem(.notPermitted) { try await call(desk, "approveAgreement", Self.anna, id, body: ["digest": .string(digest)]) }
        let approved = json(try await call(desk, "approveAgreement", Self.ben, id, body: ["digest": .string(digest)]))
        #expect(approved["state"].text == "active" && approved["approved_by"].text == "account:ben")
        _ = try await call(desk, "suspendAgreement", Self.ben, id, body: ["why": .string("a test")])
        #expect(json(try await call(desk, "getAgreement", Self.ben, id))["versions"].items.first?["state"].text == "suspended")
        _ = await problem(.notPermitted) { try await call(desk, "resumeAgreement", Self.anna, id, body: ["why": .string("a test")]) }
        _ = try await call(desk, "resumeAgreement", Self.ben, id, body: ["why": .string("a test")])
        _ = try await call(desk, "stop", Self.ben, body: ["kind": .string("field"), "id": .string("phone"), "why": .string("a test")])
        #expect(fixture.stops.withLock { $0.fields } == ["phone"])
        let ended = json(try await call(desk, "terminateAgreement", Self.ben, id, body: ["why": .string("a test")]))
        #expect(ended["versions"].items.map { $0["state"].text } == ["terminated", "terminated"])
    }

    @Test("What lint says points at the text, with line and column")
    func lint() async throws {
        let desk = try DeskFixture().desk()
        let problem = await problem(.unprocessable) {
            try await call(desk, "draftAgreement", Self.anna, body: ["text": .string("agreement: x\nversion: [")])
        }
        #expect(problem?.pointer == "/text" && problem?.detail.first?.isNumber == true, "\(problem?.detail ?? "")")
    }

    @Test("A vendor's auditor sees that vendor's versions, and no draft")
    func scope() async throws {
        let fixture = try DeskFixture()
        let desk = fixture.desk()
        _ = try await desk.draft(PolicyDocumentName(.agreement, DeskFixture.id), text: fixture.next(), tag: nil, by: "anna")
        var auditor = Principal.of("account:carl", [.vendorAuditor])
        auditor.vendor = "hubspot"
        guard case .page(let items, _) = try await call(desk, "listAgreements", auditor) else { return }
        #expect(Set(items.compactMap { $0["vendor"].text }) == ["hubspot"] && !items.contains { $0["state"].text == "draft" })
        _ = await problem(.notFound) { try await call(desk, "getAgreement", auditor, ["agreement": "stripe-payments"]) }
        _ = await problem(.notFound) { try await call(desk, "getAgreementDifference", auditor, ["agreement": DeskFixture.id]) }
    }

    @Test("Every operation has a permission that fits what it does")
    func permissions() throws {
        let desk = try DeskFixture().desk()
        for operation in DocumentOperations.all(desk) {
            let last = operation.path.split(separator: "/").last.map(String.init) ?? ""
            let expected: Permission =
                switch (operation.method, last) {
                case (_, "approve"), (_, "reject"), (_, "resume"), (_, "lift"), (_, "terminate"): .approveAgreements
                case (.post, "stops"), (_, "suspend"): .stopTransfers
                case (.get, _): .readPolicies
                default: .draftPolicies
                }
            #expect(operation.permission == expected, "\(operation.id)")
        }
    }
}
