/// Tells the time of day. May jump; whoever needs order must enforce it.
package protocol WallClock: Sendable {
    func now() -> Timestamp
}
