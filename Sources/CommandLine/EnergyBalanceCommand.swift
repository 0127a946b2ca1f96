import ArgumentParser
import Daemon
import Energy
import Model
import Store

/// `frostline energy balance`: main meters against their children, and faults of the wiring.
struct EnergyBalanceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balance",
        abstract: "Main meters against the sum of their children, and wiring held to physics.",
        discussion: """
            Balances stand under `balances` in the site file; without any, what came in is held \
            against IT, cooling and other uses. Exit 1: a balance does not close, or a check failed.
            """)

    @Option(help: "The month, as 2026-10.")
    var month: MonthArgument

    @Flag(help: "Only balances: leave out the checks of the wiring.")
    var onlyBalances = false

    @OptionGroup var options: SiteOptions

    private struct Answer: Encodable {
        struct Balance: Encodable {
            var name: String
            var main: String
            /// Energies are left out where no quarter hour has all meters.
            var mainKilowattHours: String?
            var children: [String: String]
            var unaccountedKilowattHours: String?
            var unaccountedPercent: String?
            var toleranceKilowattHours: String?
            var allowedKilowattHours: [String]?
            var quarterHours: Int
            var pairedQuarterHours: Int
            var verdict: String
            var candidates: [String]
            var metersWithoutClass: [String]
        }
        struct Finding: Encodable {
            var check: String
            var device: String
            var failedHours: Int
            var hours: Int
            var numbers: String
        }
        var month: String
        var balances: [Balance]
        var devicesChecked: Int
        var checks: [String: Int]
        var findings: [Finding]
    }

    func run() throws {
        let configuration = try options.configuration()
        let site = configuration.site
        try month.requireBegun(site)
        let range = TimeRange.month(
            year: month.year, month: month.month, offsetMinutes: site.offsetMinutes)
        let end = max(range.start, min(range.end, currentInstant()))
        let span = TimeRange(start: range.start, end: end)
        let isWanted = !onlyBalances
        let (balances, wiring, swapped) = try withStore(options.locations) {
            reader throws(StoreError) in
            let source = BalanceSource(reader: reader, site: site)
            let ledgers = LedgerSource(reader: reader, site: site, now: currentInstant())
            var ledger: [String: [LedgerEntry]] = [:]
            for meter in site.meters {
                ledger[meter.name] = try ledgers.entries(meter, span)
            }
            let known = ledger
            let balances = source.balances(span) { known[$0.name] ?? [] }
            guard isWanted, span.start < span.end else {
                return (balances, [WiringCheck](), [WiringCheck.Finding]())
            }
            let found = try source.wiring(span)
            return (balances, found.checks, found.swapped)
        }
        let findings = wiring.flatMap(\.findings) + swapped
        if options.json {
            try Output.json(answer(balances, wiring, findings))
        } else {
            write(balances, wiring, findings)
        }
        guard !balances.isEmpty else {
            throw CommandFailure(
                .no, "the site file has no `balances`, and roles of its meters make none")
        }
        let open = balances.count { $0.verdict != .closes }
        if open > 0 || !findings.isEmpty {
            throw CommandFailure(
                .no,
                "\(open) of \(balances.count) balances do not close, \(findings.count) checks of "
                    + "the "
                    + "wiring failed")
        }
    }

    private func kilowattHours(_ wattHours: Int64) -> String {
        FixedDecimal(mantissa: wattHours, scale: 3).description
    }

    private func checks(_ wiring: [WiringCheck]) -> [String: Int] {
        var counts: [String: Int] = [:]
        for check in wiring {
            for kind in check.checked { counts[kind.rawValue, default: 0] += 1 }
        }
        return counts
    }

    private func answer(
        _ balances: [BalanceCheck], _ wiring: [WiringCheck], _ findings: [WiringCheck.Finding]
    ) -> Answer {
        Answer(
            month: month.text,
            balances: balances.map { check in
                let isKnown = check.paired > 0
                return Answer.Balance(
                    name: check.balance.name, main: check.balance.main,
                    mainKilowattHours: isKnown ? kilowattHours(check.main) : nil,
                    children: Dictionary(
                        isKnown
                            ? check.children.map { ($0.name, kilowattHours($0.wattHours)) } : [],
                        uniquingKeysWith: { first, _ in first }),
                    unaccountedKilowattHours: isKnown ? kilowattHours(check.unaccounted) : nil,
                    unaccountedPercent: check.percent?.description,
                    toleranceKilowattHours: check.tolerance.map(kilowattHours),
                    allowedKilowattHours: check.allowed.map {
                        [kilowattHours($0.lowerBound), kilowattHours($0.upperBound)]
                    }, quarterHours: check.expected, pairedQuarterHours: check.paired,
                    verdict: check.verdict.rawValue, candidates: check.candidates,
                    metersWithoutClass: check.unclassed)
            }, devicesChecked: wiring.count, checks: checks(wiring),
            findings: findings.map {
                Answer.Finding(
                    check: $0.kind.rawValue, device: $0.device, failedHours: $0.failed,
                    hours: $0.looked, numbers: $0.numbers)
            })
    }

    private func write(
        _ balances: [BalanceCheck], _ wiring: [WiringCheck], _ findings: [WiringCheck.Finding]
    ) {
        for check in balances {
            Output.line(
                Output.clean(
                    "\(check.balance.displayName) (\(check.balance.name)): "
                        + "\(check.verdict.chinese) \(check.verdict.rawValue)"))
            func energy(_ wattHours: Int64) -> String {
                check.paired > 0 ? kilowattHours(wattHours) : "–"
            }
            var table = TextTable([("METER", .left), ("KWH", .right)])
            table.add([check.balance.main, energy(check.main)])
            for child in check.children.prefix(40) {
                table.add(["  − " + child.name, energy(child.wattHours)])
            }
            if check.children.count > 40 {
                let rest = check.children.dropFirst(40).reduce(0) { $0 &+ $1.wattHours }
                table.add(["  − \(check.children.count - 40) more", energy(rest)])
            }
            let percent = check.percent.map { " (\($0) %)" } ?? ""
            table.add(["= 未计量 unaccounted" + percent, energy(check.unaccounted)])
            table.write()
            if let allowed = check.allowed {
                let limits =
                    check.tolerance.map { "classes of the meters ±\(kilowattHours($0))" }
                    ?? "what is plausible, for \(check.unclassed.count) meters have no class"
                Output.line(
                    "allowed \(kilowattHours(allowed.lowerBound)) … "
                        + "\(kilowattHours(allowed.upperBound)) kWh: known losses "
                        + (check.balance.losses.map { "\($0.lowerBound) … \($0.upperBound) %" }
                            ?? "none") + ", " + limits)
            }
            Output.line("\(check.paired) of \(check.expected) quarter hours have all meters")
            for candidate in check.candidates { Output.line("  candidate: \(candidate)") }
        }
        guard !onlyBalances else { return }
        let counts = checks(wiring).sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        Output.line("wiring: \(wiring.count) devices looked at (\(counts))")
        for finding in findings {
            Output.line(
                Output.clean(
                    "\(finding.kind.rawValue) \(finding.device): \(finding.kind.chinese); "
                        + "\(finding.failed) of \(finding.looked) hours; \(finding.numbers)"))
        }
    }
}
