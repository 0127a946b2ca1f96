import Model

/// What the values of a recording do while it is served. Pure: the seconds since the start come in.
struct RecordedMotion: Sendable {
    /// sysUpTime, the only clock that every agent has (RFC 3418).
    static let clock = ObjectID([1, 3, 6, 1, 2, 1, 1, 3, 0])

    let values: ServedFault.Values

    /// True while the device is gone.
    func isSilent(seconds: Double) -> Bool {
        guard case .reboot(let after) = values else { return false }
        let cycle = Double(after + ServedFault.silenceSeconds)
        return seconds.truncatingRemainder(dividingBy: cycle) >= Double(after)
    }

    func value(_ value: SNMPValue, of oid: ObjectID, seconds: Double) -> SNMPValue {
        switch values {
        case .still, .wordSwap: return value
        case .live: return Self.moved(value, oid, clock: seconds, counters: seconds)
        case .stuck(let after):
            return Self.moved(value, oid, clock: seconds, counters: min(seconds, Double(after)))
        case .rollover(let after):
            return Self.rolled(value, oid, seconds: seconds, after: Double(after))
        case .reboot(let after):
            let cycle = Double(after + ServedFault.silenceSeconds)
            guard seconds >= cycle else {
                return Self.moved(value, oid, clock: seconds, counters: seconds)
            }
            let up = seconds.truncatingRemainder(dividingBy: cycle)
            return Self.restarted(value, oid, up)
        }
    }

    /// A counter gains a millionth of what it holds each second, at least 1.
    private static func step(_ counter: UInt64) -> Double { max(1, Double(counter / 1_000_000)) }

    private static func moved(
        _ value: SNMPValue, _ oid: ObjectID, clock: Double, counters: Double
    ) -> SNMPValue {
        switch value {
        case .counter32(let start):
            let gained = UInt64(step(UInt64(start)) * counters)
            return .counter32(start &+ UInt32(truncatingIfNeeded: gained))
        case .counter64(let start):
            return .counter64(start &+ UInt64(step(start) * counters))
        case .timeTicks(let start) where oid == Self.clock:
            return .timeTicks(start &+ UInt32(truncatingIfNeeded: UInt64(clock * 100)))
        default: return value
        }
    }

    private static func rolled(
        _ value: SNMPValue, _ oid: ObjectID, seconds: Double, after: Double
    ) -> SNMPValue {
        let missing = after - seconds
        switch value {
        case .counter32(let start):
            let steps = UInt32(truncatingIfNeeded: Int64(step(UInt64(start)) * missing))
            return .counter32(0 &- steps)
        case .counter64(let start):
            return .counter64(0 &- UInt64(bitPattern: Int64(step(start) * missing)))
        default: return moved(value, oid, clock: seconds, counters: seconds)
        }
    }

    private static func restarted(_ value: SNMPValue, _ oid: ObjectID, _ up: Double) -> SNMPValue {
        switch value {
        case .counter32(let start):
            return .counter32(UInt32(truncatingIfNeeded: UInt64(step(UInt64(start)) * up)))
        case .counter64(let start): return .counter64(UInt64(step(start) * up))
        case .timeTicks where oid == Self.clock: return .timeTicks(UInt32(up * 100))
        default: return value
        }
    }
}

extension RegisterMap {
    /// Registers one after another in pairs from the first of each run, each pair the other way
    /// round: what a device with another word order would hold.
    func wordSwapped() -> RegisterMap {
        var swapped = self
        for table in [RegisterTable.holding, .input] {
            let addresses = addresses(table)
            var index = 0
            while index + 1 < addresses.count {
                let (high, low) = (addresses[index], addresses[index + 1])
                guard low == high + 1, let a = form(table, high), let b = form(table, low) else {
                    index += 1
                    continue
                }
                swapped.set(table, high, b)
                swapped.set(table, low, a)
                index += 2
            }
        }
        return swapped
    }
}
