/// `docs/reference/configuration.md`, written from the table of keys.
enum ConfigurationReference {
    static var text: String {
        """
        # Configuration

        <!-- Generated: waybill reference configuration > docs/reference/configuration.md -->

        `waybill.yaml` is read first, then the environment, then flags; the later wins. A key `a.b` is written `a: {b: …}` in the file,
        `WAYBILL_A_B` in the environment and `--set a.b=…` on the command line; lists are separated by commas outside the file,
        mappings are `from=to` pairs. Every key has a default. A key that is not listed here is refused with its line and column.
        Relative paths are relative to the directory of the configuration file. `waybill serve --check` validates everything and
        starts nothing.

        | key | holds | default | meaning |
        |---|---|---|---|

        """
            + ConfigurationKey.all.map { key in
                "| `\(key.name)` | \(key.expectation) | \(key.fallback.map { "`\($0)`" } ?? "") | \(key.summary) |\n"
            }.joined()
                + """

                A listener is one address, or a mapping with its TLS files:

                ```yaml
                listen:
                  gate: {address: 0.0.0.0:8443, tls: {certificate: certs/gate.pem, key: certs/gate.key}}
                ```

                Plain HTTP off the loopback interface is refused unless `insecure: true` says so. Port 0 picks a free port; the line
                `{"event":"ready",…}` on standard output names it.

                """ + SinkReference.text
    }
}
