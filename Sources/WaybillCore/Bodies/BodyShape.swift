/// An endpoint's view of its body, compiled to a tree of names so that scanning compares bytes and builds no strings.
package struct BodyShape: Sendable {
    /// What to compile: the parts of an `Endpoint` that concern the body.
    package struct Source: Sendable {
        package var format: BodyFormat
        package var records: RecordSelector?
        package var slots: [Endpoint.Slot]
        package var shared: [Endpoint.Slot]
        package var structure: [StructurePath]
        package var envelope: [StructurePath]
        package var only: [Endpoint.OnlyMember]
        package init(
            format: BodyFormat, records: RecordSelector?, slots: [Endpoint.Slot], shared: [Endpoint.Slot], structure: [StructurePath],
            envelope: [StructurePath], only: [Endpoint.OnlyMember]
        ) {
            self.format = format
            self.records = records
            self.slots = slots
            self.shared = shared
            self.structure = structure
            self.envelope = envelope
            self.only = only
        }
    }
    package init(_ source: Source) {}
}
