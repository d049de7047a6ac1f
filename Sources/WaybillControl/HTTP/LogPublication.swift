package import WaybillLedger

/// The live log as it is published. Safe from any task; reads of the store must not be made on an event loop.
package protocol LogPublication: Sendable {
    /// The signed note to show; nil: there is none that may be shown now.
    func checkpoint() async throws -> String?
    /// A tile or bundle; nil: beyond the last signed checkpoint.
    func bytes(of request: TileRequest) async throws -> [UInt8]?
}
