/// The table of `docs/access.md`, made of what is asked at each request.
package enum PermissionTable {
    package static var markdown: String {
        var lines = ["| permission | \(Role.allCases.map { "`\($0.rawValue)`" }.joined(separator: " | ")) |"]
        lines.append("|---|" + String(repeating: ":-:|", count: Role.allCases.count))
        for permission in Permission.allCases {
            let marks = Role.allCases.map { permission.roles.contains($0) ? "yes" : "" }
            lines.append("| `\(permission.rawValue)` | \(marks.joined(separator: " | ")) |")
        }
        return lines.map { $0 + "\n" }.joined()
    }
}
