import Energy
import Model
import Platform
import Polling
import Profiles
import Simulation
import TestSupport
import Testing

/// Served recordings, one for each fault, polled together by the collector's own poller, with two
/// sound neighbours between them.
final class FaultyFleet {
    static let interval: Int64 = 1000
    /// One repetition: an answer that is to count comes within a second.
    static let timeout: Int64 = 500
    /// Polls of those that answer, and of those that mostly do not.
    static let rounds = 14
    static let faultyRounds = 5
    static let agentFaults = [
        "none", "live+mute", "live+slow", "live+delay:150", "live+loss:30", "live+garbage",
        "live+truncated", "live+duplicate", "live+wrong-id", "live+other-port", "live",
        "stuck:4", "rollover:5", "reboot:6",
    ]
    static let unitFaults = [
        "none", "mute", "slow", "delay:150", "loss:30", "garbage", "truncated", "duplicate",
        "wrong-id", "word-swap", "reboot:6",
    ]

    static let profileText = """
        profile: test.strip
        vendor: Test
        title: A strip of two outlets
        classes: [meter]
        source: [this test]
        snmp:
          scalars:
            - {name: input.energy, oid: 1.3.6.1.4.1.99999.1.1.0, bits: 32}
            - {name: input.power, oid: 1.3.6.1.4.1.99999.1.2.0}
          tables:
            - entry: 1.3.6.1.4.1.99999.2.1
              index: [outlet]
              points:
                - {name: "outlet.{outlet}.energy", column: 1, bits: 32}
                - {name: "outlet.{outlet}.power", column: 2}
        """
    /// Counters gain a millionth a second: 2,000 Wh, 1,000 Wh and 500 Wh.
    static let counters = [
        "input.energy": 2_000_000_000, "outlet.1.energy": 1_000_000_000,
        "outlet.2.energy": 500_000_000,
    ]
    static let gauges = ["input.power": 1234, "outlet.1.power": 811, "outlet.2.power": 423]
    static let recording = """
        1.3.6.1.2.1.1.3.0|67|100000
        1.3.6.1.4.1.99999.1.1.0|65|2000000000
        1.3.6.1.4.1.99999.1.2.0|66|1234
        1.3.6.1.4.1.99999.2.1.1.1|65|1000000000
        1.3.6.1.4.1.99999.2.1.1.2|65|500000000
        1.3.6.1.4.1.99999.2.1.2.1|66|811
        1.3.6.1.4.1.99999.2.1.2.2|66|423

        """
    static let clock = ObjectID([1, 3, 6, 1, 2, 1, 1, 3, 0])

    /// A poll with what it was decoded to.
    struct Reading {
        /// Of the program's monotonic clock, when the poll ended.
        var nanoseconds: Int64
        /// From the first request to the end.
        var latency: Int64
        var failure: PollFailure?
        var values: [String: (value: Double, quality: Quality)] = [:]
        /// sysUpTime, in hundredths of a second.
        var clock: UInt32?
        var isAnswer: Bool { failure == nil }
    }

    let strip: Profile
    let meter: Profile
    private let devices: RecordedDevices
    private let poller: Poller
    private let arrivals = ConditionLock([RawPoll]())
    /// Between these, of the monotonic clock, the recordings' clock was started.
    let startedBetween: (Int64, Int64)
    /// What the wall clock shows more than the monotonic one.
    private let wallAhead: Int64

    init() throws {
        let folder = try temporaryDirectory()
        strip = try profile(Self.profileText, file: "strip.yaml", vocabulary())
        meter = try shippedProfile("eastron.sdm120")
        try save(Self.recording, to: folder + "/strip.snmprec")
        let image = "/DeviceProfiles/recordings/eastron.sdm120/typical.csv"
        try save(try readText(repositoryRoot() + image), to: folder + "/meter.csv")
        let before = Clocks.monotonicNanoseconds()
        devices = try RecordedDevices.serve(
            try Self.agentFaults.map {
                .init(path: folder + "/strip.snmprec", fault: try ServedFault($0))
            }
                + Self.unitFaults.map {
                    .init(path: folder + "/meter.csv", fault: try ServedFault($0))
                })
        startedBetween = (before, Clocks.monotonicNanoseconds())
        wallAhead = Clocks.wallMilliseconds() * 1_000_000 - Clocks.monotonicNanoseconds()
        let plans = (Self.plan(strip), meter.requestPlan)
        let targets = devices.served.enumerated().map { number, served in
            Self.target(number, served, served.kind == .snmp ? plans.0 : plans.1)
        }
        poller = try Poller(targets: targets, seed: "faults") { [arrivals] polls in
            arrivals.update { $0 += polls }
        }
        poller.start()
    }

    deinit {
        poller.stop()
        devices.stop()
    }

    /// With the device's clock, which no point of the profile is.
    private static func plan(_ profile: Profile) -> RequestPlan {
        guard case .snmp(var plan) = profile.requestPlan else { return profile.requestPlan }
        plan.scalars.append(clock)
        return .snmp(plan)
    }

    private static func target(
        _ number: Int, _ served: RecordedDevices.Served, _ plan: RequestPlan
    ) -> PollTarget {
        let transport: Transport =
            served.kind == .snmp
            ? .snmp(
                SNMPTransport(
                    host: served.host, port: served.port,
                    access: .v2c(community: Secret("public"))))
            : .modbusTCP(ModbusTCPTransport(host: served.host, port: served.port, unit: 1))
        let isPatient = answersEverything(served.fault)
        return PollTarget(
            device: DeviceID(number), name: "\(number)-\(served.kind)-\(served.fault)",
            transport: transport, plan: plan, intervalMilliseconds: interval,
            // A busy machine is no fault of the device.
            timeoutMilliseconds: isPatient ? 4 * timeout : timeout, retries: isPatient ? 2 : 1)
    }

    private static func answersEverything(_ fault: ServedFault) -> Bool {
        guard fault.delayMilliseconds == 0, fault.lossPercent == 0 else { return false }
        if case .reboot = fault.values { return false }
        return fault.message == .whole || fault.message == .duplicate
    }

    /// Polls until everything slow to show itself has done so; at most a minute.
    func run() -> [String: [Reading]] {
        let faults = devices.served.map(\.fault)
        _ = arrivals.wait(forMilliseconds: 60_000) { polls in
            var answers = faults.map { _ in [Bool]() }
            for poll in polls { answers[Int(poll.device.index)].append(poll.isAnswer) }
            let isOver = zip(faults, answers).allSatisfy { fault, mine in
                if Self.answersEverything(fault) { return mine.count >= Self.rounds }
                guard case .reboot = fault.values else { return mine.count >= Self.faultyRounds }
                return mine.firstIndex(of: false).map { mine[$0...].contains(true) } ?? false
            }
            return isOver ? true : nil
        }
        poller.stop()
        let all = arrivals.withLock { $0 }
        var result: [String: [Reading]] = [:]
        for number in 0..<(Self.agentFaults.count + Self.unitFaults.count) {
            let isAgent = number < Self.agentFaults.count
            let name =
                isAgent
                ? "snmp " + Self.agentFaults[number]
                : "modbus " + Self.unitFaults[number - Self.agentFaults.count]
            var decoder = DeviceDecoder(profile: isAgent ? strip : meter)
            result[name] = all.filter {
                $0.device == DeviceID(number) && !$0.isCancelled
            }.map { read($0, &decoder) }
        }
        return result
    }

    private func read(_ poll: RawPoll, _ decoder: inout DeviceDecoder) -> Reading {
        var reading = Reading(
            nanoseconds: poll.time.milliseconds * 1_000_000 - wallAhead,
            latency: poll.latencyMicroseconds * 1000)
        switch poll.outcome {
        case .failure(let failure): reading.failure = failure
        case .frames(let frames):
            if case .snmp(let bindings) = frames {
                for case .timeTicks(let ticks) in bindings.filter({ $0.oid == Self.clock }).map(
                    \.value)
                {
                    reading.clock = ticks
                }
            }
            for value in decoder.decode(frames) {
                let point = decoder.points[Int(value.index)]
                reading.values[point.name] = (
                    point.decimal(value.mantissa).double, value.quality
                )
            }
        }
        return reading
    }
}

extension RawPoll {
    fileprivate var isAnswer: Bool {
        if case .frames = outcome { return true }
        return false
    }
    fileprivate var isCancelled: Bool {
        if case .failure(.cancelled) = outcome { return true }
        return false
    }
}
