import Model

/// What stands where at a simulated site: the same for one number of racks and one seed.
package struct SiteLayout: Sendable {
    struct Rack: Sendable {
        /// `h1-r01-k07`.
        var name: String
        /// Places in `rows` and `coolers`.
        var row: Int
        var number: Int
        var cooler: Int
        var ratedWatts: Int
        var load: RackLoad
        /// Air drawn back from the hot side: K above supply at the rack's inlet.
        var recirculation: Double
    }
    struct Row: Sendable {
        /// `r01`.
        var name: String
        var racks: Range<Int>
        /// Which UPS of each feed carries the row.
        var ups: Int
        /// Rows alternate between makes of PDU.
        var pduProfile: PDUMake
    }
    enum PDUMake: Sendable { case apc, raritan }

    let seed: UInt64
    let noise: Noise
    let weather: Weather
    let racks: [Rack]
    let rows: [Row]
    /// UPSs on each feed; `ups-a1`, `ups-a2`, …
    let upsPerFeed: Int
    let upsRatedWatts: Double
    let coolers: Int
    let coolerRatedWatts: Double
    let solarPeakWatts: Double
    let transformerRatedWatts: Double

    /// Racks of the largest simulated site.
    package static let rackLimit = 2000
    /// One string of UPS modules; larger sites get more of them.
    private static let upsModuleWatts = 500_000.0

    package init(racks count: Int, seed: UInt64) {
        precondition(
            (1...Self.rackLimit).contains(count),
            "BUG: a simulated site has 1…\(Self.rackLimit) racks; got \(count)")
        self.seed = seed
        let noise = Noise(seed: seed)
        self.noise = noise
        weather = Weather(noise: noise)
        let perRow = count <= 80 ? 10 : 20
        let rowCount = (count + perRow - 1) / perRow
        let ratings = Self.ratings(count: count, perRow: perRow, noise: noise)
        let rated = Double(ratings.reduce(0, +))
        upsPerFeed = min(rowCount, max(2, Int((rated * 0.9 / Self.upsModuleWatts).rounded(.up))))
        // Either feed carries everything alone, with a quarter to spare.
        upsRatedWatts = Self.standardSize(rated / Double(upsPerFeed) * 1.05)
        // Six units at least, of a size that one may be missing.
        let small = max(1000, min(45_000, (rated * 0.95 / 5 / 1000).rounded(.up) * 1000))
        coolerRatedWatts = count <= 80 ? small : 100_000
        let needed = Int((rated * 0.95 / coolerRatedWatts).rounded(.up)) + 1
        coolers = max(6, needed + needed % 2)
        solarPeakWatts = max(500, (rated * 0.06 / 100).rounded() * 100)
        transformerRatedWatts = Self.standardSize(rated * 1.6)
        (self.racks, rows) = Self.place(
            ratings: ratings, perRow: perRow, upsPerFeed: upsPerFeed, coolers: coolers,
            noise: noise)
    }

    package var ratedITWatts: Int { racks.reduce(0) { $0 + $1.ratedWatts } }

    /// Racks served by a cooling unit.
    func racks(ofCooler cooler: Int) -> [Int] {
        racks.indices.filter { racks[$0].cooler == cooler }
    }

    private static func ratings(count: Int, perRow: Int, noise: Noise) -> [Int] {
        (0..<count).map { index in
            if index % perRow == 0 { return 4000 }
            let draw = noise.uniform(stream(rack: index), 9)
            return draw < 0.2 ? 5000 : draw < 0.65 ? 6000 : 8000
        }
    }

    private static func place(
        ratings: [Int], perRow: Int, upsPerFeed: Int, coolers: Int, noise: Noise
    ) -> ([Rack], [Row]) {
        var racks: [Rack] = []
        var rows: [Row] = []
        for first in stride(from: 0, to: ratings.count, by: perRow) {
            let row = rows.count
            let last = min(first + perRow, ratings.count)
            let name = "r" + padded(row + 1, 2)
            rows.append(
                Row(
                    name: name, racks: first..<last, ups: row % upsPerFeed,
                    pduProfile: row % 2 == 0 ? .apc : .raritan))
            for index in first..<last {
                let own = stream(rack: index)
                let kind = workload(index - first, noise.uniform(own, 8))
                let watts = ratings[index]
                racks.append(
                    Rack(
                        name: "h1-" + name + "-k" + padded(index - first + 1, 2), row: row,
                        number: index - first, cooler: index * coolers / ratings.count,
                        ratedWatts: watts,
                        load: RackLoad(
                            workload: kind, ratedWatts: Double(watts), stream: own, noise: noise),
                        recirculation: 0.5 + 2.2 * noise.uniform(own, 7)))
            }
        }
        return (racks, rows)
    }

    private static func workload(_ numberInRow: Int, _ draw: Double) -> Workload {
        if numberInRow == 0 { return .network }
        return draw < 0.4 ? .web : draw < 0.6 ? .storage : draw < 0.8 ? .batch : .compute
    }

    private static func stream(rack: Int) -> UInt64 { 10_000 &+ UInt64(rack) &* 64 }

    /// The next size that is sold, W.
    private static func standardSize(_ watts: Double) -> Double {
        let sizes: [Double] = [20, 30, 40, 60, 80, 100, 120, 160, 200, 250, 315, 400, 500, 630, 800]
        for size in sizes where size * 1000 >= watts { return size * 1000 }
        return (watts / 1_000_000 * 4).rounded(.up) * 250_000
    }
}
