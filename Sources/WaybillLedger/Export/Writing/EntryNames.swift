extension EntryKind {
    /// As the formats that name events name an entry of this kind.
    var eventName: StaticString {
        switch self {
        case .intent: "waybill.transfer.intent"
        case .outcome: "waybill.transfer.outcome"
        case .denied: "waybill.transfer.denied"
        case .seal: "waybill.log.seal"
        case .config: "waybill.log.config"
        case .keychange: "waybill.log.keychange"
        case .erasure: "waybill.subject.erasure"
        }
    }
}

extension EntryView {
    /// Of an outcome.
    enum Result { case ok, failed, unknown }
    var result: Result? {
        guard kind == .outcome, let text = entry.text("res") else { return nil }
        if text.elementsEqual("ok".utf8) { return .ok }
        return text.elementsEqual("unknown".utf8) ? .unknown : .failed
    }

    /// When its intent was committed.
    var began: Int64? { kind == .outcome ? intent?.milliseconds : nil }
}
