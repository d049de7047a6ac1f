package struct Vendor: Sendable {
    package struct Certification: Sendable {
        package var scheme: String
        package var covers: [String]
        package var from: Timestamp
        package var until: Timestamp?
    }
    package struct DueDiligence: Sendable {
        package var tier: String
        package var last: Timestamp
        package var next: Timestamp
        /// Seconds after `next` until warned and until suspended; nil: not written (lapses suspend at once).
        package var warnAfterSeconds: Int64?
        package var suspendAfterSeconds: Int64?
    }
    package struct Destination: Sendable, Hashable {
        /// `https` or `http`; exact.
        package var scheme: String
        package var host: String
        package var port: Int
        package var region: Region
        /// Path before every endpoint's path, without trailing slash; usually empty.
        package var authority: String { port == (scheme == "https" ? 443 : 80) ? host : "\(host):\(port)" }
    }
    /// A header set here and not in the CRM; `${secret:name}` in `value` is filled from the secrets at start.
    package struct Credentials: Sendable {
        package var header: String
        package var value: String
    }
    /// How connections to this vendor are secured beyond the general rules. Paths are as written; nothing is read here.
    package struct TLS: Sendable, Hashable {
        package struct ClientCertificate: Sendable, Hashable {
            /// PEM file: the certificate and what is between it and its root.
            package var certificate: String
            /// `${secret:name}`: its private key, PEM.
            package var key: String
            package init(certificate: String, key: String) {
                self.certificate = certificate
                self.key = key
            }
        }
        /// PEM files of the only roots trusted for this vendor; empty: those trusted for all.
        package var roots: [String]
        /// SHA-256 of public keys (SubjectPublicKeyInfo), 32 bytes each; the vendor's certificate must carry one. Empty: any.
        package var pins: [[UInt8]]
        package var clientCertificate: ClientCertificate?
        package init(roots: [String] = [], pins: [[UInt8]] = [], clientCertificate: ClientCertificate? = nil) {
            self.roots = roots
            self.pins = pins
            self.clientCertificate = clientCertificate
        }
    }
    package var id: String
    package var legalName: String
    package var establishedIn: Region
    package var certifications: [Certification]
    package var dueDiligence: DueDiligence?
    package var contacts: [String: String]
    package var destinations: [Destination]
    package var credentials: Credentials?
    package var tls: TLS?
    /// Lower-cased names beyond gateway.md's default lists.
    package var headersAllow: [String]
    package var headersAllowBack: [String]
    package var endpoints: [Endpoint]
    package var matcher: EndpointMatcher
    package var position: SourcePosition
}

/// One call of a vendor's API: method, path template, where records and fields sit in its body.
package struct Endpoint: Sendable {
    package enum Subject: String, Sendable { case person, organisation, none }
    package enum Rights: String, CaseIterable, Sendable { case suppress, erase, rectify, restrict }
    package struct PathField: Sendable {
        package enum Encoding: String, CaseIterable, Sendable {
            case plain
            case md5Lowercase = "md5_lowercase"
            case sha256Lowercase = "sha256_lowercase"
            case base64
        }
        package var variable: String
        package var field: FieldID
        package var encoding: Encoding
    }
    /// A place in a record that holds a field.
    package struct Slot: Sendable {
        package var path: BodyPath
        package var field: FieldID
        /// Index into `people`.
        package var person: Int
        package var position: SourcePosition
    }
    package struct Person: Sendable {
        package enum IfDenied: String, CaseIterable, Sendable { case reject, drop }
        package var name: String
        /// First present identifies the person; each is also the path of a slot of an identifying field.
        package var subject: [BodyPath]
        package var ifDenied: IfDenied
    }
    /// `only`: a member that must be present, mapped to a field or equal to a constant.
    package struct OnlyMember: Sendable {
        package enum Rule: Sendable { case field(FieldID), constant(String) }
        package var path: BodyPath
        package var rule: Rule
    }
    package var id: String
    package var template: RequestTemplate
    package var body: BodyFormat
    /// Where records are; nil when there is no body.
    package var records: RecordSelector?
    package var about: Subject
    package var envelope: [StructurePath]
    package var shared: [Slot]
    /// One for `subject`/`fields`, several for `people`, none for organisations and control calls.
    package var people: [Person]
    package var slots: [Slot]
    package var structure: [StructurePath]
    package var pathFields: [PathField]
    package var queryAllow: [String]
    package var rights: Rights?
    package var only: [OnlyMember]
    /// The field of a form that is a JSON document; records are inside it.
    package var nested: BodyPath?
    /// `purpose_from`: the member that names a record's purpose, with the map from its values.
    package var purposeFrom: (path: BodyPath, map: [String: PurposeID])?
    /// The scanner's view of all of this, compiled when the set loads.
    package var shape: BodyShape
    package var position: SourcePosition
}

package enum BodyFormat: String, CaseIterable, Sendable { case json, ndjson, csv, form, multipart, xml, none }

/// A path inside a record or body: names, array steps and indices, as policies.md ("Paths") writes them.
package struct BodyPath: Hashable, Sendable, CustomStringConvertible {
    package enum Step: Hashable, Sendable { case name(String), each, index(Int) }
    package var steps: [Step]
    package init(steps: [Step]) { self.steps = steps }
    /// Written as in policies: `properties.email`, `['a.b'].c`, `tags[*]`.
    package var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .name(let name) where name.contains(where: { ".[*'\"".contains($0) }): text += "['\(name)']"
            case .name(let name): text += text.isEmpty ? name : ".\(name)"
            case .each: text += "[*]"
            case .index(let i): text += "[\(i)]"
            }
        }
        return text
    }
}

/// A path that may pass without being a field; `name.**` admits the whole subtree.
package struct StructurePath: Hashable, Sendable {
    package var path: BodyPath
    package var subtree: Bool
    package init(path: BodyPath, subtree: Bool) {
        self.path = path
        self.subtree = subtree
    }
}

/// Where records sit, from the body (`$`, `$.inputs[*]`), or every row.
package enum RecordSelector: Hashable, Sendable {
    case path(BodyPath)
    case rows
}

/// `POST /crm/v3/objects/contacts/{id}`: a method and a path template.
package struct RequestTemplate: Hashable, Sendable {
    package enum Segment: Hashable, Sendable {
        case literal(String)
        /// `{id}.json` has the suffix `.json`.
        case variable(name: String, prefix: String, suffix: String)
        /// `{rest*}`, last only.
        case rest(name: String)
    }
    package var method: String
    package var segments: [Segment]
    /// As written, path only: the `route` of log entries.
    package var text: String
    package init(method: String, segments: [Segment], text: String) {
        self.method = method
        self.segments = segments
        self.text = text
    }
}
