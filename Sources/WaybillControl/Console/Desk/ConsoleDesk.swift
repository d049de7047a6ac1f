import Synchronization
package import WaybillCore
import WaybillLedger

/// What the console's own pages share: what they read, the acts of audits, verification under way, and the last figures.
package final class ConsoleDesk: Sendable {
    /// The overview's figures are counted at most so often.
    static let figuresSecondsMax: Int64 = 15
    static let overviewDays: Int32 = 30

    let sources: any ConsoleSources
    let administration: Administration
    let verification: ConsoleJob<ConsoleVerification>
    let drawing: ConsoleJob<Drawn>
    private let figures = Mutex<(at: Timestamp, of: TransferFilter, counts: TransferStatistics.Counts)?>(nil)

    package init(sources: any ConsoleSources, administration: Administration, clock: any WallClock = SystemWallClock()) {
        self.sources = sources
        self.administration = administration
        verification = ConsoleJob(clock: clock)
        drawing = ConsoleJob(clock: clock)
    }

    /// False: one is under way.
    @discardableResult
    func beginVerification(by who: String) async -> Bool {
        await verification.begin(by: who) { [sources] progress in try await sources.verify(progress: progress) }
    }

    struct Drawn: Sendable {
        var engagement: String
        var sample: Engagement.Sample
        var drawn: AuditSample
    }

    /// Of the last 30 days, in whole days: then the index has every sum ready.
    func lastDays(_ principal: Principal?, now: Timestamp) async throws -> TransferStatistics.Counts {
        var filter = Self.seen(TransferFilter(), by: principal)
        filter.since = Day(number: now.day.number - Self.overviewDays + 1).start
        let known = figures.withLock { figures in
            figures.flatMap { $0.of == filter && now < $0.at.adding(seconds: Self.figuresSecondsMax) ? $0.counts : nil }
        }
        if let known { return known }
        let counts = try await sources.statistics(filter)
        figures.withLock { $0 = (now, filter, counts) }
        return counts
    }

    /// Narrowed to what somebody may see.
    static func seen(_ filter: TransferFilter, by principal: Principal?) -> TransferFilter {
        var filter = filter
        if let vendor = principal?.vendor { filter.vendor = vendor }
        if let caller = principal?.caller { filter.caller = caller }
        return filter
    }
}

/// The banners of every page: stops, report mode, a log that takes no entries, policy files that were refused.
package struct GateStanding: ConsoleStanding {
    private let sources: any ConsoleSources
    package init(_ sources: any ConsoleSources) { self.sources = sources }

    package func banners(now: Timestamp) async -> [ConsoleBanner] {
        var banners: [ConsoleBanner] = []
        let state = await sources.state()
        if let why = state.logFailure {
            banners.append(
                ConsoleBanner(
                    .danger, "The log takes no entries, so nothing is sent: \(why)", permission: .useOwnAccount, path: "/console/log",
                    link: "State of the log"))
        }
        do {
            let stops = try await sources.stops()
            if !stops.isEmpty {
                let names = stops.prefix(3).map(\.target.name).joined(separator: ", ")
                let more = stops.count > 3 ? " and \(stops.count - 3) more" : ""
                banners.append(
                    ConsoleBanner(
                        .danger, "Stopped now: \(names)\(more).", permission: .readPolicies, path: "/console/overview#attention",
                        link: "Who stopped it, when and why"))
            }
        } catch {
            banners.append(ConsoleBanner(.danger, "What is stopped cannot be read now.", permission: .readPolicies))
        }
        let reporting = sources.policies.agreements.filter { agreement in
            if case .report(let until) = agreement.mode { now < until } else { false }
        }
        if !reporting.isEmpty {
            let names = reporting.prefix(3).map { "\($0.id)@\($0.version)" }.joined(separator: ", ")
            banners.append(
                ConsoleBanner(
                    .warning,
                    "Report mode: unlisted fields and volume are only watched under \(names)"
                        + (reporting.count > 3 ? " and \(reporting.count - 3) more." : "."),
                    permission: .readPolicies, path: "/console/overview#attention", link: "Until when"))
        }
        if state.policyFailure != nil {
            banners.append(
                ConsoleBanner(
                    .warning, "The policy files on disk were refused; the set before them is in force.", permission: .readPolicies,
                    path: "/console/overview#attention", link: "Why"))
        }
        return banners
    }
}
