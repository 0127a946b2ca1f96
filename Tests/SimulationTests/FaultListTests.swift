import Energy
import Model
import Polling
import Profiles
import Simulation
import Testing

/// Every fault of `frostline simulate --faults`, collected by the real poller: what must hold for
/// each.
@Suite("Every fault of the list, collected")
struct FaultListTests {
    private typealias Reading = FaultyFleet.Reading

    @Test("no fault brings a wrong value, harms a neighbour, or hides what it is")
    func everyFault() throws {
        let fleet = try FaultyFleet()
        let readings = fleet.run()
        covered()
        neighbours(readings)
        try rightValues(readings, fleet)
        deadOnes(readings)
        passable(readings)
        try stuck(#require(readings["snmp stuck:4"]))
        try rollover(#require(readings["snmp rollover:5"]), fleet.strip)
        try reboot(readings)
        try wordSwap(#require(readings["modbus word-swap"]), #require(readings["modbus none"]))
    }

    /// A new fault has to be added here.
    private func covered() {
        var used: Set<Substring> = []
        for fault in FaultyFleet.agentFaults + FaultyFleet.unitFaults {
            for part in fault.split(separator: "+") { used.insert(part.prefix { $0 != ":" }) }
        }
        for (name, _) in ServedFault.catalogue {
            let word = name.prefix { $0 != ":" && $0 != "[" }
            #expect(used.contains(word), "\(name) is not collected by any test")
        }
    }

    private func neighbours(_ readings: [String: [Reading]]) {
        for name in ["snmp none", "modbus none", "snmp live"] {
            let mine = readings[name] ?? []
            #expect(mine.count >= FaultyFleet.rounds && mine.allSatisfy(\.isAnswer), "\(name)")
            let gaps = zip(mine, mine.dropFirst()).map { $1.nanoseconds - $0.nanoseconds }
            // One after another, the dead ones would hold everybody up for ten seconds a round.
            #expect((gaps.max() ?? .max) < 4_000_000_000, "\(name): a gap of \(gaps.max() ?? 0) ns")
        }
    }

    /// Gauges are what the recording says, in every answer of every device. Counters, which say
    /// when they were read, lie within the poll that brought them, and rise from poll to poll:
    /// nothing late, repeated or forged was taken for the answer.
    private func rightValues(_ readings: [String: [Reading]], _ fleet: FaultyFleet) throws {
        let truth = try #require(readings["modbus none"]?.last).values
        #expect(truth["input.voltage"]?.value == 231.4 && truth.count > 5)
        for (name, mine) in readings where !name.contains("word-swap") {
            for reading in mine where reading.isAnswer {
                if name.hasPrefix("modbus") {
                    #expect(same(reading.values, truth), "\(name)")
                    continue
                }
                for (point, value) in FaultyFleet.gauges {
                    #expect(reading.values[point]?.value == Double(value), "\(name) \(point)")
                    #expect(reading.values[point]?.quality == .good, "\(name) \(point)")
                }
            }
            if name.hasPrefix("snmp live") { moving(name, mine, fleet) }
        }
    }

    private func same(
        _ a: [String: (value: Double, quality: Quality)],
        _ b: [String: (value: Double, quality: Quality)]
    ) -> Bool {
        a.count == b.count
            && a.allSatisfy { b[$0]?.value == $1.value && b[$0]?.quality == $1.quality }
    }

    private func moving(_ name: String, _ mine: [Reading], _ fleet: FaultyFleet) {
        let answers = mine.filter(\.isAnswer)
        for (point, start) in FaultyFleet.counters {
            let perSecond = Double(start) / 1e6
            let values = answers.compactMap { $0.values[point]?.value }
            #expect(values.count == answers.count, "\(name) \(point)")
            #expect(zip(values, values.dropFirst()).allSatisfy { $0 < $1 }, "\(name) \(point)")
            for (reading, value) in zip(answers, values) {
                let latest = reading.nanoseconds - fleet.startedBetween.0
                let earliest = reading.nanoseconds - reading.latency - fleet.startedBetween.1
                let seconds = (value - Double(start)) / perSecond
                #expect(
                    seconds <= Double(latest) / 1e9 + Self.clocksDiffer
                        && seconds >= Double(earliest) / 1e9 - Self.clocksDiffer,
                    "\(name) \(point): \(seconds) s in \(earliest)...\(latest) ns")
            }
        }
    }

    /// Seconds. Polls are stamped in milliseconds of the wall clock, which is being adjusted.
    private static let clocksDiffer = 0.02

    /// Faults that leave nothing to read, and whether what comes shows that it is nonsense. What
    /// has another number or comes from elsewhere may be anybody's: the device has said nothing.
    private static let deadly = [
        "mute": false, "slow": false, "wrong-id": false, "other-port": false,
        "garbage": true, "truncated": true,
    ]

    private func deadOnes(_ readings: [String: [Reading]]) {
        for (name, mine) in readings {
            let words = name.split { $0 == " " || $0 == "+" }.map(String.init)
            guard let isNonsense = words.compactMap({ Self.deadly[$0] }).first else { continue }
            #expect(mine.count >= 2 && mine.allSatisfy { !$0.isAnswer }, "\(name)")
            var told = 0
            for reading in mine {
                switch reading.failure {
                // A busy machine may bring the nonsense too late.
                case .timeout: break
                case .badReply: told += 1
                default: Issue.record("\(name): \(String(describing: reading.failure))")
                }
            }
            #expect(isNonsense ? told > 0 : told == 0, "\(name): \(told) of \(mine.count)")
        }
    }

    private func passable(_ readings: [String: [Reading]]) {
        for (name, mine) in readings where name.contains("duplicate") {
            #expect(mine.count >= 10 && mine.allSatisfy(\.isAnswer), "\(name)")
        }
        // A busy machine may lose one more; what matters is that these are no dead devices.
        for (name, mine) in readings where name.contains("delay") || name.contains("loss") {
            let answers = mine.count(where: \.isAnswer)
            #expect(mine.count >= 5 && answers * 2 > mine.count, "\(name): \(answers)")
            #expect(mine.allSatisfy { $0.isAnswer || $0.failure == .timeout }, "\(name)")
        }
    }

    /// A value that does not move is still the device's word.
    private func stuck(_ mine: [Reading]) {
        #expect(mine.count >= 10 && mine.allSatisfy(\.isAnswer))
        let last = mine.suffix(5)
        #expect(Set(last.compactMap { $0.values["input.energy"]?.value }).count == 1)
        #expect(last.allSatisfy { $0.values["input.energy"]?.quality == .good })
        #expect(last.last?.values["input.energy"]?.value == 2_000_008_000)
        let clocks = last.compactMap(\.clock)
        #expect(clocks.count == 5 && zip(clocks, clocks.dropFirst()).allSatisfy { $0 < $1 })
    }

    /// What energy says of one step between two readings.
    private func steps(
        _ mine: [Reading], _ point: String, modulus: UInt64?
    ) throws -> [(verdict: RegisterVerdict, wattHours: Int128?, seconds: Double)] {
        let scale = try #require(
            RegisterScale(scale: 0, multiplierNumerator: 1, multiplierDenominator: 1))
        let rule = RegisterRule(
            scale: scale, modulus: modulus.map { Int128($0) }, maximumWatts: 100_000_000)
        let answers = mine.filter(\.isAnswer).compactMap { reading in
            reading.values[point].map { (reading.nanoseconds, Int128($0.value)) }
        }
        return zip(answers, answers.dropFirst()).map { old, new in
            let milliseconds = (new.0 - old.0) / 1_000_000
            let outcome = rule.judge(from: old.1, to: new.1, milliseconds: max(1, milliseconds))
            return (outcome.verdict, outcome.exactEnergy, Double(milliseconds) / 1000)
        }
    }

    /// 2^32 is known from the profile, so the step over it counts as any other.
    private func rollover(_ mine: [Reading], _ profile: Profile) throws {
        #expect(mine.count >= 10 && mine.allSatisfy(\.isAnswer))
        var decoder = DeviceDecoder(profile: profile)
        _ = decoder.decode(
            .snmp([
                VarBind(oid: ObjectID([1, 3, 6, 1, 4, 1, 99999, 1, 1, 0]), value: .counter32(1)),
                VarBind(
                    oid: ObjectID([1, 3, 6, 1, 4, 1, 99999, 2, 1, 1, 1]), value: .counter32(1)),
            ]))
        for (name, perSecond) in [("input.energy", 2000.0), ("outlet.1.energy", 1000)] {
            let point = try #require(decoder.points.first { $0.name == name })
            guard case .counter(let modulus) = point.kind else {
                Issue.record("\(name) is no counter")
                continue
            }
            #expect(modulus == 1 << 32)
            let steps = try steps(mine, name, modulus: modulus)
            #expect(steps.count { $0.verdict == .rollover } == 1, "\(name)")
            #expect(steps.allSatisfy { $0.verdict == .ok || $0.verdict == .rollover }, "\(name)")
            let sum = steps.reduce(Int128(0)) { $0 + ($1.wattHours ?? 0) }
            let seconds = steps.reduce(0) { $0 + $1.seconds }
            // The ends are known to the length of their polls.
            let ends = try #require(mine.first).latency + #require(mine.last).latency
            let slack = Double(ends) / 1e9 + Self.clocksDiffer
            #expect(abs(Double(sum) / perSecond - seconds) <= slack, "\(name): \(sum) Wh")
        }
    }

    private func reboot(_ readings: [String: [Reading]]) throws {
        for kind in ["snmp", "modbus"] {
            let mine = try #require(readings["\(kind) reboot:6"])
            let broken = try #require(mine.firstIndex { !$0.isAnswer }, "\(kind)")
            let back = try #require(mine[broken...].firstIndex { $0.isAnswer }, "\(kind)")
            #expect(mine[..<broken].count >= 3, "\(kind)")
            #expect(mine[broken..<back].allSatisfy { $0.failure == .timeout }, "\(kind)")
            // Silent for 5 s, asked every second and no later than that again.
            let seconds = Double(mine[back].nanoseconds - mine[broken - 1].nanoseconds) / 1e9
            #expect(seconds > 4 && seconds < 14, "\(kind): \(seconds) s")
        }
        let agent = try #require(readings["snmp reboot:6"])
        let back = try #require(agent.firstIndex { !$0.isAnswer })
        let first = try #require(agent[back...].first { $0.isAnswer })
        #expect(try #require(first.clock) < 600)
        #expect(try #require(first.values["input.energy"]).value < 12_001)
        // The energy of the step is not known; it is neither negative nor 4 GWh.
        let steps = try steps(agent, "input.energy", modulus: 1 << 32)
        let resets = steps.filter { $0.verdict == .resetOrReplaced }
        #expect(resets.count >= 1 && resets.allSatisfy { $0.wattHours == nil })
        #expect(steps.allSatisfy { $0.verdict == .ok || $0.verdict == .resetOrReplaced })
    }

    /// Numbers in single precision with their words exchanged are mostly beyond all measure.
    private func wordSwap(_ mine: [Reading], _ sound: [Reading]) {
        #expect(mine.count >= 10 && mine.allSatisfy(\.isAnswer))
        for reading in mine {
            for point in ["input.voltage", "input.frequency", "input.power"] {
                #expect(sound.last?.values[point]?.quality == .good)
                #expect(reading.values[point]?.quality == .bad, "\(point) is believed")
            }
        }
    }
}
