import WaybillCore

/// Open Cybersecurity Schema Framework 1.7.0, one event a line, every entry one event at least.
///
/// Transfers are API Activity (6003), and a denial is a Data Security Finding (2006) besides; what is not about a transfer is
/// Application Lifecycle (6002) or Entity Management (3004).
struct OCSFFormat: EntryFormat {
    let name = "ocsf"
    let mediaType = "application/x-ndjson"
    let fileExtension = "ocsf.ndjson"
    let joinsIntents = true

    func append(_ view: EntryView, to b: inout [UInt8]) {
        let leaf = view.leaf
        switch view.kind {
        case .intent, .outcome: b.append(ocsfActivity: view, leaf)
        case .denied:
            b.append(ocsfActivity: view, leaf)
            b.append(ocsfFinding: view, leaf)
        case .seal, .config, .keychange, .erasure: b.append(ocsfNotice: view, leaf)
        }
    }
}

extension [UInt8] {
    /// What every class has, up to the end of `metadata`. `suffix`: makes the id of an entry's second event another one.
    fileprivate mutating func append(ocsfHead head: StaticString, _ view: EntryView, _ leaf: TreeHash, suffix: StaticString = "") {
        append(head)
        append(#","time":"#, number: view.entry.milliseconds)
        append(#","metadata":{"version":"1.7.0","product":{"name":"Waybill","vendor_name":"Waybill","version":""#)
        append(Product.version)
        append(#""},"profiles":["security_control","data_classification"],"event_code":"#, json: view.entry.value("kind"))
        append(#","uid":""#)
        append(hexDigits: leaf)
        append(suffix)
        append(#"","sequence":"#)
        append(decimal: UInt(view.index))
        append(#","correlation_uid":"#, json: view.entry.value("xid"))
        append(#","log_name":"#, json: view.entry.value("log"))
        append(#","reporter":{"name":"#, json: view.entry.value("node"))
        append("}}")
    }

    fileprivate mutating func append(ocsfActivity view: EntryView, _ leaf: TreeHash) {
        append(ocsfHead: #"{"category_uid":6,"class_uid":6003"#, view, leaf)
        append(view.activity)
        append(view.status)
        guard let transfer = view.transfer else {
            // Required all the same.
            append(#","api":{"operation":"unknown"},"actor":{"app_name":"unknown"},"src_endpoint":{"svc_name":"unknown"}"#)
            append(ocsfExchange: view)
            append(#","unmapped":{"intent_leaf_hash":"#, json: view.entry.value("il"))
            return append("}}\n")
        }
        append(#","api":{"operation":"#, json: transfer.value("route"))
        append(#","service":{"name":"#, json: transfer.value("vendor"))
        append("}}")
        append(ocsfParties: transfer)
        append(ocsfExchange: view)
        append(ocsfAuthorizations: transfer, view.kind == .denied)
        append(ocsfFields: transfer.value("fields"))
        append(ocsfUnmapped: view, transfer)
        append("}\n")
    }

    fileprivate mutating func append(ocsfFinding view: EntryView, _ leaf: TreeHash) {
        let entry = view.entry
        append(
            ocsfHead: #"{"category_uid":2,"class_uid":2006,"activity_id":1,"type_uid":200601,"severity_id":3"#, view, leaf,
            suffix: "-finding")
        append(#","status_id":1,"action_id":2,"message":"Transfer denied","finding_info":{"title":"Transfer denied","uid":""#)
        append(hexDigits: leaf)
        append(#"","created_time":"#, number: entry.milliseconds)
        append(#","types":"#)
        append(namesOf: entry.value("codes"))
        append(#"},"data_security":{"category_id":1,"category":"Personal","detection_system_id":10,"data_lifecycle_state_id":2}"#)
        append(ocsfParties: entry)
        append(ocsfFields: entry.value("fields"))
        append(ocsfUnmapped: view, entry)
        append("}\n")
    }

    private mutating func append(ocsfParties transfer: EntryReading) {
        append(#","actor":{"app_uid":"#, json: transfer.value("caller"))
        append(#"},"src_endpoint":{"svc_name":"#, json: transfer.value("caller"))
        append(#"},"dst_endpoint":{"svc_name":"#, json: transfer.value("vendor"))
        append(#","hostname":"#, json: transfer.value("dst"))
        append("}")
    }

    private mutating func append(ocsfExchange view: EntryView) {
        let length = view.kind == .outcome ? view.entry.value("sent") : view.kind == .intent ? view.entry.value("bytes") : nil
        if let method = view.transfer?.value("op") {
            append(#","http_request":{"http_method":"#, json: method)
            append(#","body_length":"#, json: length)
            append("}")
        }
        guard view.kind == .outcome else { return }
        if let status = view.entry.value("http"), status.first != 0x30 {
            append(#","http_response":{"code":"#, json: status)
            append("}")
        }
        append(#","status_detail":"#, json: view.entry.value("reason") ?? view.entry.value("res"))
        append(#","duration":"#, json: view.entry.value("ms"))
        append(#","start_time":"#, number: view.began)
        append(#","end_time":"#, number: view.entry.milliseconds)
    }

    private mutating func append(ocsfAuthorizations transfer: EntryReading, _ isDenied: Bool) {
        append(#","authorizations":["#)
        var isFirst = true
        CanonicalParts.forEachElement(of: transfer.value("pol")) { policy in
            if !isFirst { append(0x2c) }
            isFirst = false
            append(isDenied ? #"{"decision":"denied","policy":{"uid":"# : #"{"decision":"allowed","policy":{"uid":"#)
            append("", json: CanonicalParts.member("id", of: policy))
            append(#","version":""#, json: CanonicalParts.member("ver", of: policy))
            append(#""}}"#)
        }
        append("]")
    }

    private mutating func append(ocsfFields fields: UnsafeRawBufferPointer?) {
        append(#","resources":[{"name":"customer records","data_classifications":[{"category_id":1,"category":"Personal","#)
        append(#""discovery_details":["#)
        var isFirst = true
        CanonicalParts.forEachElement(of: fields) { field in
            append(isFirst ? #"{"type":"# : #",{"type":"#, json: field)
            append("}")
            isFirst = false
        }
        append("]}]}]")
    }

    private mutating func append(ocsfUnmapped view: EntryView, _ transfer: EntryReading) {
        append(#","unmapped":{"purposes":"#, json: transfer.value("purposes"))
        append(#","basis":"#, json: transfer.value("basis"))
        append(#","mechanisms":"#, json: transfer.value("mech"))
        append(#","regimes":"#, json: transfer.value("regimes"))
        append(#","region":"#, json: transfer.value("region"))
        append(#","endpoint":"#, json: transfer.value("endp"))
        append(#","route":"#, json: transfer.value("route"))
        append(#","records":"#, json: transfer.value("n"))
        append(#","records_denied":"#, json: transfer.value("nd"))
        append(#","dropped":"#, json: transfer.value("dropped"))
        append(#","codes":"#, json: transfer.value("codes"))
        append(#","policy_set":"#, json: transfer.value("pset"))
        append(#","intent_leaf_hash":"#, json: view.entry.value("il"))
        append("}")
    }

    /// The names of an object's members as an array.
    private mutating func append(namesOf object: UnsafeRawBufferPointer?) {
        append("[")
        var isFirst = true
        CanonicalParts.forEachMember(of: object) { name, _ in
            append(isFirst ? "\"" : ",\"")
            append(contentsOf: name)
            append("\"")
            isFirst = false
        }
        append("]")
    }

    fileprivate mutating func append(ocsfNotice view: EntryView, _ leaf: TreeHash) {
        let entry = view.entry
        switch view.kind {
        case .config where entry.text("act")?.elementsEqual("start".utf8) == true:
            append(ocsfHead: #"{"category_uid":6,"class_uid":6002,"activity_id":3,"type_uid":600203,"severity_id":1"#, view, leaf)
            append(#","app":{"name":"Waybill","vendor_name":"Waybill"},"message":"Gate started","unmapped":"#, json: entry.value("d"))
        case .seal:
            append(ocsfHead: #"{"category_uid":6,"class_uid":6002,"activity_id":99,"type_uid":600299,"severity_id":1"#, view, leaf)
            append(#","activity_name":"Seal","app":{"name":"Waybill","vendor_name":"Waybill"},"message":"Log sealed""#)
            append(#","unmapped":{"heads":"#, json: entry.value("heads"))
            append(#","of":"#, json: entry.value("of"))
            append(#","refused":"#, json: entry.value("refused"))
            append(#","why":"#, json: entry.value("why"))
            append("}")
        case .keychange:
            append(ocsfHead: #"{"category_uid":3,"class_uid":3004,"activity_id":3,"type_uid":300403,"severity_id":3"#, view, leaf)
            append(#","entity":{"type_id":99,"type":"log key","name":"transfer log key","uid":"#, json: entry.value("new"))
            append(#"},"message":"Log key changed","unmapped":{"old":"#, json: entry.value("old"))
            append(#","new":"#, json: entry.value("new"))
            append("}")
        case .erasure:
            append(ocsfHead: #"{"category_uid":3,"class_uid":3004,"activity_id":4,"type_uid":300404,"severity_id":2"#, view, leaf)
            append(#","entity":{"type_id":99,"type":"data subject","uid":"#, json: entry.value("tomb"))
            append(#"},"message":"Subject erased","unmapped":{"entries":"#, json: entry.value("n"))
            append("}")
        default:
            append(ocsfHead: #"{"category_uid":3,"class_uid":3004,"activity_id":3,"type_uid":300403,"severity_id":2"#, view, leaf)
            append(#","entity":{"type_id":99,"type":"configuration","name":"#, json: entry.value("act"))
            append(#"},"message":"Administrative act","unmapped":"#, json: entry.value("d"))
        }
        append("}\n")
    }
}

extension EntryView {
    /// By the HTTP method: create, read, update, delete.
    fileprivate var activity: StaticString {
        guard let method = transfer?.text("op") else { return #","activity_id":0,"type_uid":600300"# }
        if method.elementsEqual("POST".utf8) { return #","activity_id":1,"type_uid":600301"# }
        if method.elementsEqual("GET".utf8) || method.elementsEqual("HEAD".utf8) { return #","activity_id":2,"type_uid":600302"# }
        if method.elementsEqual("PUT".utf8) || method.elementsEqual("PATCH".utf8) { return #","activity_id":3,"type_uid":600303"# }
        if method.elementsEqual("DELETE".utf8) { return #","activity_id":4,"type_uid":600304"# }
        return #","activity_id":99,"activity_name":"Other","type_uid":600399"#
    }

    fileprivate var status: StaticString {
        switch kind {
        case .denied:
            #","severity_id":3,"action_id":2,"status_id":2,"status_detail":"denied","message":"Transfer denied""#
        case .outcome:
            switch result {
            case .ok: #","severity_id":1,"action_id":1,"status_id":1,"message":"Transfer sent""#
            case .failed: #","severity_id":3,"action_id":1,"status_id":2,"message":"Transfer failed""#
            case .unknown, nil:
                #","severity_id":3,"action_id":1,"status_id":0,"message":"Transfer with unknown outcome""#
            }
        default: #","severity_id":1,"action_id":1,"status_id":0,"status_detail":"begun","message":"Transfer about to be sent""#
        }
    }
}
