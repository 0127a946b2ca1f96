import Model

/// What a run writes, as a function of a seed: whoever knows how far a writer came knows every
/// reading that must be there. Readings come in the order of their numbers, devices in turn; each
/// thirteenth of a device gives an earlier moment new values.
struct Story {
    let seed: UInt64
    /// Moment of the first reading, milliseconds since 1970.
    let base: Int64

    static let devices = 3
    static let stepMS: Int64 = 30 * 60_000
    static let meter = "main"
    static let receiver = "duty"
    /// The point that says which reading it was.
    static let number = "number"
    /// The point whose readings a rule throws away.
    static let passing = "passing"

    static let points: [PointDefinition] = [
        PointDefinition(name: number, kind: .gauge, unit: .none, scale: 0),
        PointDefinition(name: "power", kind: .gauge, unit: .watt, scale: 0),
        PointDefinition(name: "temperature", kind: .gauge, unit: .celsius, scale: 1),
        PointDefinition(name: "energy", kind: .counter(modulus: nil), unit: .wattHour, scale: 0),
        PointDefinition(name: passing, kind: .gauge, unit: .ampere, scale: 2),
    ]

    static func device(_ number: Int) -> String { "d\(number % devices)" }

    struct Poll {
        var device: Int
        var time: Int64
        var values: [PointValue]
    }

    func poll(_ number: Int) -> Poll {
        let turn = number / Self.devices
        let slot = turn % 13 == 12 ? turn - 7 : turn
        let device = number % Self.devices
        let jitter = Int64(dice(UInt64(slot), UInt64(device)) % 1000)
        var random = dice(UInt64(number), 77)
        func below(_ bound: UInt64) -> Int64 {
            random = dice(random, 1)
            return Int64(random % bound)
        }
        let temperature: (Int64, Quality) =
            switch below(29) {
            case 0: (-9999, .bad)
            case 1: (0, .absent)
            default: (180 + below(120), .good)
            }
        let mantissas: [(Int64, Quality)] = [
            (Int64(number), .good), (2000 + below(500), .good), temperature,
            (Int64(slot) * 1000 + below(1000), .good), (below(1 << 40), .good),
        ]
        return Poll(
            device: device, time: base + Int64(slot) * Self.stepMS + jitter,
            values: mantissas.enumerated().map {
                PointValue(
                    index: UInt16($0.offset), mantissa: $0.element.0, quality: $0.element.1)
            })
    }

    func entry(_ number: Int) -> LedgerEntry {
        LedgerEntry(
            interval: QuarterHour(number: 2_000_000 + Int64(number)),
            wattHours: Int64(dice(UInt64(number), 3) % 100_000), flag: .measured)
    }
    func state(_ number: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    static let key = AlarmKey(rule: "hot", device: "d0", point: "temperature")

    func event(_ number: Int) -> AlarmEvent {
        AlarmEvent(
            key: Self.key, episode: 1, sequence: Int64(number),
            time: Instant(milliseconds: base + Int64(number)), state: .unacknowledged,
            previous: .normal, priority: .high, valueText: "\(dice(UInt64(number), 5) % 1000)",
            actor: nil, comment: nil, notice: nil)
    }
    func record(_ number: Int) -> AlarmRecord {
        let event = event(number)
        return AlarmRecord(
            key: event.key, state: event.state, priority: event.priority, episode: 1,
            sequence: event.sequence, raisedAt: event.time, changedAt: event.time,
            valueText: event.valueText)
    }
    func notice(_ number: Int) -> OutboxItem {
        let time = Instant(milliseconds: base)
        return OutboxItem(
            id: 0, receiver: Self.receiver, idempotencyKey: "k\(number)", payload: state(number),
            createdAt: time, attempts: 0, nextAttemptAt: time, lastError: nil)
    }

    /// SplitMix64's last step over both numbers and the seed.
    private func dice(_ a: UInt64, _ b: UInt64) -> UInt64 {
        var z = seed &+ a &* 0x9E37_79B9_7F4A_7C15 &+ b &* 0xD1B5_4A32_D192_ED03
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
