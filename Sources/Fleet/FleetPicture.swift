package import Energy
import Model

/// One of many sites, as an engine knows it.
package struct FleetSite: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
        /// Listed, and not heard for `FleetQuestion.sightingDays`.
        case missing
        /// Heard, but longer ago than its own figures are apart.
        case silent
        case reporting
    }
    package var name: String
    package var displayName: String
    package var state: State
    /// False for one that forwards and is not in the fleet file.
    package var isListed: Bool
    /// When its last figures are of, milliseconds since 1970; nil for one that is missing.
    package var lastMS: Int64?
    /// Age of its last figures.
    package var ageMS: Int64?
    /// Nil unless it is reporting: what was is not what is.
    package var figures: FleetFigures?
}

/// What a site says of itself, all of one moment. Nil is unknown, and never zero.
package struct FleetFigures: Sendable, Equatable {
    package var devicesTotal: Int64?
    package var devicesAnswering: Int64?
    package var totalWatts: Int64?
    package var itWatts: Int64?
    package var coolingWatts: Int64?
    package var pue: Double?
    package var category: PUECategory?
    /// The civil month that `month` is of, as 202611.
    package var monthNumber: Int64?
    package var month: PairedEnergy?
    /// Critical, high, medium, low.
    package var alarms: [Int64?]
    package var readingsPerMinute: Int64?
    package var storeDelaySeconds: Double?
    package var forwardLagSeconds: Int64?
    package var shedLevel: Int64?
}

/// Sums over the sites whose IT energy is measured at the same place: ratios of others do not mix.
package struct FleetCategory: Sendable, Equatable {
    package var category: PUECategory
    /// Now: sites that know both powers, and those powers.
    package var sites = 0
    package var totalWatts: Int64 = 0
    package var itWatts: Int64 = 0
    /// The month: sites that know some of it, and energy of all their quarter hours.
    package var monthSites = 0
    package var month = PairedEnergy()

    package var pue: ExactRatio? { ExactRatio(totalWatts, itWatts) }
}

package struct FleetTotals: Sendable, Equatable {
    package var sites = 0
    package var reporting = 0
    package var silent = 0
    package var missing = 0
    package var unlisted = 0
    package var devicesTotal: Int64 = 0
    package var devicesAnswering: Int64 = 0
    /// Powers of the sites that know them; how many those are stands beside.
    package var totalWatts: Int64 = 0
    package var totalSites = 0
    package var itWatts: Int64 = 0
    package var itSites = 0
    /// Critical, high, medium, low, of the sites that report.
    package var alarms: [Int64] = [0, 0, 0, 0]
    package var categories: [FleetCategory] = []
}

/// Many sites at one moment.
package struct FleetPicture: Sendable, Equatable {
    /// Milliseconds since 1970.
    package var timeMS: Int64
    package var sites: [FleetSite]
    package var totals: FleetTotals

    /// A site's own figures are 10 s apart and are sent every 5 s, 2 s after they were stored;
    /// with a second or two at the engine, 20 s is the oldest that is current. One more step.
    package static let silentMilliseconds: Int64 = 30_000

    init(timeMS: Int64, sites: [FleetSite]) {
        self.timeMS = timeMS
        self.sites = sites
        totals = FleetTotals(sites)
    }

    /// - Parameters:
    ///   - answer: the newest samples of each site.
    ///   - heard: when sites were heard last, also those that `answer` does not know.
    init(
        at now: Instant, file: FleetFile, answer: FleetAnswer, heard: [String: Int64]
    ) {
        let listed = Dictionary(
            file.sites.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let names = Set(listed.keys).union(heard.keys).union(answer.sites.keys)
        let sites = names.sorted().map { name in
            let samples = answer.sites[name] ?? [:]
            let last = [samples[FleetQuestion.heartbeat]?.time, heard[name]].compactMap(\.self)
                .max()
            let age = last.map { max(0, now.milliseconds - $0) }
            let state: FleetSite.State =
                switch age {
                case nil: .missing
                case let age? where age > Self.silentMilliseconds: .silent
                default: .reporting
                }
            return FleetSite(
                name: name, displayName: listed[name]?.displayName ?? name, state: state,
                isListed: file.sites.isEmpty || listed[name] != nil, lastMS: last, ageMS: age,
                figures: state == .reporting
                    ? FleetFigures(samples, now, offsetMinutes: file.offsetMinutes) : nil)
        }
        self.init(timeMS: now.milliseconds, sites: sites)
    }
}

extension FleetFigures {
    init(_ samples: [String: FleetAnswer.Sample], _ now: Instant, offsetMinutes: Int) {
        let time = samples[FleetQuestion.heartbeat]?.time
        func value(_ point: String, _ digits: Int8 = 0) -> Int64? {
            guard let sample = samples[point], sample.time == time else { return nil }
            return sample.value.rescaled(to: digits)?.mantissa
        }
        devicesTotal = value("devices.total")
        devicesAnswering = value("devices.answering")
        totalWatts = value("total.power")
        itWatts = value("it.power")
        coolingWatts = value("cooling.power")
        pue = value("pue", 4).map { Double($0) / 10_000 }
        category = value("pue.category").flatMap { PUECategory(rawValue: Int($0)) }
        alarms = ["critical", "high", "medium", "low"].map { value("alarms." + $0) }
        readingsPerMinute = value("collector.readings.rate")
        storeDelaySeconds = value("collector.store.delay", 1).map { Double($0) / 10 }
        forwardLagSeconds = value("collector.forward.lag")
        shedLevel = value("collector.shed.level")
        monthNumber = value("month.number")
        guard let total = value("month.total.energy"), let it = value("month.it.energy"),
            let quarters = value("month.quarters"), let month = monthNumber.flatMap(FleetMonth.init)
        else { return }
        self.month = PairedEnergy(
            totalWattHours: total, itWattHours: it, paired: Int(clamping: quarters),
            expected: month.quarters(until: now, offsetMinutes: offsetMinutes))
    }
}

extension FleetTotals {
    init(_ sites: [FleetSite]) {
        self.sites = sites.count
        reporting = sites.count { $0.state == .reporting }
        silent = sites.count { $0.state == .silent }
        missing = sites.count { $0.state == .missing }
        unlisted = sites.count { !$0.isListed }
        // Sites of other offsets are in the next month, or still in the last, for some hours.
        let month = sites.compactMap { $0.figures?.monthNumber }.max()
        var categories: [PUECategory: FleetCategory] = [:]
        for figures in sites.compactMap(\.figures) {
            devicesTotal &+= figures.devicesTotal ?? 0
            devicesAnswering &+= figures.devicesAnswering ?? 0
            for (index, count) in figures.alarms.enumerated() { alarms[index] &+= count ?? 0 }
            if let watts = figures.totalWatts {
                totalWatts &+= watts
                totalSites += 1
            }
            if let watts = figures.itWatts {
                itWatts &+= watts
                itSites += 1
            }
            guard let category = figures.category else { continue }
            var sum = categories[category] ?? FleetCategory(category: category)
            // A site that knows both powers and no PUE has found them at odds.
            if figures.pue != nil, let total = figures.totalWatts, let it = figures.itWatts {
                sum.sites += 1
                sum.totalWatts &+= total
                sum.itWatts &+= it
            }
            if let energy = figures.month, figures.monthNumber == month {
                if energy.paired > 0 { sum.monthSites += 1 }
                sum.month.merge(energy)
            }
            categories[category] = sum
        }
        self.categories = categories.values.sorted { $0.category > $1.category }
    }
}

extension FleetPicture {
    /// The same with `milliseconds` more passed and nothing heard since.
    package func aged(byMilliseconds milliseconds: Int64) -> FleetPicture {
        guard milliseconds > 0 else { return self }
        var picture = self
        picture.timeMS &+= milliseconds
        for index in sites.indices {
            guard let age = sites[index].ageMS else { continue }
            picture.sites[index].ageMS = age &+ milliseconds
            guard age &+ milliseconds > Self.silentMilliseconds else { continue }
            picture.sites[index].state = .silent
            picture.sites[index].figures = nil
        }
        picture.totals = FleetTotals(picture.sites)
        return picture
    }
}
