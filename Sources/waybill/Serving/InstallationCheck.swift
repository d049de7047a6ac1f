import WaybillCore
import WaybillProxy

/// `serve --check`: everything that can be known without starting. Changes nothing.
struct InstallationCheck {
    let settings: Settings

    func run() throws {
        let keys = settings.keys
        if try failing({ () throws(SystemError) in try Files.facts(keys) }) != nil {
            let directory = try KeyDirectory(keys, create: false)
            if try directory.privateText("master.key") != nil { _ = try directory.masterKey(create: false) }
            if try directory.privateText("log.key") != nil {
                let rotation = LogKeyRotation(keys: directory)
                _ = (try rotation.overlapping(try directory.logKey(create: false)), try rotation.retired())
            }
            _ = try InterceptionCA.existing(in: directory)
        }
        let policies = try Wiring.policies(settings)
        let set = try policies.loadForCommand()
        let secrets = try Wiring.secrets(settings, set)
        try Wiring.checkTrust(settings)
        if settings.control != nil { for name in ["metrics_token", "log_token"] { _ = try Wiring.token(name, settings) } }
        _ = try SinkWiring.sinks(settings)
        do throws(ProxyError) {
            try GateState.check(set.vendors, secrets: secrets, trust: Wiring.vendorTrust(settings))
        } catch {
            throw CommandFailure(error.message.withoutFullStop)
        }
    }
}
