/// Makes refusals for one request. Every one carries a code, a title and a detail of ours; never a value from the input.
struct Answers {
    let policy: PolicySet
    let caller: CallerID
    let xid: TransferID
    let head: RequestHead

    /// Before any record was examined.
    func refuse(_ code: ReasonCode, detail: String? = nil) -> Refusal {
        var draft = emptyDraft()
        draft.codes = [code: 1]
        let reason = ReasonCatalog.entry(for: code)
        return Refusal(
            status: reason.status, code: code.rawValue, title: reason.title, detail: detail ?? reason.remedy, logging: .entry(draft))
    }

    func refuse(_ failure: EndpointMatcher.Failure, method: String) -> Refusal {
        switch failure {
        case .malformedPath: malformed("the path or query is not in the strict form the gate accepts")
        case .noEndpoint: refuse(.endpointUnknown)
        case .queryNotAllowed: refuse(.endpointUnknown, detail: "a query parameter is not in the endpoint's `query.allow`")
        case .methodNotAllowed:
            Refusal(
                status: 405, code: "method_not_allowed", title: "Method not allowed",
                detail: "the vendor's file lists this path with another method"
            )
        }
    }

    func refuse(_ error: BodyError, expecting format: BodyFormat? = nil) -> Refusal {
        Refusal(
            status: error.status, code: error.kind.rawValue, title: error.title,
            detail: format.map { "send \($0.mediaType), in UTF-8" } ?? error.detail)
    }

    func malformed(_ detail: String) -> Refusal {
        let reason = ReasonCatalog.entry(for: .requestMalformed)
        return Refusal(status: reason.status, code: ReasonCode.requestMalformed.rawValue, title: reason.title, detail: detail)
    }

    /// What may stand in the log of a request nobody knows: a method is the caller's own text.
    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    private func emptyDraft() -> TransferDraft {
        TransferDraft(
            xid: xid, caller: policy[caller].id, vendor: policy.vendor(named: head.vendor) == nil ? "" : head.vendor, destination: "",
            region: "", method: Self.methods.contains(head.method) ? head.method : "", endpoint: "", route: "", purposes: [], regimes: [],
            bases: [], mechanisms: [], agreements: [],
            policyDigest: policy.digest, consentSequence: 0, fields: [], droppedFields: [], droppedMembers: 0, codes: [:], recordCount: 0,
            deniedCount: 0, body: [], subjects: [], lines: [])
    }
}

extension Answers {
    var signedBody: Refusal {
        Refusal(
            status: 422, code: "body_signed", title: "The caller signed the body",
            detail: "the body must be reduced, which would break its signature (SigV4, Content-MD5 or Digest); send it unsigned")
    }
}

extension BodyError {
    /// For the problem document's `title`.
    package var title: String {
        switch kind {
        case .invalidSyntax: "The body is not valid"
        case .duplicateName: "A name stands twice in one object"
        case .confusableName: "Two names look alike"
        case .loneSurrogate: "A string holds half a surrogate pair"
        case .nulInName: "A name holds NUL"
        case .invalidUTF8: "The body is not valid UTF-8"
        case .tooDeep: "The body is nested too deeply"
        case .tooManyMembers: "The body has too many members"
        case .numberTooLong: "A number is too long"
        case .empty: "The body is empty"
        case .unsupportedEncoding: "The body is not UTF-8"
        case .unsupportedMediaType: "The media type is not the endpoint's"
        case .unsupportedContentCoding: "The content coding is not supported"
        case .tooLarge: "The body is too large"
        case .compressedDamaged: "The compressed body is damaged"
        case .shapeMismatch: "The body has no records where the endpoint expects them"
        case .proofFailed: "The reduced body could not be proved"
        }
    }

    /// For the problem document's `detail`: where, never what.
    package var detail: String {
        let place = offset.map { " at byte \($0) of the decoded body" } ?? ""
        return switch kind {
        case .unsupportedContentCoding: "send identity, gzip or deflate"
        case .unsupportedMediaType: "send the media type of the endpoint's body, in UTF-8"
        case .proofFailed: "this is a defect of the gate; nothing was sent"
        default: "\(kind.rawValue)\(place); nothing was sent"
        }
    }
}
