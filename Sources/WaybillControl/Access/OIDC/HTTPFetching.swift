/// HTTP as access needs it: verified TLS, bounded, no redirects. Throws one sentence where there is no answer.
package protocol HTTPFetching: Sendable {
    func fetch(_ request: FetchRequest) async throws -> FetchAnswer
}

package struct FetchRequest: Sendable, Equatable {
    package var url: String
    package var headers: [String: String]
    /// Nil: GET; else POST.
    package var form: String?
}

package struct FetchAnswer: Sendable {
    package var status: Int
    package var body: [UInt8]
    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}
