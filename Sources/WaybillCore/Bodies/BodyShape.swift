/// An endpoint's view of its body, compiled to a tree of names so that scanning compares bytes and builds no strings.
///
/// In an array that a path addresses by position (`[0]`), `null` holds a place and is nothing else: what is dropped there becomes
/// `null`, so that the others keep their positions.
package struct BodyShape: Sendable {
    /// What to compile: the parts of an `Endpoint` that concern the body.
    ///
    /// `records`, `shared` and `envelope` are paths from the body (`$` is no step), the others from the record. Without `records`
    /// the whole body is one record. Of two slots with one path the first counts. A constant of `only` passes where it equals;
    /// a field of `only` must also be a slot. What `shared` and `envelope` name inside records is ignored. `nested`: the field of a form
    /// that is a JSON document; `records` begins with it. `identifying`: the fields of which a form may give only one at a place.
    package struct Source: Sendable {
        package var format: BodyFormat
        package var records: RecordSelector?
        package var slots: [Endpoint.Slot]
        package var shared: [Endpoint.Slot]
        package var structure: [StructurePath]
        package var envelope: [StructurePath]
        package var only: [Endpoint.OnlyMember]
        package var nested: BodyPath?
        package var identifying: Set<FieldID>
        package init(
            format: BodyFormat, records: RecordSelector?, slots: [Endpoint.Slot], shared: [Endpoint.Slot], structure: [StructurePath],
            envelope: [StructurePath], only: [Endpoint.OnlyMember], nested: BodyPath? = nil, identifying: Set<FieldID>
        ) {
            self.format = format
            self.records = records
            self.slots = slots
            self.shared = shared
            self.structure = structure
            self.envelope = envelope
            self.only = only
            self.nested = nested
            self.identifying = identifying
        }
    }
    let format: BodyFormat
    let tree: ShapeTree
    package init(_ source: Source) {
        format = source.format
        tree = ShapeBuilder.tree(of: source)
    }
}
