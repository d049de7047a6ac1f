/// A table for people: one row an entry, an outcome with its intent's columns. Lists stand in one cell, parts separated by `;`.
///
/// RFC 4180 with bare newlines. A cell that a spreadsheet would take for a formula gets an apostrophe in front.
struct CSVFormat: EntryFormat {
    let name = "csv"
    let mediaType = "text/csv; charset=utf-8; header=present"
    let fileExtension = "csv"
    let joinsIntents = true
    private static let parties: [StaticString] = ["caller", "vendor", "dst", "op", "route"]
    private static let place: [StaticString] = ["node", "ep", "nseq"]

    package var header: [UInt8] {
        var bytes = [UInt8]()
        bytes.append("idx,leaf_hash_hex,time_utc,kind,xid,caller,vendor,dst,op,route,purpose,basis,policy_id,policy_ver,fields,dropped,")
        bytes.append("records,bytes_sent,http_status,result,duration_ms,node,ep,nseq,vseq,intent_leaf_hash\n")
        return bytes
    }

    func append(_ view: EntryView, to b: inout [UInt8]) {
        let (entry, transfer) = (view.entry, view.transfer)
        b.append(decimal: UInt(view.index))
        b.append(0x2c)
        b.append(hexDigits: view.leaf)
        for value in [entry.value("t"), entry.value("kind"), entry.value("xid")] { b.append(cell: value) }
        for name in Self.parties { b.append(cell: transfer?.value(name)) }
        b.append(cells: transfer?.value("purposes"))
        b.append(cells: transfer?.value("basis"))
        b.append(members: "id", of: transfer?.value("pol"))
        b.append(members: "ver", of: transfer?.value("pol"))
        b.append(cells: transfer?.value("fields"))
        b.append(dropped: transfer?.value("dropped"))
        b.append(cell: transfer?.value("n"))
        let ending = view.kind == .outcome ? entry : nil
        b.append(cell: ending?.value("sent"))
        b.append(cell: ending?.value("http"))
        if view.kind == .denied { b.append(",denied") } else { b.append(cell: ending?.value("res")) }
        b.append(cell: ending?.value("ms"))
        for name in Self.place { b.append(cell: entry.value(name)) }
        b.append(cell: transfer?.value("vseq"))
        b.append(cell: ending?.value("il"))
        b.append(0x0a)
    }
}

extension [UInt8] {
    fileprivate mutating func append(cell value: UnsafeRawBufferPointer?) {
        append(0x2c)
        guard let value else { return }
        let start = count
        CanonicalParts.withText(value) { append(contentsOf: $0) }
        quoteCell(from: start)
    }

    /// A list in one cell.
    fileprivate mutating func append(cells array: UnsafeRawBufferPointer?) {
        append(0x2c)
        let start = count
        CanonicalParts.forEachElement(of: array) { append(part: $0, ofCellAt: start) }
        quoteCell(from: start)
    }

    fileprivate mutating func append(members name: StaticString, of array: UnsafeRawBufferPointer?) {
        append(0x2c)
        let start = count
        CanonicalParts.forEachElement(of: array) {
            if let value = CanonicalParts.member(name, of: $0) { append(part: value, ofCellAt: start) }
        }
        quoteCell(from: start)
    }

    /// Fields by id, members beyond them by number.
    fileprivate mutating func append(dropped object: UnsafeRawBufferPointer?) {
        append(0x2c)
        let start = count
        CanonicalParts.forEachMember(of: object) { name, value in
            if name.count > 1 { return CanonicalParts.forEachElement(of: value) { append(part: $0, ofCellAt: start) } }
            guard value.first != 0x30 else { return }
            append(part: value, ofCellAt: start)
            append(" more")
        }
        quoteCell(from: start)
    }

    private mutating func append(part value: UnsafeRawBufferPointer, ofCellAt start: Int) {
        if count > start { append(0x3b) }
        CanonicalParts.withText(value) { append(contentsOf: $0) }
    }

    /// Quotes what was appended from `start` on, if it needs that; ids never do.
    private mutating func quoteCell(from start: Int) {
        guard start < count else { return }
        let isFormula = Self.beginsFormula(self[start])
        guard isFormula || self[start...].contains(where: { $0 == 0x2c || $0 == 0x22 || $0 == 0x0a || $0 == 0x0d }) else { return }
        let text = Array(self[start...])
        removeSubrange(start...)
        append(0x22)
        if isFormula { append(0x27) }
        for byte in text {
            if byte == 0x22 { append(0x22) }
            append(byte)
        }
        append(0x22)
    }

    /// `=`, `+`, `-`, `@`, tab and carriage return.
    private static func beginsFormula(_ byte: UInt8) -> Bool {
        byte == 0x3d || byte == 0x2b || byte == 0x2d || byte == 0x40 || byte == 0x09 || byte == 0x0d
    }
}
