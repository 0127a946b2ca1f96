package import Model

/// A device as it stands now: its points, their last values, and how its polls went.
package struct LiveDevice: Sendable {
    package var points: [PointDefinition] = []
    /// One for each point: the last reading, with the quality it has now.
    package var values: [PointValue] = []
    /// One for each point: when its value was last read; nil before the first time.
    package var readAt: [Instant?] = []
    /// One for each point: the group whose polls bring it; empty where all are of one group.
    package var groups: [PollGroup] = []
    package var lastAnswer: Instant?
    package var latencyMicroseconds: Int64?
    package var polls: Int64 = 0
    package var failures: Int64 = 0
    /// Polls in a row without an answer, of whichever group.
    package var missedPolls = 0
    package var lastFailure: PollFailure?
    package var tally = PollTally()
    /// When a group was last answered, by its place.
    private var answeredAt: [Instant?] = [nil, nil, nil]
    /// False of a moment that has passed: nobody has stored how many polls there were.
    private let isCounted: Bool

    package init() { isCounted = true }

    /// A device as it stood at a moment that has passed.
    package init(
        points: [PointDefinition], values: [PointValue], readAt: [Instant?], groups: [PollGroup],
        lastAnswer: Instant?, missedPolls: Int
    ) {
        isCounted = false
        self.points = points
        self.values = values
        self.readAt = readAt
        self.groups = groups
        self.lastAnswer = lastAnswer
        self.missedPolls = missedPolls
        for group in PollGroup.allCases { answeredAt[group.place] = lastAnswer }
    }

    /// Polls since the start, and those of them without an answer; nil where nobody knows.
    package var counts: (polls: Int64, failures: Int64)? {
        isCounted ? (polls, failures) : nil
    }

    /// Notes how a poll went, whatever it brought.
    package mutating func note(_ poll: RawPoll) {
        polls += 1
        latencyMicroseconds = poll.latencyMicroseconds
        tally.note(poll)
        switch poll.outcome {
        case .frames:
            lastAnswer = poll.time
            missedPolls = 0
        case .failure(let failure):
            failures += 1
            missedPolls += 1
            lastFailure = failure
        }
    }

    /// Takes the values of a poll that was answered: those of one group. `definitions` are all
    /// points known now.
    package mutating func take(
        _ batch: ReadingBatch, group: PollGroup = .normal, definitions: [PointDefinition]
    ) {
        grow(to: definitions)
        answeredAt[group.place] = batch.time
        for value in batch.values where Int(value.index) < values.count {
            values[Int(value.index)] = value
            if value.quality.isUsable { readAt[Int(value.index)] = batch.time }
        }
    }

    /// What a poll without an answer makes of the points: the last value, no longer trusted. Of the
    /// group that was asked for, and of every group whose own turn has passed since it was last
    /// answered: a silent device is asked with its quickest group only.
    ///
    /// - Parameter interval: the time between two polls of a group, in milliseconds.
    package func staleBatch(
        device: DeviceID, group: PollGroup = .normal, at time: Instant,
        interval: (PollGroup) -> Int64
    ) -> ReadingBatch {
        let lost = PollGroup.allCases.map { other in
            if other == group || groups.isEmpty { return true }
            guard let answered = answeredAt[other.place] else { return true }
            let limit = interval(other)
            return time.millisecondsSince(answered) > limit &+ limit / 2
        }
        var batch = ReadingBatch(device: device, time: time, values: [])
        batch.values.reserveCapacity(values.count)
        for index in values.indices {
            guard groups.isEmpty || lost[groups[index].place] else { continue }
            var value = values[index]
            // A code for "no value" is not what the point was last.
            let isKnown = readAt[index] != nil && value.quality < .bad
            value.quality = isKnown ? .stale : .absent
            batch.values.append(value)
        }
        return batch
    }

    private mutating func grow(to definitions: [PointDefinition]) {
        // A definition may gain its label later; the list itself only grows.
        points = definitions
        for index in values.count..<max(values.count, definitions.count) {
            values.append(PointValue(index: UInt16(index), mantissa: 0, quality: .absent))
            readAt.append(nil)
        }
    }

    package func index(ofPoint name: String) -> Int? { points.firstIndex { $0.name == name } }

    /// `answering`, `late` (a poll was missed), `silent` (three or more), `never`.
    package var stateName: String {
        if wasNeverAsked || (lastAnswer == nil && missedPolls < 3) { return "never" }
        if missedPolls == 0 { return "answering" }
        return missedPolls < 3 ? "late" : "silent"
    }

    private var wasNeverAsked: Bool { isCounted ? polls == 0 : lastAnswer == nil }

    /// Answered its last poll.
    package var isAnswering: Bool { !wasNeverAsked && missedPolls == 0 }

    /// When the value that is shown was answered: a bad one by the last poll of its group.
    private func time(ofPoint index: Int) -> Instant? {
        guard values[index].quality == .bad else { return readAt[index] }
        if groups.isEmpty { return answeredAt.compactMap(\.self).max() }
        return answeredAt[groups[index].place]
    }

    /// A point as the API shows it.
    package func view(
        ofPoint index: Int, device: String, origin: String? = nil
    ) -> PointView {
        let point = points[index]
        let value = values[index]
        let hasValue = value.quality != .absent && readAt[index] != nil || value.quality == .bad
        var text: String?
        var number: Double?
        if hasValue {
            let decimal = point.decimal(value.mantissa)
            text = point.stateName(value.mantissa) ?? decimal.description
            number = decimal.double
        }
        return PointView(
            device: device, name: point.name, label: point.label, kind: point.kindName, text: text,
            value: number, unit: point.unit.rawValue, quality: value.quality.name,
            timeMS: time(ofPoint: index)?.milliseconds, origin: origin)
    }
}

extension PointDefinition {
    package var kindName: String {
        switch kind {
        case .gauge: "gauge"
        case .counter: "counter"
        case .state: "state"
        }
    }
}

extension Transport {
    /// Where a device is reached, without secrets.
    package var text: String {
        switch self {
        case .snmp(let snmp): "snmp \(snmp.host):\(snmp.port)"
        case .modbusTCP(let modbus): "modbus \(modbus.host):\(modbus.port) unit \(modbus.unit)"
        case .modbusRTU(let rtu): "rtu \(rtu.path) unit \(rtu.unit)"
        }
    }
}
