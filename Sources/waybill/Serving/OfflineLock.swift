import WaybillControl

extension Settings {
    /// The store's lock, for commands that work on its files while no gate runs. `then`: what to do once it is stopped.
    func ownStore(_ then: String) throws(CommandFailure) -> StoreLock {
        do throws(ControlFailure) {
            if let lock = try StoreLock.take(path: lock) { return lock }
        } catch {
            throw CommandFailure(error.message.withoutFullStop)
        }
        throw CommandFailure("a gate or another command holds \(store)", remedy: "stop it, then \(then)")
    }
}
