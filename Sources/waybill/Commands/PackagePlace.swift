import WaybillCore

/// Where a package goes: written under hidden names beside it, renamed when whole, so that nothing half looks whole.
struct PackagePlace: Sendable {
    let path: String
    var zip: String { path + ".zip" }
    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    private var hidden: String { Files.resolve(".\(name).partial", against: Files.parent(of: path)) }

    /// Refuses what is there already, before any work.
    init(_ out: String) throws {
        var path = out
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
        guard !name.isEmpty, name != ".", name != ".." else {
            throw CommandFailure("--out must name the folder to make", remedy: "for example --out evidence/mailer-2026-06")
        }
        for taken in [path, path + ".zip"] where try failing({ () throws(SystemError) in try Files.facts(taken) }) != nil {
            throw CommandFailure("\(taken) exists already", remedy: "name another folder with --out, or move it away")
        }
        let parent = Files.parent(of: path)
        guard try failing({ () throws(SystemError) in try Files.facts(parent) })?.isDirectory == true else {
            throw CommandFailure("there is no folder \(parent)", remedy: "make it, or name another with --out")
        }
    }

    /// `work` writes folder and zip under the names given. Whatever it throws, nothing of it stays.
    func fill<Value>(_ work: (_ folder: String, _ zip: String) throws -> Value) throws -> Value {
        try clean()
        do {
            let value = try work(hidden, hidden + ".zip")
            try failing { () throws(SystemError) in
                try Files.move(hidden + ".zip", to: zip)
                do throws(SystemError) {
                    try Files.rename(hidden, to: path)
                } catch {
                    try Files.removeTree(zip)
                    throw error
                }
            }
            return value
        } catch {
            try clean()
            throw error
        }
    }

    /// What an earlier run left that was killed.
    private func clean() throws {
        try failing { () throws(SystemError) in
            try Files.removeTree(hidden)
            try Files.removeTree(hidden + ".zip")
        }
    }
}
