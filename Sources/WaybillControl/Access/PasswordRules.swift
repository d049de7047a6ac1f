/// What a password must be (NIST SP 800-63B): long enough and not among the first that are tried. No rules of composition, no expiry.
enum PasswordRules {
    static let charactersMin = 12
    static let bytesMax = 256

    /// `names`: what is known of the person. Throws `APIProblem` that says what to do.
    static func check(_ password: String, names: [String]) throws(APIProblem) {
        guard password.count >= charactersMin else {
            throw refusal("A password has at least \(charactersMin) characters; a few words in a row are easy to remember.")
        }
        guard password.utf8.count <= bytesMax else { throw refusal("A password has at most \(bytesMax) bytes; shorten it.") }
        let plain = password.lowercased().filter { $0.isLetter || $0.isNumber }
        guard Set(plain).count >= 5 else { throw refusal("This password repeats too few characters; choose another.") }
        guard !isRun(plain) else { throw refusal("This password follows the keyboard or the alphabet; choose another.") }
        guard !common.contains(where: { rest(of: plain, without: $0).count < 6 }) else {
            throw refusal("This password is among the first that are tried; choose another.")
        }
        for name in names + ["waybill"] {
            let name = name.lowercased().filter { $0.isLetter || $0.isNumber }
            guard name.count >= 4 else { continue }
            guard rest(of: plain, without: name).count >= 8 else {
                throw refusal("This password is little more than a name; choose another.")
            }
        }
    }

    private static func refusal(_ why: String) -> APIProblem { APIProblem(.unprocessable, why, pointer: "/password") }

    private static func rest(of text: String, without part: String) -> String {
        text.replacing(part, with: "")
    }

    private static let rows = [
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm",
        "qwertzuiopasdfghjklyxcvbnm",
        "1q2w3e4r5t6y7u8i9o0p", "azertyuiopqsdfghjklmwxcvbn",
    ]

    private static func isRun(_ text: String) -> Bool {
        let letters = text.filter { !$0.isNumber }
        return rows.contains { row in
            [text, letters].contains { $0.count >= 8 && (row.contains($0) || String(row.reversed()).contains($0)) }
        }
    }

    /// Beginnings of lists of what is tried first; what is left of a password without one of them must be more than a few characters.
    static let common = [
        "password", "passwort", "motdepasse", "contrasena", "passw0rd", "p4ssword", "letmein", "welcome", "willkommen", "bienvenue",
        "administrator", "changeme", "changeit", "default", "iloveyou", "ichliebedich", "monkey", "dragon", "football", "fussball",
        "baseball", "superman", "batman", "trustno1", "sunshine", "princess", "qwerty", "qwertz", "azerty", "asdfgh", "zxcvbn", "123456",
        "1234567890", "123123", "abc123", "secret", "geheim", "master", "hallo", "hello", "login", "testtest", "computer", "internet",
        "correcthorsebatterystaple", "summer", "sommer", "winter", "spring", "autumn", "january", "december", "customer", "company",
    ]
}
