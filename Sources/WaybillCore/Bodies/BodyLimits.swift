/// Limits on bodies, with gateway.md's defaults.
package struct BodyLimits: Sendable {
    package var decodedBytesMax = 32 * 1_024 * 1_024
    package var compressionRatioMax = 100
    /// Smaller decoded bodies may have any ratio: a few hundred equal bytes compress better than 100:1.
    package var compressionRatioFreeBytes = 64 * 1_024
    /// Objects and arrays inside one another.
    package var depthMax = 64
    /// Of one object.
    package var membersMax = 10_000
    package var numberCharactersMax = 64
    /// Members and array elements of one body that the endpoint's description reaches: bounds the memory a scan takes.
    package var placesMax = 1_000_000
    package init() {}
}
