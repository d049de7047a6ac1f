import WaybillCore
import WaybillLedger
import WaybillProxy

/// One CA follows another: first callers come to trust both, then the new one signs. Every step leaves a whole CA in place.
struct CARotation {
    let keys: KeyDirectory

    /// Makes the CA that is to follow. The present one goes on signing.
    func begin(organisation: String, permit: [String], now: Timestamp) throws(CommandFailure) -> InterceptionCA {
        guard let ca = try InterceptionCA.existing(in: keys) else { throw CARotation.nothingToReplace(keys) }
        guard ca.next == nil else {
            throw CommandFailure(
                "a CA waits to follow already (\(keys.file(InterceptionCA.nextCertificateFile)))",
                remedy: "let it sign with `waybill ca rotate --complete`, or remove it with `waybill ca rotate --abandon`")
        }
        try finishInterrupted()
        let next = try InterceptionCA.make(organisation: organisation, permit: permit, now: now)
        guard try keys.create(InterceptionCA.nextCertificateFile, text: next.certificatePEM),
            try keys.create(InterceptionCA.nextKeyFile, text: next.keyPEM)
        else {
            throw CommandFailure("another process is rotating the CA in \(keys.path)", remedy: "look with `waybill ca show --details`")
        }
        return InterceptionCA(authority: ca.authority, next: next)
    }

    /// The new CA signs from now on. The old certificate is kept under a name of its own; its key is gone, since nothing may be
    /// signed by it any more.
    func complete() throws(CommandFailure) -> InterceptionCA {
        guard let ca = try InterceptionCA.existing(in: keys) else { throw CARotation.nothingToReplace(keys) }
        if try InterceptionCA.isInterrupted(keys) {
            try finishInterrupted()
            return ca
        }
        guard let next = ca.next else {
            throw CommandFailure("no CA waits to follow", remedy: "make one with `waybill ca rotate`")
        }
        _ = try keys.create(CARotation.retiredFile(ca.authority), text: ca.authority.certificatePEM)
        try keys.move(InterceptionCA.nextKeyFile, to: InterceptionCA.keyFile)
        try keys.move(InterceptionCA.nextCertificateFile, to: InterceptionCA.certificateFile)
        return InterceptionCA(authority: next, next: nil)
    }

    /// Removes the CA that was to follow, whole or half.
    func abandon() throws(CommandFailure) {
        try finishInterrupted()
        // The key first: it is the dangerous half.
        let removed = [try keys.remove(InterceptionCA.nextKeyFile), try keys.remove(InterceptionCA.nextCertificateFile)]
        guard removed.contains(true) else { throw CommandFailure("no CA waits to follow", remedy: "nothing is to be done") }
    }

    /// Where making a CA, or a completion, stopped half-way, its second half.
    func finishInterrupted() throws(CommandFailure) {
        if let certificate = try keys.privateText(InterceptionCA.certificateFile), try keys.privateText(InterceptionCA.keyFile) == nil {
            try keys.move(InterceptionCA.unfinishedKeyFile(certificate), to: InterceptionCA.keyFile)
        }
        guard try InterceptionCA.isInterrupted(keys) else { return }
        try keys.move(InterceptionCA.nextCertificateFile, to: InterceptionCA.certificateFile)
    }

    static func retiredFile(_ authority: InterceptionAuthority) -> String { "ca-retired-\(authority.mark).pem" }

    private static func nothingToReplace(_ keys: KeyDirectory) -> CommandFailure {
        CommandFailure("there is no CA in \(keys.path) yet", remedy: "make one with `waybill ca init`")
    }
}
