/// What an auditor must know and does not see at a glance, one sentence each.
enum PackageRemarks {
    static func sentences(_ slice: PackageSlice, _ scope: PackageScope, missing: [String]) -> [String] {
        var sentences: [String] = []
        let open = slice.pairs.openIndexes.count
        if slice.pairs.unknownCount > 0 {
            sentences.append(
                "\(counted(slice.pairs.unknownCount, "transfer")) ended unknown, because the gate stopped in between: count them as disclosed."
            )
        }
        if open > 0 { sentences.append("\(counted(open, "transfer")) had no outcome yet at the checkpoint.") }
        if let vendor = slice.vendor {
            if vendor.deadEpochs > 0 { sentences.append("The gate ended \(counted(vendor.deadEpochs, "run")) without a clean stop.") }
            let refused = vendor.refused.values.reduce(0, +)
            if refused > 0 {
                sentences.append(
                    "\(counted(refused, "request")) to any vendor or none were refused without an entry of their own (strangers, malformed); "
                        + "seals count them.")
            }
            sentences.append(
                vendor.isComplete
                    ? "The vendor's sequence has no gap, and entries at both ends of the period show that nothing lies outside."
                    : "The vendor's sequence has no gap, but an end of the period is not shown by an entry: gaps.json says which.")
        } else {
            sentences.append(
                "A list of one person's transfers cannot be proven complete: sequences count vendors' transfers, not people's.")
            if scope.prunedBelow > scope.first {
                sentences.append(
                    "Look-ups before entry \(scope.prunedBelow) have aged out, so that transfers before it cannot be found any more.")
            }
        }
        if !missing.isEmpty { sentences.append("These agreement versions are not kept any more: \(missing.joined(separator: ", ")).") }
        return sentences
    }

    private static func counted(_ count: Int, _ what: String) -> String { "\(count) \(what)\(count == 1 ? "" : "s")" }
}
