package import Model
import Synchronization

/// The site's whole past and present on nodes in time: between two nodes every power runs in a
/// straight line, so that energy is its exact integral. Nodes are made when somebody asks.
///
/// Safe from any thread: everything is behind one lock, held for microseconds.
package final class SiteTimeline: Sendable {
    let physics: SitePhysics
    private let nodes: Mutex<TimelineNodes>

    package init(layout: SiteLayout, start: Instant) {
        physics = SitePhysics(layout)
        nodes = Mutex(TimelineNodes(physics: physics, start: start))
    }

    /// Lets `body` look at one moment; moments before the start show the start.
    func read<T: Sendable>(at time: Instant, _ body: (borrowing SiteMoment) -> T) -> T {
        nodes.withLock { nodes in
            nodes.extend(to: time)
            return body(SiteMoment(nodes, at: time))
        }
    }

    /// Makes something go wrong, or right again, from a moment on. Later nodes are made anew.
    package func set(_ fault: SiteFault, active: Bool, from time: Instant) {
        nodes.withLock { $0.change(from: time) { state in
            if active { state.faults.insert(fault) } else { state.faults.remove(fault) }
        } }
    }
}

/// The nodes themselves; a value without a lock.
struct TimelineNodes: Sendable {
    /// Ordinary distance of nodes, and the one right after a fault began or ended.
    static let stepMilliseconds: Int64 = 300_000
    static let fineStepMilliseconds: Int64 = 10_000
    static let fineSpanMilliseconds: Int64 = 3_600_000
    /// Energy sums are kept for every twelfth node: an hour of ordinary steps.
    static let stride = 12
    /// Nodes kept: 50 to 208 days of ordinary steps, and 256 MiB of values between. Beyond, the
    /// older half is forgotten.
    static let limits = 14_400...60_000
    static let valueLimit = 64 << 20

    let physics: SitePhysics
    fileprivate(set) var times: [Int64] = []
    fileprivate(set) var states: [NodeState] = []
    /// `physics.at.count` numbers a node. Single precision halves the memory of large sites;
    /// energy is integrated from exactly these.
    fileprivate(set) var values: [Float] = []
    /// `physics.at.integrated` sums in watt-seconds for every twelfth node.
    fileprivate(set) var sums: [Double] = []
    private let limit: Int
    private var running: [Double]
    private var lastFaultChange = Int64.min / 2

    init(physics: SitePhysics, start: Instant) {
        self.physics = physics
        let fitting = Self.valueLimit / physics.at.count
        limit = min(Self.limits.upperBound, max(Self.limits.lowerBound, fitting))
        running = Array(repeating: 0, count: physics.at.integrated)
        let first = physics.start(start)
        append(first.state, first.values)
    }

    mutating func extend(to time: Instant) {
        while let last = times.last, last <= time.milliseconds {
            let fine = last - lastFaultChange < Self.fineSpanMilliseconds
            let step = fine ? Self.fineStepMilliseconds : Self.stepMilliseconds
            let next = (last.flooredDivision(by: step) + 1) * step
            advance(to: Instant(milliseconds: next)) { _ in }
        }
        if times.count > limit { forget() }
    }

    mutating func change(from time: Instant, _ edit: (inout NodeState) -> Void) {
        extend(to: time)
        let left = index(before: time)
        let interpolated = SiteMoment(self, at: time).all()
        truncate(after: left)
        lastFaultChange = time.milliseconds
        if times[left] < time.milliseconds {
            var state = states[left]
            state.time = time
            append(state, interpolated)
        }
        advance(to: time.advanced(byMilliseconds: 1), edit)
    }

    /// The last node at or before a moment, or the first.
    func index(before time: Instant) -> Int {
        var low = 0
        var high = times.count
        while low < high {
            let middle = (low + high) / 2
            if times[middle] <= time.milliseconds { low = middle + 1 } else { high = middle }
        }
        return max(0, low - 1)
    }

    private mutating func advance(to time: Instant, _ edit: (inout NodeState) -> Void) {
        var state = states[states.count - 1]
        edit(&state)
        let base = values.count - physics.at.count
        let before = values[base...].map(Double.init)
        let next = physics.step(state, before, to: time)
        append(next.state, next.values)
    }

    private mutating func append(_ state: NodeState, _ newValues: [Double]) {
        let count = physics.at.count
        let time = state.time.milliseconds
        if let last = times.last {
            let half = Double(time - last) / 2000
            let base = values.count - count
            for slot in 0..<physics.at.integrated {
                let left = Double(values[base + slot])
                running[slot] += (left + Double(Float(newValues[slot]))) * half
            }
        }
        if times.count % Self.stride == 0 { sums.append(contentsOf: running) }
        times.append(time)
        states.append(state)
        values.append(contentsOf: newValues.map(Float.init))
    }

    private mutating func truncate(after index: Int) {
        running = (0..<physics.at.integrated).map { wattSeconds($0, node: index) }
        times.removeSubrange((index + 1)...)
        states.removeSubrange((index + 1)...)
        values.removeSubrange(((index + 1) * physics.at.count)...)
        sums.removeSubrange(((index / Self.stride + 1) * physics.at.integrated)...)
    }

    private mutating func forget() {
        let drop = limit / 2 / Self.stride * Self.stride
        times.removeFirst(drop)
        states.removeFirst(drop)
        values.removeFirst(drop * physics.at.count)
        sums.removeFirst(drop / Self.stride * physics.at.integrated)
    }

    /// Integral of a slot from the start to a node, W·s.
    func wattSeconds(_ slot: Int, node: Int) -> Double {
        let checkpoint = node / Self.stride
        var sum = sums[checkpoint * physics.at.integrated + slot]
        let count = physics.at.count
        var previous = checkpoint * Self.stride
        while previous < node {
            let left = Double(values[previous * count + slot])
            let right = Double(values[(previous + 1) * count + slot])
            sum += (left + right) * (Double(times[previous + 1] - times[previous]) / 2000)
            previous += 1
        }
        return sum
    }
}

/// One moment of the timeline, between two nodes.
struct SiteMoment {
    private let nodes: TimelineNodes
    let time: Instant
    let state: NodeState
    private let left: Int
    /// 0..<1 of the way to the next node.
    private let part: Double
    private let leftBase: Int
    private let rightBase: Int

    init(_ nodes: TimelineNodes, at time: Instant) {
        self.nodes = nodes
        self.time = time
        left = nodes.index(before: time)
        let right = min(left + 1, nodes.times.count - 1)
        state = nodes.states[left]
        let span = nodes.times[right] - nodes.times[left]
        let into = max(0, time.milliseconds - nodes.times[left])
        part = span > 0 ? min(1, Double(into) / Double(span)) : 0
        leftBase = left * nodes.physics.at.count
        rightBase = right * nodes.physics.at.count
    }

    var physics: SitePhysics { nodes.physics }
    var layout: SiteLayout { nodes.physics.layout }
    var at: NodeLayout { nodes.physics.at }

    subscript(slot: Int) -> Double {
        let a = Double(nodes.values[leftBase + slot])
        return a + (Double(nodes.values[rightBase + slot]) - a) * part
    }

    /// Watt-hours from the start of the timeline.
    func wattHours(_ slot: Int) -> Double {
        let a = Double(nodes.values[leftBase + slot])
        let b = Double(nodes.values[rightBase + slot])
        let span = nodes.times[min(left + 1, nodes.times.count - 1)] - nodes.times[left]
        let seconds = part * Double(span) / 1000
        let partial = (a + (b - a) * part / 2) * seconds
        return (nodes.wattSeconds(slot, node: left) + partial) / 3600
    }

    func all() -> [Double] { (0..<at.count).map { self[$0] } }

    func has(_ fault: SiteFault) -> Bool { state.faults.contains(fault) }

    var outdoorTemperature: Double { layout.weather.temperature(at: time) }
    var outdoorHumidity: Double { layout.weather.humidity(at: time) }

    /// Air at a rack's inlet, °C.
    func inletTemperature(_ rack: Int) -> Double {
        let place = layout.racks[rack]
        let seconds = time.milliseconds.flooredDivision(by: 1000)
        let stream = 900 &+ UInt64(rack) &* 8
        let wobble = 0.25 * layout.noise.smooth(stream, seconds: seconds, period: 1800)
        let load = (self[at.pdu(rack, feed: 0)] + self[at.pdu(rack, feed: 1)])
        let share = load / Double(place.ratedWatts)
        var value = supplyTemperature(place.cooler) + 0.8
        value += place.recirculation * (0.55 + 0.6 * share) + wobble
        if rack == physics.hotRack { value += self[at.hotRise] }
        return value
    }

    /// Air that a cooling unit sends out, °C.
    func supplyTemperature(_ unit: Int) -> Double {
        let seconds = time.milliseconds.flooredDivision(by: 1000)
        let wobble = layout.noise.smooth(800 &+ UInt64(unit), seconds: seconds, period: 2400)
        return Self.supplySetpoint + 0.2 * wobble + self[at.zoneRise(unit)]
    }

    static let supplySetpoint = 20.0

    /// Air that comes back to a cooling unit, °C.
    func returnTemperature(_ unit: Int) -> Double {
        let share = self[at.coolerHeat(unit)] / layout.coolerRatedWatts
        return supplyTemperature(unit) + 4 + 9 * min(1, share)
    }

    /// Relative humidity at a rack's inlet, %.
    func inletHumidity(_ rack: Int) -> Double {
        let seconds = time.milliseconds.flooredDivision(by: 1000)
        let own = layout.noise.uniform(905 &+ UInt64(rack) &* 8) * 4
        let slow = layout.noise.smooth(810, seconds: seconds, period: 43_200) * 3
        let warmer = inletTemperature(rack) - 22
        return min(80, max(15, 40 + own + slow - 2.2 * warmer))
    }

    /// Phase-to-neutral volts of a feed.
    func voltage(feed: Int, phase: Int) -> Double {
        let seconds = time.milliseconds.flooredDivision(by: 1000)
        let stream = 830 &+ UInt64(feed * 4 + phase)
        return 230.5 + Double(phase) * 0.4
            + 1.6 * layout.noise.smooth(stream, seconds: seconds, period: 1200)
    }

    /// Hz.
    var frequency: Double {
        let seconds = time.milliseconds.flooredDivision(by: 1000)
        return 50 + 0.03 * layout.noise.smooth(840, seconds: seconds, period: 60)
    }
}
