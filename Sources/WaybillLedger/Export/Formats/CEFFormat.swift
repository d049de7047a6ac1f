import WaybillCore

/// ArcSight's Common Event Format, version 0, one line an entry.
struct CEFFormat: EntryFormat {
    let name = "cef"
    let mediaType = "text/plain; charset=utf-8"
    let fileExtension = "cef"
    let joinsIntents = true

    func append(_ view: EntryView, to b: inout [UInt8]) {
        let (entry, transfer) = (view.entry, view.transfer)
        b.append("CEF:0|Waybill|Waybill|")
        b.append(Product.version)
        b.append(view.cefSignature)
        b.append("|rt=", number: entry.milliseconds)
        b.append(" externalId=", extension: entry.value("xid"))
        b.append(" deviceExternalId=", extension: entry.value("node"))
        b.append(" cs1Label=LeafHash cs1=")
        b.append(hexDigits: view.leaf)
        b.append(" cn1Label=Index cn1=")
        b.append(decimal: UInt(view.index))
        b.append(" cs2Label=Log cs2=", extension: entry.value("log"))
        if let transfer { b.append(cefTransfer: transfer) }
        b.append(cefEnd: view)
        b.append(0x0a)
    }
}

extension EntryView {
    /// Signature, name, severity: constants, so nothing in them is to be escaped.
    fileprivate var cefSignature: StaticString {
        switch kind {
        case .intent: "|XFER_INTENT|Transfer about to be sent|1"
        case .denied: "|XFER_DENIED|Transfer denied|5"
        case .outcome:
            switch result {
            case .ok: "|XFER_OK|Transfer sent|1"
            case .failed: "|XFER_FAIL|Transfer failed|4"
            case .unknown, nil: "|XFER_UNKNOWN|Transfer with unknown outcome|6"
            }
        case .seal: "|LOG_SEAL|Log sealed|0"
        case .config: "|LOG_CONFIG|Administrative act|3"
        case .keychange: "|LOG_KEYCHANGE|Log key changed|5"
        case .erasure: "|SUBJECT_ERASE|Subject erased|3"
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(cefTransfer transfer: EntryReading) {
        append(" requestMethod=", extension: transfer.value("op"))
        append(" request=", extension: transfer.value("route"))
        append(" destinationServiceName=", extension: transfer.value("vendor"))
        append(" dhost=", extension: transfer.value("dst"))
        append(" suid=", extension: transfer.value("caller"))
        append(" cs3Label=Purpose cs3=", list: transfer.value("purposes"))
        append(" cs4Label=Basis cs4=", list: transfer.value("basis"))
        append(cefPolicies: transfer.value("pol"))
        append(" cs6Label=Fields cs6=", list: transfer.value("fields"))
        append(" cn2Label=Records cn2=", extension: transfer.value("n"))
    }

    fileprivate mutating func append(cefEnd view: EntryView) {
        let entry = view.entry
        switch view.kind {
        case .intent: append(" act=allowed")
        case .denied:
            append(" act=denied outcome=denied")
            var isFirst = true
            CanonicalParts.forEachMember(of: entry.value("codes")) { code, _ in
                if isFirst { append(" reason=") } else { append(0x2c) }
                isFirst = false
                append(extensionText: code)
            }
        case .outcome:
            append(" act=allowed outcome=", extension: entry.value("res"))
            append(" reason=", extension: entry.value("reason"))
            append(" out=", extension: entry.value("sent"))
            append(" cn3Label=HTTPStatus cn3=", extension: entry.value("http"))
            append(" start=", number: view.began)
            append(" end=", number: entry.milliseconds)
        case .config: append(" act=", extension: entry.value("act"))
        case .erasure: append(" cn2Label=Entries cn2=", extension: entry.value("n"))
        case .seal: append(" msg=", extension: entry.value("why"))
        case .keychange: append(" msg=", extension: entry.value("new"))
        }
    }

    /// `id@version`, as agreements are named.
    private mutating func append(cefPolicies array: UnsafeRawBufferPointer?) {
        var isFirst = true
        CanonicalParts.forEachElement(of: array) { policy in
            if isFirst { append(" cs5Label=Policy cs5=") } else { append(0x2c) }
            isFirst = false
            append("", extension: CanonicalParts.member("id", of: policy))
            append("@", extension: CanonicalParts.member("ver", of: policy))
        }
    }

    /// Nothing of an empty one: a key without a value is none.
    private mutating func append(_ name: StaticString, list array: UnsafeRawBufferPointer?) {
        var isFirst = true
        CanonicalParts.forEachElement(of: array) { value in
            if isFirst { append(name) } else { append(0x2c) }
            isFirst = false
            append("", extension: value)
        }
    }

    fileprivate mutating func append(_ name: StaticString, extension value: UnsafeRawBufferPointer?) {
        guard let value else { return }
        append(name)
        CanonicalParts.withText(value) { append(extensionText: $0) }
    }

    /// With `\`, `=` and ends of lines escaped.
    private mutating func append(extensionText text: UnsafeRawBufferPointer) {
        guard text.contains(where: { $0 == 0x5c || $0 == 0x3d || $0 == 0x0a || $0 == 0x0d }) else { return append(contentsOf: text) }
        for byte in text {
            switch byte {
            case 0x5c: append("\\\\")
            case 0x3d: append("\\=")
            case 0x0a: append("\\n")
            case 0x0d: append("\\r")
            default: append(byte)
            }
        }
    }
}
