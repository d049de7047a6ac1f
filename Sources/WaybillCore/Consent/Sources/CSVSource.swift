extension ConsentSource {
    /// Any CSV file with a header line, by the columns that the map names.
    ///
    /// mParticle's CCPA consent (`sale_opt_out`) is turned round there: its `true` means opted *out*. Fides and Ketch mark defaults: name that
    /// column as `default`.
    static let csv = ConsentSource(name: "csv") { record, map, now in
        guard let columns = map.columns else { return [.refused("cannot be read: the map names no columns")] }
        func cell(_ name: String?) -> String? { name.flatMap { record.text($0) } }
        guard
            var findings = SourceFindings(map, now: now, email: cell(columns.email), phone: cell(columns.phone), id: cell(columns.id))
        else { return [SourceFindings.nobody] }
        // Whatever its time says, a stop is taken; of now, if it cannot be read.
        let isUnreadable = cell(columns.time).map { SourceTime($0) == nil } ?? false
        let written = columns.time.flatMap { record.time($0) }
        if isUnreadable { findings.refuse("has a time that cannot be read; write it like 2026-05-01T00:00:00Z") }
        signals(record, columns, written, &findings)
        let isDefault = columns.isDefault.flatMap { record.flag($0) } ?? false
        for (name, value) in statements(record, map, columns) {
            guard let topic = map.topics[name] else {
                findings.refuse("is about a topic that the map does not name")
                continue
            }
            // A stop's time may be the export's: it is not before the choice.
            let isStop = topic.withdrawn.contains(value)
            if isUnreadable, !isStop { continue }
            findings.value(
                value, topic, columns.isExportTime && !isStop ? nil : written, isDefault: isDefault, proof: cell(columns.proof),
                notice: cell(columns.notice))
        }
        return findings.all
    }

    private static func statements(_ record: SourceRecord, _ map: ConsentMap, _ columns: ConsentMap.Columns) -> [(String, String)] {
        if let topic = columns.topic, let state = columns.state {
            return record.text(topic).flatMap { name in record.text(state).map { [(name, $0)] } } ?? []
        }
        return map.topics.keys.sorted().compactMap { name in record.text(name).map { (name, $0) } }
    }

    private static func signals(
        _ record: SourceRecord, _ columns: ConsentMap.Columns, _ time: SourceTime?, _ findings: inout SourceFindings
    ) {
        let at = time?.at ?? findings.now
        var change = SubjectFactsChange()
        if let name = columns.saleOptOut, let text = record.text(name) {
            switch record.flag(name) {
            case true?: change.objections += [.init(scope: .sale, at: at), .init(scope: .share, at: at)]
            case false?: break
            case nil: if !text.isEmpty { change.signals.append(.init(content: .unreadable, at: at)) }
            }
        }
        if let text = columns.usPrivacy.flatMap({ record.text($0) }) {
            change.signals.append(.init(content: .usPrivacy(text: text), at: at))
        }
        if let text = columns.gpp.flatMap({ record.text($0) }) { change.signals.append(.init(content: .gpp(text: text), at: at)) }
        if let name = columns.gpc, record.flag(name) == true { change.signals.append(.init(content: .gpc(true), at: at)) }
        if !change.objections.isEmpty || !change.signals.isEmpty { findings.facts(change) }
    }
}
