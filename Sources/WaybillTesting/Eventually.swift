/// Whether something comes to hold within a minute or more: a machine that is busy with other tests is slow, and none of them is about that.
package func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    // Looks are counted, not time: where a test gets no turn for a minute, it must still look.
    for _ in 0..<30_000 {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(2))
    }
    return false
}
