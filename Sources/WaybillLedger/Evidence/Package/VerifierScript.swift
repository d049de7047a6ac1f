/// `verify.py` as it stands in every package: the file of that name beside this one, put into the binary at build time.
package enum VerifierScript {
    package static var bytes: [UInt8] { PackageResources.verify_py }
}
