import WaybillCore
import WaybillLedger

/// The transfer log's metrics.
enum LogMetrics {
    private static let entries = MetricFamily.Definition("waybill_log_entries", .gauge, "Entries in the transfer log.")
    private static let open = MetricFamily.Definition(
        "waybill_log_open", .gauge, "1: the log takes entries; 0: it does not, and nothing is sent.")
    private static let queued = MetricFamily.Definition(
        "waybill_log_queued", .gauge, labels: ["kind"],
        "What waits for a commit: intents hold up a transfer, others (outcomes, denials, notices) ride along.")
    private static let queuedBytes = MetricFamily.Definition("waybill_log_queued_bytes", .gauge, "Bytes of waiting intents.")
    private static let lag = MetricFamily.Definition(
        "waybill_log_lag_seconds", .gauge, "How long the oldest intent without a commit has waited.")
    private static let unsigned = MetricFamily.Definition(
        "waybill_log_unsigned_entries", .gauge, "Entries behind the last signed checkpoint.")
    private static let checkpoint = MetricFamily.Definition(
        "waybill_log_checkpoint_age_seconds", .gauge,
        "Since a checkpoint was last signed; without entries none is due, so look at it together with the unsigned entries.")

    static let definitions = [entries, open, queued, queuedBytes, lag, unsigned, checkpoint]

    static func families(_ status: TransferLog.Status, _ load: LogLoad) -> [MetricFamily] {
        [
            MetricFamily(entries, count: status.size), MetricFamily(open, count: status.state == .open ? 1 : 0),
            MetricFamily(
                queued, [.init(["intent"], .number(Double(load.queuedIntents))), .init(["other"], .number(Double(load.queuedOthers)))]),
            MetricFamily(queuedBytes, count: load.queuedBytes), MetricFamily(lag, number: Double(load.oldestMilliseconds) / 1_000),
            MetricFamily(unsigned, count: status.size >= status.signedSize ? status.size - status.signedSize : 0),
            MetricFamily(checkpoint, status.checkpointAgeMilliseconds().map { [.init([], .number(Double($0) / 1_000))] } ?? []),
        ]
    }
}

/// What the gate runs on.
enum ServingMetrics {
    private static let build = MetricFamily.Definition("waybill_build_info", .gauge, labels: ["version"], "1, with the program's version.")
    private static let policyInfo = MetricFamily.Definition(
        "waybill_policy_info", .gauge, labels: ["digest"], "1, with the digest of the policy set in force.")
    private static let loaded = MetricFamily.Definition(
        "waybill_policy_loaded_timestamp_seconds", .gauge, "When the policy set in force was loaded.")
    private static let refused = MetricFamily.Definition(
        "waybill_policy_files_refused", .gauge, "1: the files on disk are broken and an older set is in force.")
    private static let identifiers = MetricFamily.Definition(
        "waybill_subject_identifiers", .gauge, "Identifiers of subjects in the index.")
    private static let indexOpen = MetricFamily.Definition(
        "waybill_subject_index_open", .gauge, "1: the index of subjects is whole; 0: nothing is decided.")

    static let definitions = [build, policyInfo, loaded, refused, identifiers, indexOpen]

    static func families(policy: PolicyStatus, index: SubjectIndex) -> [MetricFamily] {
        [
            MetricFamily(build, [.init([Waybill.version], .count(1))]), MetricFamily(policyInfo, [.init([policy.digest], .count(1))]),
            MetricFamily(loaded, number: Double(policy.loadedAt.milliseconds) / 1_000),
            MetricFamily(refused, count: policy.failure == nil ? 0 : 1), MetricFamily(identifiers, count: index.memory.identifiers),
            MetricFamily(indexOpen, count: index.isOpen ? 1 : 0),
        ]
    }
}

/// The process, under the names that Prometheus' own libraries use.
enum ProcessMetrics {
    private static let cpu = MetricFamily.Definition(
        "process_cpu_seconds_total", .counter, "User and system CPU time spent in seconds.")
    private static let resident = MetricFamily.Definition("process_resident_memory_bytes", .gauge, "Resident memory size in bytes.")
    private static let files = MetricFamily.Definition("process_open_fds", .gauge, "Number of open file descriptors.")
    private static let filesMax = MetricFamily.Definition("process_max_fds", .gauge, "Maximum number of open file descriptors.")

    static let definitions = [cpu, resident, files, filesMax]

    static func families(_ facts: ProcessFacts) -> [MetricFamily] {
        [
            MetricFamily(cpu, number: facts.cpuSeconds), MetricFamily(resident, facts.residentBytes.map { [.init([], .count($0))] } ?? []),
            MetricFamily(files, facts.openFiles.map { [.init([], .count($0))] } ?? []), MetricFamily(filesMax, count: facts.openFilesMax),
        ]
    }
}
