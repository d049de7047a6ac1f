import NIOSSL

/// TLS towards vendors: 1.2 or later, the system's roots and those of `trust`, full verification with the destination's name.
enum UpstreamTLS {
    static var configuration: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = .fullVerification
        configuration.applicationProtocols = ["http/1.1"]
        return configuration
    }

    static func context(trust: [String]) throws(ProxyError) -> NIOSSLContext {
        var configuration = configuration
        for path in trust { configuration.additionalTrustRoots.append(.certificates(try certificates(path))) }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw ProxyError(code: .trustUnreadable, message: "TLS towards vendors cannot be set up: \(error).")
        }
    }

    /// `named`: where the path stands.
    static func certificates(_ path: String, named: String = "'trust'") throws(ProxyError) -> [NIOSSLCertificate] {
        let remedy = "give a PEM file with at least one CERTIFICATE block, or remove it from \(named)"
        do {
            let certificates = try NIOSSLCertificate.fromPEMFile(path)
            guard !certificates.isEmpty else {
                throw ProxyError(code: .trustUnreadable, message: "The file \(path) holds no certificate; \(remedy).")
            }
            return certificates
        } catch let error as ProxyError {
            throw error
        } catch {
            throw ProxyError(code: .trustUnreadable, message: "The file \(path) cannot be read (\(error)); \(remedy).")
        }
    }
}

/// TLS of a listener.
enum ListenerTLS {
    /// What callers may choose, the preferred first; a proxy's own connection is HTTP/1.1's, because `CONNECT` is.
    static func protocols(_ kind: ProxyConfiguration.Listener.Kind) -> [String] {
        switch kind {
        case .gate: ["h2", "http/1.1"]
        case .proxy: ["http/1.1"]
        }
    }

    static func context(_ tls: ProxyConfiguration.Listener.TLS, for kind: ProxyConfiguration.Listener.Kind) throws(ProxyError)
        -> NIOSSLContext
    {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(tls.certificatePath).map { NIOSSLCertificateSource.certificate($0) }
            let key = try NIOSSLPrivateKey(file: tls.keyPath, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = protocols(kind)
            if let path = tls.clientCAPath {
                // Asked for, not required: a token names a caller as well. One that is shown must be good.
                configuration.certificateVerification = .optionalVerification
                configuration.trustRoots = .certificates(try UpstreamTLS.certificates(path))
                configuration.sendCANameList = true
            }
            return try NIOSSLContext(configuration: configuration)
        } catch let error as ProxyError {
            throw error
        } catch {
            throw ProxyError(
                code: .certificateUnreadable,
                message: "The listener's certificate \(tls.certificatePath) and key \(tls.keyPath) cannot be used (\(error)); "
                    + "give a PEM chain, leaf first, and its unencrypted key.")
        }
    }
}
