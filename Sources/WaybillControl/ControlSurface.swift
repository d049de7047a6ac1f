/// What people and machines reach at the control listener beyond probes, metrics and the public log.
package struct ControlSurface: Sendable {
    package var operations: [APIOperation]
    package var pages: [ConsolePage]
    package var access: any Authenticating

    package init(operations: [APIOperation], pages: [ConsolePage], access: any Authenticating) {
        self.operations = operations
        self.pages = pages
        self.access = access
    }
}
