/// The last signed checkpoint, kept outside the store: a store that was rolled back does not extend it.
package protocol CheckpointCopy: Sendable {
    /// Nil: there is none yet.
    func read() throws(CheckpointCopyError) -> [UInt8]?
    /// Durable on return; a crash leaves the old or the new one, whole.
    func write(_ note: [UInt8]) throws(CheckpointCopyError)
}

package struct CheckpointCopyError: Error, Sendable, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}
