import WaybillCore

/// `README.md` of a package: what to run, and what each result means.
struct PackageReadme {
    let scope: PackageScope
    let organisation: String

    var text: String {
        """
        # Evidence package

        \(about)
        The log is `\(scope.origin)`, at \(scope.size) entries (`checkpoint`). The format is described in Waybill's `docs/evidence.md`.

        ## Check it
        Get the log's key from \(organisation) by another way than this package, and compare it with `policy.txt` and `log.pem`:
        without that, everything below shows only that the package agrees with the key inside it.

        ```sh
        python3 verify.py                       # everything below but the certificate and the time-stamp; 0 good, 1 a fault, named
        python3 verify.py --key 'LOG+KEY'       # the same, against the key you got elsewhere\(subjectCommand)
        sed '/^$/,$d' MANIFEST.note | sha256sum --quiet -c -                         # every file is the one that was listed
        sed '/^$/,$d' MANIFEST.note > /tmp/manifest.txt                              # the signed text …
        sed '1,/^$/d' MANIFEST.note | head -1 | cut -d' ' -f3 | base64 -d | tail -c 64 > /tmp/manifest.sig
        openssl pkeyutl -verify -pubin -inkey log.pem -rawin -in /tmp/manifest.txt -sigfile /tmp/manifest.sig
        openssl cms -verify -binary -inform DER -in MANIFEST.note.p7s -content MANIFEST.note -CAfile evidence.pem -out /dev/null
        openssl ts -verify -data MANIFEST.note -in MANIFEST.note.tsr -CAfile THE-AUTHORITYS-CA.pem   # where there is a .tsr
        ```
        `waybill log verify --package .` does what verify.py does, and checks signature and time-stamp too. `tile/`, `checkpoint` and
        `proofs/` are C2SP tlog-tiles, tlog-checkpoint and tlog-proof, so other tools read them. Take the evidence certificate from
        elsewhere as well, or use your own CA file in place of `evidence.pem`.

        ## What is in it
        | file | is |
        |---|---|
        | `report.html`, `report.pdf` | the same in words and pictures |
        | `entries.ndjson` | the entries, each line the exact bytes that were hashed; `index.csv` has their places |
        | `checkpoint`, `tile/`, `proofs/` | the log's signed state, and the hashes that tie each entry to it |
        | `scope.json`, `gaps.json` | what the package is about; seals, unknown and open ends, refused requests |
        | `agreements/` | the agreement versions in force; their SHA-256 is what entries cite as `pol.h` |\(openingsRow)
        | `MANIFEST.note`, `SIGNATURES.note` | SHA-256 of every file, signed by the log's key; the second covers what signs the first |
        | `MANIFEST.note.p7s`, `.tsr` | signature by `evidence.pem` (CMS), time-stamp of an authority (RFC 3161, if there is one) |
        | `policy.txt`, `log.pem`, `evidence.pem` | the log's key twice, the evidence certificate |

        ## What it proves, and what not
        \(proof)
        """ + "\n"
    }

    private var period: String { "from \(PackageScope.text(scope.from)) until before \(PackageScope.text(scope.until))" }

    private var about: String {
        switch scope.kind {
        case .vendor(let vendor):
            "What \(organisation) sent to the vendor `\(vendor)`, or refused to send, \(period).\n"
                + "Entries \(scope.first) to before \(scope.end).\n"
        case .subject: "What \(organisation) sent about one person, \(period). **Keep it private: `openings.ndjson` tells about whom.**\n"
        }
    }

    private var subjectCommand: String {
        scope.kind == .subject
            ? "\npython3 verify.py --identifier email:…   # shows which transfers commit to an identifier that you know" : ""
    }

    private var openingsRow: String {
        scope.kind == .subject
            ? "\n| `openings.ndjson` | for each transfer what opens its commitment to this person, and their decision lines |"
            : ""
    }

    private var proof: String {
        let common = [
            "- Every entry is in the log with that checkpoint, unchanged: its hash leads through the tiles to the signed root.",
            "- Each outcome belongs to its intent. An intent was durable before the first byte left; one that ended `unknown`",
            "  counts as disclosed.",
        ]
        let vendor = [
            "- **Complete**, if `gaps.json` says `\"complete\":true`: the vendor's intents are counted without gaps (`vseq`) in each run",
            "  of the gate, every seal names the last one, and entries around the period show its edges. Where an end is `unproven`,",
            "  the log held nothing yet to show it: ask for a package made a minute later. An end shown by a `seal` alone rests on",
            "  the seals in here being all there were: the vendor's next intent, in a later package, shows it for good.",
            "- Denials and refused requests have no sequence of the vendor's: that none is missing is not proven.",
            "- Of other vendors it holds no entry. Seals name those that were active, with counts and hashes.",
        ]
        let subject = [
            "- A transfer was about a person whose identifier you know: `r` of that transfer and the identifier give one of the",
            "  commitments under `subj.root`. It opens this transfer and no other, and this person and no other in it.",
            "- What was decided on this person's records: the lines and their key give `dec.root`. Other people's lines stand as",
            "  keyed hashes.",
            "- Not that these are all transfers about the person: nothing counts them. Denials name nobody, so they are not here.",
        ]
        let limits = [
            "- Not: traffic that went around the gate (compare with what the vendor received), nor that the whole log was not",
            "  rewritten by whoever holds its key before this checkpoint: only a checkpoint kept elsewhere, a witness or the",
            "  time-stamp shows that.",
        ]
        return (common + (scope.kind == .subject ? subject : vendor) + limits).joined(separator: "\n")
    }
}
