package import WaybillCore
import WaybillLedger

/// What people and machines reach at the control listener beyond probes, metrics and the public log.
package struct ControlSurface: Sendable {
    package var operations: [APIOperation]
    package var pages: [ConsolePage]
    package var access: any Authenticating
    /// What every page of the console says at its top; nil: nothing.
    package var standing: (any ConsoleStanding)?
    /// Nil: `Idempotency-Key` is not honoured.
    package var repeats: (any RepeatedRequests)?
    /// Signs the API's cursors; nil: a key of this process, with which they end.
    package var cursorKey: [UInt8]?
    package var clock: any WallClock = SystemWallClock()

    package init(
        operations: [APIOperation], pages: [ConsolePage], access: any Authenticating, standing: (any ConsoleStanding)? = nil
    ) {
        self.operations = operations
        self.pages = pages
        self.access = access
        self.standing = standing
    }
}
