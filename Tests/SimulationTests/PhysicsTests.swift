import Model
import Simulation
import Testing

@Suite("Physics of the simulated site")
struct PhysicsTests {
    private func names(_ site: SimulatedSite, _ prefix: String) -> [String] {
        site.devices.map(\.name).filter { $0.hasPrefix(prefix) }
    }

    private func watts(_ site: SimulatedSite, _ prefix: String, _ time: Instant) throws -> Double {
        try names(site, prefix).reduce(0) { try $0 + truth(site, $1, time).watts }
    }

    /// Energy of all devices with a prefix over a span, Wh.
    private func energy(
        _ site: SimulatedSite, _ prefix: String, _ from: Instant, _ to: Instant
    ) throws -> Double {
        try names(site, prefix).reduce(0) {
            try $0 + truth(site, $1, to).wattHours - truth(site, $1, from).wattHours
        }
    }

    @Test(
        "energy is the exact integral of power",
        arguments: [
            "pdu-a-h1-r01-k02", "pdu-b-h1-r02-k05", "meter-grid-a", "meter-ups-b1", "pv-1",
            "meter-cooling-a", "meter-r03-b", "meter-other",
        ])
    func integral(device: String) throws {
        let site = demoSite()
        let start = autumn.advanced(byMilliseconds: 10 * hour)
        var sum = 0.0
        var before = try truth(site, device, start).watts
        // Power runs straight between whole five minutes, so that trapezoids of 100 s are exact.
        for step in 1...(36 * 3) {
            let time = start.advanced(bySeconds: Int64(step) * 100)
            let now = try truth(site, device, time).watts
            sum += (before + now) / 2 * 100 / 3600
            before = now
        }
        let end = start.advanced(bySeconds: 10_800)
        let register =
            try truth(site, device, end).wattHours - truth(site, device, start).wattHours
        #expect(abs(register - sum) < max(0.01, sum * 1e-6), "\(register) is not \(sum)")
        #expect(sum > 0)
    }

    @Test("energy registers never fall, whatever happens")
    func monotone() throws {
        let site = demoSite()
        site.apply(.utilityALoss, from: autumn.advanced(byMilliseconds: 5 * hour + 1234))
        site.clear(.utilityALoss, from: autumn.advanced(byMilliseconds: 7 * hour + 77))
        for device in ["pdu-a-h1-r01-k02", "meter-grid-a", "meter-grid-b", "pv-1", "meter-ups-a1"] {
            var before = -1.0
            for minute in stride(from: Int64(0), to: 24 * 60, by: 7) {
                let time = autumn.advanced(bySeconds: minute * 60)
                let now = try truth(site, device, time).wattHours
                #expect(now >= before)
                before = now
            }
        }
    }

    @Test("what flows in at each level flows out again, less its losses")
    func balance() throws {
        let site = demoSite()
        for step in 0..<20 {
            let time = autumn.advanced(byMilliseconds: Int64(step) * 5 * hour + 97_531)
            let racks = try watts(site, "pdu-", time)
            let rows = try watts(site, "meter-r", time)
            let ups = try watts(site, "meter-ups-", time)
            let grid = try watts(site, "meter-grid-", time)
            let solar = try watts(site, "pv-", time)
            let cooling = try watts(site, "meter-cooling-", time)
            let other = try watts(site, "meter-other", time)
            let office = try watts(site, "meter-office", time)
            #expect(rows > racks && rows < racks * 1.003)
            #expect(ups > rows && ups < rows * 1.006)
            // What remains is the loss of UPSs and transformers: 4 to 12 % at these loads.
            let loss = grid + solar - ups - cooling - other - office
            #expect(loss > ups * 0.03 && loss < ups * 0.14, "\(loss / ups)")
        }
    }

    @Test(
        "PUE stays in the band of a cold-climate site in every season",
        arguments: [
            (1, 1.08, 1.28), (4, 1.1, 1.4), (7, 1.2, 1.6), (10, 1.1, 1.4), (12, 1.08, 1.28),
        ])
    func pue(month: Int, low: Double, high: Double) throws {
        let start = date(2026, month, 10)
        let site = demoSite(start: start)
        for offset in 0..<5 {
            let from = start.advanced(byMilliseconds: Int64(offset) * day)
            let to = from.advanced(byMilliseconds: day)
            let it = try energy(site, "meter-ups-", from, to)
            let total =
                try energy(site, "meter-grid-", from, to) + energy(site, "pv-", from, to)
                - energy(site, "meter-office", from, to)
            let pue = total / it
            #expect(pue > low && pue < high, "month \(month), day \(offset): \(pue)")
        }
    }

    @Test("the same seed gives the same site, another seed another one")
    func seeds() throws {
        let time = autumn.advanced(byMilliseconds: 30 * hour + 4321)
        let first = try watts(demoSite(seed: 1), "pdu-", time)
        // Asked in another order: the past after the future.
        let again = demoSite(seed: 1)
        _ = try watts(again, "pdu-", autumn.advanced(byMilliseconds: 50 * hour))
        _ = try watts(again, "meter-grid-", autumn)
        #expect(try watts(again, "pdu-", time) == first)
        #expect(try watts(demoSite(seed: 2), "pdu-", time) != first)
    }

    @Test("a site may have one rack or a thousand", arguments: [1, 2, 9, 41, 200, 1000])
    func sizes(racks: Int) throws {
        let site = demoSite(racks: racks)
        #expect(names(site, "pdu-").count == racks * 2)
        #expect(names(site, "th-").count == racks)
        #expect(Set(site.devices.map(\.name)).count == site.devices.count)
        let time = autumn.advanced(byMilliseconds: hour)
        let it = try watts(site, "pdu-", time)
        let share = it / Double(site.layout.ratedITWatts)
        #expect(share > 0.3 && share < 0.9, "\(share)")
        let grid = try watts(site, "meter-grid-", time)
        #expect(grid / it > 1.05 && grid / it < 1.9, "\(grid / it)")
    }

    @Test("forty racks make at least 120 devices")
    func devices() {
        #expect(demoSite().devices.count >= 120)
    }

    @Test("without utility A its register stands still and B carries the rest")
    func utilityLoss() throws {
        let site = demoSite()
        let moment = autumn.advanced(byMilliseconds: 3 * hour + 5000)
        let before = try truth(site, "meter-grid-b", moment).watts
        site.apply(.utilityALoss, from: moment)
        let soon = moment.advanced(bySeconds: 30)
        #expect(try truth(site, "meter-grid-a", soon).watts == 0)
        #expect(try truth(site, "meter-grid-b", soon).watts > before)
        let a = try truth(site, "meter-grid-a", soon).wattHours
        let later = moment.advanced(bySeconds: 600)
        #expect(try truth(site, "meter-grid-a", later).wattHours == a)
        // The past is as it was.
        #expect(
            try truth(site, "meter-grid-a", moment.advanced(bySeconds: -60)).watts > 1000)
        // The batteries end: the racks draw all they need from B.
        let end = moment.advanced(byMilliseconds: 2 * hour)
        let dark = try #require(site.index(named: "pdu-a-h1-r01-k02"))
        #expect(try truth(site, "pdu-a-h1-r01-k02", end).watts == 0)
        let plan = RequestPlan.snmp(SNMPRequestPlan(scalars: [], subtrees: []))
        #expect(site.frames(dark, at: end, plan: plan) == nil)
        #expect(site.frames(dark, at: soon, plan: plan) != nil)
    }
}
