import Model
import Platform
import Polling
import Views

/// What the collector has done up to a moment, and what it takes of the machine.
struct CollectorLoad {
    var polling: PollerStatistics
    var readings: Int64
    var silentDevices: Int
    var lastCommitMS: Int64?
    var monotonicNanoseconds: Int64
    var processorNanoseconds: Int64
    var residentBytes: Int64?
    var disk: DiskRoom?
    /// Receivers of readings.
    var forwards: [ForwardView] = []
}

/// Makes rates of counters: the collector's own health, as points and for `status`.
struct CollectorMeter {
    /// A view's rates are over at least this: a second's would jump.
    private static let viewSpan: Int64 = 5_000_000_000

    private var stepped: CollectorLoad?
    private var viewed: (base: CollectorLoad, view: PollingView)?

    /// The values of `OwnSeries.collector` and `.forward`, in their order, over the time since
    /// the call before.
    mutating func step(_ load: CollectorLoad, at now: Instant) -> [PointValue] {
        defer { stepped = load }
        let rates = stepped.map { Rates(from: $0, to: load) }
        let delay = load.lastCommitMS.map { max(0, now.milliseconds - $0) / 100 }
        let polling = load.polling
        let values: [Int64?] = [
            rates?.perMinute(\.polling.polls), rates?.perMinute(\.polling.requests),
            rates?.perMinute(\.readings), rates?.perMinute(\.polling.failedPolls),
            rates?.perMinute(\.polling.lateStarts),
            rates?.perMinute { $0.polling.missedSlots + $0.polling.overrunSlots },
            rates?.perMinute(\.polling.shedSlots), Int64(polling.shedLevel),
            Int64(polling.waiting), Int64(load.silentDevices),
            rates?.perMinute(\.polling.trapPolls),
            rates?.tenthsOfPercent(\.polling.busyNanoseconds),
            rates?.tenthsOfPercent(\.processorNanoseconds), load.residentBytes, delay,
            load.disk?.tenthsOfPercent,
        ] + forwards(load, rates)
        precondition(
            values.count == OwnSeries.collector.count + OwnSeries.forward.count,
            "BUG: \(values.count) figures of the collector")
        let first = OwnSeries.points.count - OwnSeries.redundancy.count - values.count
        return values.enumerated().map { index, value in
            PointValue(
                index: UInt16(first + index), mantissa: value ?? 0,
                quality: value == nil ? .absent : .good)
        }
    }

    /// Of all receivers together: the longest lag, what was sent, what was refused.
    private func forwards(_ load: CollectorLoad, _ rates: Rates?) -> [Int64?] {
        guard let lag = load.forwards.map(\.lagSeconds).max() else { return [nil, nil, nil] }
        return [
            Int64(lag), rates?.perMinute { $0.forwards.reduce(0) { $0 + $1.sent } },
            rates?.perMinute { $0.forwards.reduce(0) { $0 + $1.refused } },
        ]
    }

    mutating func view(_ load: CollectorLoad) -> PollingView {
        let polling = load.polling
        var view = viewed?.view ?? PollingView()
        let base = viewed?.base ?? load
        if load.monotonicNanoseconds - base.monotonicNanoseconds >= Self.viewSpan {
            let rates = Rates(from: base, to: load)
            view.pollsPerSecond = rates.perSecond(\.polling.polls)
            view.requestsPerSecond = rates.perSecond(\.polling.requests)
            view.pollerShare = rates.share(\.polling.busyNanoseconds)
            view.processShare = rates.share(\.processorNanoseconds)
            viewed = (load, view)
        } else if viewed == nil {
            viewed = (load, view)
        }
        view.failedPolls = polling.failedPolls
        view.inFlight = polling.inFlight
        view.inFlightLimit = polling.inFlightLimit
        view.waiting = polling.waiting
        view.lateStarts = polling.lateStarts
        view.missedSlots = polling.missedSlots
        view.overrunSlots = polling.overrunSlots
        view.shedSlots = polling.shedSlots
        view.shedLevel = polling.shedLevel
        view.residentBytes = load.residentBytes
        if let traps = polling.traps {
            view.traps = traps.received
            view.trapPolls = polling.trapPolls
            view.trapsIgnored = traps.ignored
        }
        return view
    }

    private struct Rates {
        let from: CollectorLoad
        let to: CollectorLoad
        let seconds: Double

        init(from: CollectorLoad, to: CollectorLoad) {
            self.from = from
            self.to = to
            seconds = max(Double(to.monotonicNanoseconds - from.monotonicNanoseconds) / 1e9, 0.001)
        }

        func perSecond(_ count: (CollectorLoad) -> some BinaryInteger) -> Double {
            (Double(count(to)) - Double(count(from))) / seconds
        }
        func perMinute(_ count: (CollectorLoad) -> some BinaryInteger) -> Int64 {
            Int64((perSecond(count) * 60).rounded())
        }
        /// Of one processor.
        func share(_ nanoseconds: (CollectorLoad) -> Int64) -> Double {
            max(0, perSecond(nanoseconds) / 1e9)
        }
        func tenthsOfPercent(_ nanoseconds: (CollectorLoad) -> Int64) -> Int64 {
            Int64((share(nanoseconds) * 1000).rounded())
        }
    }
}

/// What the kernel says of this process.
enum ProcessMemory {
    private static let pageBytes: Int64 = 4096

    /// Resident set, from the second number of /proc/self/statm (proc(5)); nil where there is none.
    static func residentBytes() -> Int64? {
        guard let text = try? FileIO.readText("/proc/self/statm", maximumBytes: 256) else {
            return nil
        }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? Int64(fields[1]).map { $0 * pageBytes } : nil
    }
}
