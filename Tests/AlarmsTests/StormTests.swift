import Alarms
import Model
import Testing

@Suite("a storm of alarms")
struct StormTests {
    private func site(_ count: Int) -> Site {
        var site = Stage.empty([Stage.hot])
        site.devices = (0..<count).map {
            DeviceSpec(
                name: "d\($0)", profile: "p",
                transport: .modbusTCP(ModbusTCPTransport(host: "h\($0)")))
        }
        return site
    }

    @Test("each of 2,000 alarms of one minute has its line, its number and its end")
    func journalled() {
        let count = 2_000
        var stage = Stage(site(count))
        for device in 0..<count { stage.poll(device, celsius: 40) }
        stage.pass(seconds: 30)
        for device in 0..<count { stage.poll(device, celsius: 20) }
        #expect(stage.events.count == 2 * count)
        let numbers = Set(stage.events.map { "\($0.key) \($0.episode) \($0.sequence)" })
        #expect(numbers.count == 2 * count)
        #expect(Set(stage.notices.map(\.key)).count == count)
    }

    @Test("a start with many open alarms says nothing, and has them all")
    func start() {
        let count = 2_000
        var stage = Stage(site(count))
        for device in 0..<count { stage.poll(device, celsius: 40) }
        stage.restart(after: 10)
        #expect(stage.events.count == count)
        #expect(stage.engine.active.count == count)
    }
}
