import Console
import FoundationEssentials
import Model
import Screen
import Terminal
import TestSupport
import Testing
import Views

/// Whatever is pressed, comes, or is made of the terminal: no trap, no line too wide, no torn cell.
@Suite("Console: random events")
struct FuzzTests {
    /// FROSTLINE_EVENTS=1000000 for the long run.
    private static var events: Int {
        ProcessInfo.processInfo.environment["FROSTLINE_EVENTS"].flatMap { Int($0) } ?? 10_000
    }
    /// Drawing is dearer than an event.
    private static let eventsPerFrame = 40

    private static let characters = Array(
        "hjklgGmMsrabtxvcefuw,.[]{}/:?0123456789 -+T:yesterday中文é\u{301}👩‍🚒q")

    private func key(_ random: inout SplitMix) -> Key {
        switch Int.random(in: 0..<24, using: &random) {
        case 0: .enter
        case 1: .escape
        case 2: .tab
        case 3: .backTab
        case 4: .backspace
        case 5: .up
        case 6: .down
        case 7: .left
        case 8: .right
        case 9: .pageUp
        case 10: .pageDown
        case 11: .home
        case 12: .end
        case 13: .control(["l", "s", "u", "w"].randomElement(using: &random) ?? "l")
        case 14: .function(Int.random(in: 1...12, using: &random))
        case 15: .paste(String(repeating: "粘贴\t\n\u{7}", count: 40))
        case 16: .delete
        default: .character(Self.characters.randomElement(using: &random) ?? "t")
        }
    }

    /// What a terminal or a bad line makes of keys: bytes cut anywhere, and silence.
    private func typed(_ decoder: inout KeyDecoder, _ random: inout SplitMix) -> [Key] {
        let pieces: [[UInt8]] = [
            [0x1B], Array("[A".utf8), Array("\u{1B}[?2026;2$y".utf8), Array("\u{1B}[200~q".utf8),
            Array("\u{1B}[201~".utf8), [0xE4, 0xB8], [0xFF], Array("\u{1B}[<0;9;9M".utf8),
            (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) },
        ]
        if random.chance(4) { return decoder.timedOut() }
        return decoder.feed(pieces.randomElement(using: &random) ?? [])
    }

    /// A picture with what no device should send: endless names, huge and negative values, nothing.
    private func picture(_ base: SiteView, _ random: inout SplitMix) -> SiteView {
        var view = base
        let extremes: [Double?] = [
            nil, -1, 0, 1e300, -1e300, .greatestFiniteMagnitude, .leastNonzeroMagnitude, 1e15,
            -273.15,
        ]
        view.timeMS = [Int64.min, -1, 0, base.timeMS, .max].randomElement(using: &random) ?? 0
        view.offsetMinutes = [480, 0, -720, .max, .min].randomElement(using: &random) ?? 0
        view.header.totalWatts = extremes.randomElement(using: &random) ?? nil
        view.header.pue = extremes.randomElement(using: &random) ?? nil
        view.displayName = String(repeating: "数据中心\u{1B}[31m", count: 64)
        for row in view.rows.indices where Bool.random(using: &random) {
            for rack in view.rows[row].racks.indices {
                view.rows[row].racks[rack].displayName = String(repeating: "柜\u{301}r", count: 256)
                view.rows[row].racks[rack].watts = extremes.randomElement(using: &random) ?? nil
                view.rows[row].racks[rack].load = extremes.randomElement(using: &random) ?? nil
                view.rows[row].racks[rack].inletCelsius =
                    extremes.randomElement(using: &random) ?? nil
                view.rows[row].racks[rack].ageMS =
                    [nil, .min, .max].randomElement(using: &random)
                    ?? nil
            }
        }
        for index in view.devices.indices where Int.random(in: 0..<9, using: &random) == 0 {
            view.devices[index].displayName = String(repeating: "名n\u{301}", count: 256)
            view.devices[index].latencyMS = extremes.randomElement(using: &random) ?? nil
            view.devices[index].polls = [nil, .min, .max].randomElement(using: &random) ?? nil
            view.devices[index].intervalMS =
                [nil, .min, 0, .max].randomElement(using: &random)
                ?? nil
        }
        for index in view.alarms.indices where Bool.random(using: &random) {
            view.alarms[index].raisedMS = [.min, -1, .max].randomElement(using: &random) ?? 0
            view.alarms[index].cause = String(repeating: "原因 ", count: 200)
        }
        if Int.random(in: 0..<5, using: &random) == 0 {
            view.rows = []
            view.devices = []
            view.alarms = []
            view.cooling = []
            view.chain = []
        }
        return view
    }

    private func answer(
        _ base: SiteView, _ device: DeviceView, _ model: ConsoleModel, _ random: inout SplitMix
    ) -> ConsoleEvent {
        let at = model.past.askedMS ?? model.past.shownMS ?? 0
        switch Int.random(in: 0..<7, using: &random) {
        case 0: return .snapshot(picture(base, &random))
        case 1, 2: return .past(atMS: at, picture(base, &random))
        case 3: return .pastFailed(atMS: at, String(repeating: "no 不 ", count: 99))
        case 4: return .disconnected("gone")
        case 5: return .ofMoment(atMS: at, .device(device))
        default: return .device(device)
        }
    }

    @Test("a storm of keys, sizes, pictures of now and of then leaves every line whole")
    func storm() throws {
        var random = SplitMix(20_261_121)
        let base = try Fixture.snapshot()
        let device = try Fixture.device()
        var model = try Fixture.model()
        var size = Size(width: 80, height: 24)
        var clock: Int64 = 3000
        var decoder = KeyDecoder()
        var seen = Set<String>()
        for event in 0..<Self.events {
            let commands: [ConsoleCommand]
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                size = Size(
                    width: Int.random(in: 1...250, using: &random),
                    height: Int.random(in: 1...80, using: &random))
                commands = update(&model, .resized(size))
            case 1: commands = update(&model, answer(base, device, model, &random))
            case 2:
                clock += Int64.random(in: 0...20_000, using: &random)
                commands = update(&model, .tick(clock))
            case 3:
                let keys = typed(&decoder, &random)
                commands = keys.flatMap { update(&model, .key($0)) }
            default: commands = update(&model, .key(key(&random)))
            }
            // One picture of the past is on its way at most.
            #expect(commands.count { if case .loadPast = $0 { true } else { false } } <= 1)
            if model.past.shownMS != nil { seen.insert("past") }
            if model.past.isActive, model.past.shownMS == nil { seen.insert("on the way") }
            seen.insert("\(model.page)")
            guard event % Self.eventsPerFrame == 0 else { continue }
            let isPlain = event % (2 * Self.eventsPerFrame) == 0
            let screen = ConsoleView.draw(
                model, size: size, capabilities: isPlain ? Fixture.ascii : Fixture.full)
            #expect(ScreenCheck.faults(of: screen, size) == [], "after \(event) events")
        }
        #expect(seen.isSuperset(of: ["past", "on the way", "overview", "racks", "alarms"]))
    }
}
