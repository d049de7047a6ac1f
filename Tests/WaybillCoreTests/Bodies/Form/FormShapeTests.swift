import Testing

@testable import WaybillCore

/// What becomes of the pairs of a form.
@Suite struct FormShapeTests {
    private static func text(_ body: ReducedBody) -> String { String(decoding: body.bytes, as: UTF8.self) }

    private static let contact = BodyRig(
        slots: [("email", 0), ("name", 1), ("address.line1", 2), ("tags[*]", 3)], structure: ["source", "meta.**", "rows[*].id"],
        format: .form)

    @Test(
        "what is not listed goes with its separator, and what stays is the same bytes",
        arguments: [
            ("email=a%40b.c&ssn=1", "email=a%40b.c"), ("ssn=1&email=a%40b.c", "email=a%40b.c"),
            ("email=a&ssn=1&source=x", "email=a&source=x"),
            ("ssn=1", ""), ("ssn=1&ssn=2", ""), ("&&ssn=1&&email=a&&", "email=a&&"), ("email=a&&ssn=1&&source=x", "email=a&source=x"),
            ("email=a&&source=x&ssn", "email=a&&source=x"), ("&email=a&ssn=1", "&email=a"),
            ("e%6dail=a%40B.c&s%73n=1&address%5bline1%5D=x+y", "e%6dail=a%40B.c&address%5bline1%5D=x+y"),
            // Another spelling of a path is another name.
            ("address.line1=x&address[line1]=y", "address[line1]=y"), ("address[line1][x]=1", ""), ("address=1", ""), ("address[]=1", ""),
            ("address[line1.x]=1", ""), ("email[]=1", ""), ("email[0]=1", ""), ("email.=1", ""), ("email =1&+email=2", ""),
            ("em%61il%00", "nul_in_name"),
            ("tags=1&tags[x]=2&tags[]=3&tags[0]=4&tags[00]=5&tags[-1]=6&tags[%30]=7", "tags[]=3&tags[0]=4&tags[%30]=7"),
            ("meta=1&meta[a]=2&meta[a][b][]=3&Meta2[a]=4&metadata[a]=5", "meta=1&meta[a]=2&meta[a][b][]=3"),
            ("rows[0][id]=1&rows[0][ssn]=2&rows[x][id]=3&rows[][id]=4", "rows[0][id]=1&rows[][id]=4"),
            // Every duplicate is judged.
            ("source=1&ssn=2&source=3&ssn=4", "source=1&source=3"), ("name=A&name=B&Name2=C", "name=A&name=B"),
        ])
    func drops(body: String, kept: String) throws {
        do { #expect(try Self.text(Self.contact.reduce(body)) == kept) } catch let error as BodyError {
            #expect(error.kind.rawValue == kept)
        }
    }

    @Test(
        "changed values are written anew, each of them",
        arguments: [
            ("name=Anna", "name=**na"), ("name=Anna&email=x", "name=**na&email=x"), ("name=A&name=Bruno", "name=*&name=***no"),
            ("name=%C5%81%C3%B3d%C5%BA", "name=**d%C5%BA"), ("name=a+b%26c%3D", "name=****c%3D"), ("name=", "name="), ("name", "name"),
            ("ssn=1&name=An%6Ea&x", "name=**na"), ("name=**na", "name=**na"), ("name=%2A%2Ana", "name=%2A%2Ana"),
            ("address[line1]=x", "address[line1]=redacted"), ("address%5Bline1]=+", "address%5Bline1]=redacted"),
            ("address[line1]=redacte%64", "address[line1]=redacte%64"), ("tags[]=a&tags[]=b", ""),
            ("source=1&tags[]=a&source=2", "source=1&source=2"),
        ])
    func changes(body: String, written: String) throws {
        let reduced = try Self.contact.reduce(body, [BodyRig.write(.keep, .mask, .replace, .drop)])
        #expect(Self.text(reduced) == written)
        #expect(reduced.isChanged == (body != written))
    }

    @Test("paths are reported as policies write them")
    func reports() throws {
        let body = "ssn=1&name=Anna&tags[]=x&tags[3]=y&address[zip]=9&address%5Bline1%5D=z&a.b=1&deep[0][x]=2&rows[7][z]=1"
        let reduced = try Self.contact.reduce(body, [BodyRig.write(.keep, .mask, .drop, .drop)])
        #expect(reduced.reports[0].dropped == ["ssn", "tags[*]", "address.zip", "address.line1", "['a.b']", "deep.0.x", "rows[*].z"])
        #expect(reduced.reports[0].changed == ["name"])
        #expect(try Self.contact.scan(body).records[0].unclassified == 5)
    }

    @Test("hits are read decoded; a name without `=` is null")
    func values() throws {
        let body = "name=a%2Bb+c&email&tags[]="
        let scanned = try Self.contact.scan(body)
        let values = scanned.records[0].hits.map { scanned.value(of: $0, in: Array(body.utf8)) }
        guard case .string(let name) = values[0], case .null = values[1], case .string(let tag) = values[2] else {
            Issue.record("\(values)")
            return
        }
        #expect(String(decoding: name, as: UTF8.self) == "a+b c")
        #expect(tag.isEmpty)
    }

    // MARK: records

    private static let batch = BodyRig(
        records: "$.items[*]", slots: [("email", 0), ("name", 1)], shared: [("sender", 2)], structure: ["kind"],
        envelope: ["mode", "x[*]"],
        format: .form)

    @Test("records of an array are known by their position, wherever their pairs stand")
    func records() throws {
        let body = "mode=1&items[0][email]=a&items[1][email]=b&items[0][name]=A&items[1][name]=B&items[1][ssn]=9&trace=1&sender=S"
        let scanned = try Self.batch.scan(body)
        #expect(scanned.records.map(\.hits.count) == [2, 2])
        #expect(scanned.records.map(\.unclassified) == [0, 1])
        #expect(scanned.unclassifiedOutside == 1)
        #expect(scanned.shared.count == 1)
        let keep = BodyRig.write(.keep, .keep)
        #expect(
            try Self.text(Self.batch.reduce(body, [.omit, BodyRig.write(.keep, .mask)]))
                == "mode=1&items[1][email]=b&items[1][name]=*")
        #expect(
            try Self.text(Self.batch.reduce(body, [keep, .omit], shared: BodyRig.plan([.keep, .keep, .keep])))
                == "mode=1&items[0][email]=a&items[0][name]=A&sender=S")
        // A record of which nothing is left is gone, and the proof still knows the other.
        let emptied = try Self.batch.reduce(body, [BodyRig.write(.drop, .drop), BodyRig.write(.keep, .drop)])
        #expect(Self.text(emptied) == "mode=1&items[1][email]=b")
    }

    @Test(
        "records that cannot be told apart, or are none, are refused",
        arguments: [
            ("items[][email]=a&items[][name]=b", BodyError.Kind.shapeMismatch), ("items[]=a", .shapeMismatch), ("items=a", .shapeMismatch),
            ("items[0]=a", .shapeMismatch), ("mode=1", .shapeMismatch), ("items[x][email]=a", .shapeMismatch),
            ("items[00][email]=a&items[0][email]=b", nil), ("items[0][email]=a&items[0][email]=b", .duplicateName),
            ("items[0][email]=a&items[1][email]=a", nil), ("mode=1&mode=2&items[0][kind]=x", nil),
            ("%69tems[%30][email]=a&items[0][name]=b", nil),
        ] as [(String, BodyError.Kind?)])
    func strangeRecords(body: String, kind: BodyError.Kind?) {
        #expect(bodyErrorKind { _ = try Self.batch.reduce(body) } == kind, "\(body)")
    }

    @Test("each person's fields follow that person's plan, whoever is the only one left")
    func people() throws {
        let rig = BodyRig(slots: [("email", 0)], people: [("friend.email", 0, 1), ("friend.name", 1, 1)], format: .form)
        let body = "email=a&friend[email]=b&friend[name]=B"
        let keep = BodyRig.plan([.keep, .keep])
        #expect(try Self.text(rig.reduce(body, [.write([keep, nil])])) == "email=a")
        #expect(try Self.text(rig.reduce(body, [.write([nil, keep])])) == "friend[email]=b&friend[name]=B")
    }

    @Test(
        "only matches a form of exactly these fields, each once",
        arguments: [
            ("email=a&optout=true", true), ("optout=%74rue&email=a", true), ("email=a&optout=false", false), ("email=a", false),
            ("optout=true", false), ("email=a&optout=true&x=1", false), ("email=a&optout=true&optout=true", false),
            ("email=a&optout=true&optout=false", false), ("email=a&optout", false), ("email=a&optout=true&optout[]=true", false),
            ("&", false),
        ])
    func only(body: String, matches: Bool) throws {
        let rig = BodyRig(
            slots: [("email", 0)], only: [("email", .field(FieldID(0))), ("optout", .constant("true"))], format: .form)
        #expect(try rig.scan(body).records.map(\.matchesOnly) == [matches], "\(body)")
    }

    @Test("positions that a policy picks are those that are written")
    func positions() throws {
        let rig = BodyRig(slots: [("list[0]", 1)], structure: ["list[2]"], format: .form)
        #expect(try Self.text(rig.reduce("list[2]=c&list[1]=b&list[0]=a&list[]=d&list[3]=e")) == "list[2]=c&list[0]=a")
    }

    @Test("a digit is a name where the shape has no positions")
    func digits() throws {
        let rig = BodyRig(structure: ["meta.17"], format: .form)
        #expect(try Self.text(rig.reduce("meta[17]=a&meta[18]=b&meta[017]=c&17=d")) == "meta[17]=a")
    }

    @Test(
        "what was written is proved against what was dropped",
        arguments: [
            ("email=a", true), ("", true), ("email=a&name=b", false), ("email=a&ssn=1", false), ("email=a&email=b", false),
            ("email=%4", false),
            ("email=a;name=b", false), ("EMAIL=a", false),
        ])
    func proofs(written: String, holds: Bool) throws {
        let rig = BodyRig(slots: [("email", 0), ("name", 1)], format: .form)
        let scanned = try rig.scan("email=a&name=b")
        let kind = bodyErrorKind {
            try rig.shape.prove(
                Array(written.utf8), of: scanned, actions: [BodyRig.write(.keep, .drop)], shared: BodyRig.plan([]),
                operators: BodyRig.operators, limits: BodyLimits())
        }
        #expect(kind == (holds ? nil : .proofFailed), "\(written)")
    }

    @Test("a record that was left out, or was never there, fails the proof")
    func provesRecords() throws {
        let body = "items[0][email]=a&items[1][email]=b"
        let scanned = try Self.batch.scan(body)
        for (written, holds) in [
            ("items[1][email]=b", true), ("items[0][email]=a", false), (body, false), ("items[2][email]=c", false), ("", true),
            ("items[1][email]=b&sender=x", false),
        ] {
            let kind = bodyErrorKind {
                try Self.batch.shape.prove(
                    Array(written.utf8), of: scanned, actions: [.omit, BodyRig.write(.keep)], shared: BodyRig.plan([]),
                    operators: BodyRig.operators, limits: BodyLimits())
            }
            #expect(kind == (holds ? nil : .proofFailed), "\(written)")
        }
    }
}
