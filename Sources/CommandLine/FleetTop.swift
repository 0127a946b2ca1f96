import Console
import Daemon
import Energy
import Fleet
import Model
import Synchronization

/// `frostline top --fleet`.
enum FleetTop {
    /// The console, until the user leaves; its exit code.
    static func run(_ file: FleetFile, isASCII: Bool) -> Int32 {
        let reader = Mutex(FleetReader(file))
        return FleetApp.run(target: target(file), isASCII: isASCII) {
            reader.withLock { reader in
                do throws(RemoteReadError) {
                    return .success(try reader.picture(at: currentInstant()))
                } catch {
                    return .failure(FleetApp.Problem(error.description))
                }
            }
        }
    }

    /// One picture as text or JSON.
    static func once(_ file: FleetFile, json: Bool) throws {
        var reader = FleetReader(file)
        let picture: FleetPicture
        do throws(RemoteReadError) {
            picture = try reader.picture(at: currentInstant())
        } catch {
            throw CommandFailure(.unreachable, error.description)
        }
        if json { try Output.json(FleetAnswer(picture)) } else { write(picture) }
        if picture.totals.reporting == 0 { throw CommandFailure(.no, "no site reports") }
    }

    /// The engine's host; the rest of the address may hold a secret.
    private static func target(_ file: FleetFile) -> String {
        let url = file.remote.url.reveal
        let rest = url.split(separator: "/").dropFirst().first ?? ""
        return String(rest.split(separator: "@").last ?? "")
    }

    private static func write(_ picture: FleetPicture) {
        var table = TextTable([
            ("STATE", .left), ("SITE", .left), ("DEVICES", .right), ("IT KW", .right),
            ("TOTAL KW", .right), ("PUE", .right), ("MONTH", .right), ("CAT", .right),
            ("ALARMS C H M L", .left), ("AGE", .right),
        ])
        for site in picture.sites {
            let figures = site.figures
            let devices = figures.flatMap { figures in
                figures.devicesTotal.map { total in
                    "\(figures.devicesAnswering.map { "\($0)" } ?? "–")/\(total)"
                }
            }
            table.add([
                FleetView.word(for: site.state),
                site.isListed ? site.name : site.name + " (unlisted)",
                devices ?? "–", kilowatts(figures?.itWatts),
                kilowatts(figures?.totalWatts), figures?.pue.map { decimal($0, 3) } ?? "–",
                figures?.month?.pue?.decimal(3).description ?? "–",
                figures?.category.map { "\($0.rawValue)" } ?? "–",
                figures.map { $0.alarms.map { $0.map { "\($0)" } ?? "–" }.joined(separator: " ") }
                    ?? "–",
                site.ageMS.map { NumberText.age($0) } ?? "–",
            ])
        }
        table.write()
        let totals = picture.totals
        Output.line(
            "\(totals.sites) sites: \(totals.reporting) live, \(totals.silent) silent, "
                + "\(totals.missing) missing"
                + (totals.reporting > 0
                    ? "; devices \(totals.devicesAnswering)/\(totals.devicesTotal); alarms "
                        + totals.alarms.map { "\($0)" }.joined(separator: " ") : ""))
        Output.line(
            "IT \(kilowatts(totals.itSites > 0 ? totals.itWatts : nil)) kW of \(totals.itSites) "
                + "sites, total \(kilowatts(totals.totalSites > 0 ? totals.totalWatts : nil)) kW "
                + "of \(totals.totalSites)")
        for category in totals.categories {
            Output.line(
                "PUE\(category.category.rawValue) \(category.pue?.decimal(3).description ?? "–") "
                    + "of \(category.sites) sites, of the month "
                    + "\(category.month.pue?.decimal(3).description ?? "–") of "
                    + "\(category.monthSites)")
        }
    }

    private static func kilowatts(_ watts: Int64?) -> String {
        watts.map { FixedDecimal(mantissa: $0.dividedHalfUp(by: 100), scale: 1).description } ?? "–"
    }
}

/// A picture as JSON; what is unknown is left out.
private struct FleetAnswer: Encodable {
    struct Month: Encodable {
        var pue: String?
        var totalWattHours: Int64
        var itWattHours: Int64
        var coverage: Double
        init(_ energy: PairedEnergy) {
            pue = energy.pue?.decimal(4).description
            totalWattHours = energy.totalWattHours
            itWattHours = energy.itWattHours
            coverage = energy.coverage
        }
    }
    struct Site: Encodable {
        var site: String
        var displayName: String
        var state: String
        var listed: Bool
        var ageMS: Int64?
        var devicesTotal: Int64?
        var devicesAnswering: Int64?
        var totalWatts: Int64?
        var itWatts: Int64?
        var coolingWatts: Int64?
        var pue: Double?
        var pueCategory: Int?
        var month: Month?
        var alarmsCritical: Int64?
        var alarmsHigh: Int64?
        var alarmsMedium: Int64?
        var alarmsLow: Int64?
    }
    struct Category: Encodable {
        var pueCategory: Int
        var sites: Int
        var pue: String?
        var monthSites: Int
        var month: Month
    }
    var timeMS: Int64
    var sites: [Site]
    var reporting: Int
    var silent: Int
    var missing: Int
    var unlisted: Int
    /// Of the sites that report.
    var devicesTotal: Int64?
    var devicesAnswering: Int64?
    var totalWatts: Int64?
    var itWatts: Int64?
    var alarms: [Int64]?
    var categories: [Category]

    init(_ picture: FleetPicture) {
        timeMS = picture.timeMS
        sites = picture.sites.map { site in
            let figures = site.figures
            return Site(
                site: site.name, displayName: site.displayName,
                state: FleetView.word(for: site.state), listed: site.isListed, ageMS: site.ageMS,
                devicesTotal: figures?.devicesTotal, devicesAnswering: figures?.devicesAnswering,
                totalWatts: figures?.totalWatts, itWatts: figures?.itWatts,
                coolingWatts: figures?.coolingWatts, pue: figures?.pue,
                pueCategory: figures?.category?.rawValue, month: figures?.month.map { Month($0) },
                alarmsCritical: figures?.alarms[0], alarmsHigh: figures?.alarms[1],
                alarmsMedium: figures?.alarms[2], alarmsLow: figures?.alarms[3])
        }
        let totals = picture.totals
        reporting = totals.reporting
        silent = totals.silent
        missing = totals.missing
        unlisted = totals.unlisted
        devicesTotal = totals.reporting > 0 ? totals.devicesTotal : nil
        devicesAnswering = totals.reporting > 0 ? totals.devicesAnswering : nil
        totalWatts = totals.totalSites > 0 ? totals.totalWatts : nil
        itWatts = totals.itSites > 0 ? totals.itWatts : nil
        alarms = totals.reporting > 0 ? totals.alarms : nil
        categories = totals.categories.map {
            Category(
                pueCategory: $0.category.rawValue, sites: $0.sites,
                pue: $0.pue?.decimal(4).description, monthSites: $0.monthSites,
                month: Month($0.month))
        }
    }
}
