/// Finds the endpoint of a request among one vendor's, segment by segment: a literal beats a variable beats a final rest.
/// Built when the set loads; no string is built per request.
package struct EndpointMatcher: Sendable {
    /// The endpoints (several where only `only` tells them apart, those with `only` first) and what the variables matched.
    package struct Match: Sendable {
        package var endpoints: [EndpointID]
        /// In the template's order; raw bytes of the target, still percent-encoded.
        package var variables: [(name: String, value: Range<Int>)]
    }
    package enum Failure: Error, Sendable {
        /// Encoded slash, backslash, NUL, `%25`, `//`, dot segments, bad escapes: 400.
        case malformedPath
        /// 404-like: `endpoint_unknown`.
        case noEndpoint
        /// Another method would match: 405.
        case methodNotAllowed
        /// Query parameter outside the allow-list: refused, 403 `endpoint_unknown`.
        case queryNotAllowed
    }
    package init(endpoints: [Endpoint]) {}
    /// `target`: path and query as received, without scheme and authority.
    package func match(method: String, target: [UInt8]) throws(Failure) -> Match { throw .noEndpoint }
}
