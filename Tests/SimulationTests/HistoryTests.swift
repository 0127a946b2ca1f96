import Model
import Platform
import Profiles
import Simulation
import Testing

@Suite("Filling history", .serialized)
struct HistoryTests {
    @Test(
        "two hours of five-minute polls of all devices is made in seconds, and its cost is printed")
    func speed() throws {
        let site = demoSite()
        let profiles = try shippedProfiles()
        let plans = try site.devices.map { try #require(profiles[$0.profile]).requestPlan }
        let started = Clocks.monotonicNanoseconds()
        var polls = 0
        var answers = 0
        for step in 0..<24 {
            let time = autumn.advanced(byMilliseconds: Int64(step) * 300_000)
            for device in site.devices.indices {
                let frames = try #require(site.frames(device, at: time, plan: plans[device]))
                polls += 1
                switch frames {
                case .snmp(let binds): answers += binds.count
                case .registers(let blocks): answers += blocks.count
                }
            }
        }
        let seconds = Double(Clocks.monotonicNanoseconds() - started) / 1e9
        let each = Int(seconds * 1e6 / Double(polls))
        let note = "\(polls) polls, \(answers) answers, \(each) µs a poll"
        // Debug builds on a busy machine: twenty times what a release build needs.
        #expect(seconds < 60, "\(note)")
        report("history: " + note)
        #expect(polls == 24 * site.devices.count)
    }
}
