/// Urgency by the time an operator has to act (ISA-18.2, section 11; figures in minutes):
/// critical under 5, high under 30, medium within the shift, low next day.
package enum AlarmPriority: UInt8, Sendable, CaseIterable, Comparable {
    case low = 0
    case medium = 1
    case high = 2
    case critical = 3
    package static func < (a: AlarmPriority, b: AlarmPriority) -> Bool { a.rawValue < b.rawValue }
    package var name: String {
        switch self {
        case .low: "low"
        case .medium: "medium"
        case .high: "high"
        case .critical: "critical"
        }
    }
    package init?(name: String) {
        guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}

/// A rule of the site file. One rule may cover many points; each point it matches is one alarm.
package struct AlarmRule: Sendable {
    package enum Condition: Hashable, Sendable {
        /// Raise above `limit`, clear below `limit - deadband`; in the point's unit.
        case above(limit: FixedDecimal, deadband: FixedDecimal)
        case below(limit: FixedDecimal, deadband: FixedDecimal)
        /// Raise while the state's name is one of these.
        case state(Set<String>)
        /// Raise when the device has not answered for this many polls.
        case noData(missedPolls: Int)
        /// Raise while the value changes faster than it should.
        case rate(RateLimit)
        /// Raise while the value differs too much from what like values say.
        case deviation(DeviationLimit)
        /// Raise while what is computed from several points is true.
        case formula(AlarmFormula)
    }
    /// What `device` is a pattern of.
    package enum Subject: Sendable { case devices, powerNodes }
    package var name: String
    /// Devices and points it covers, with `*` for any run of characters: `pdu-*/input.l?.current`.
    /// For `noData` the part before the slash alone counts.
    package var device: String
    package var point: String
    package var subject: Subject
    /// Only devices of these profiles, where given; names as devices have them.
    package var profiles: Set<String>?
    /// Only devices in this place or below, where given.
    package var place: String?
    /// Not the devices in these places or below: a rule of the same name has other limits for them,
    /// or nothing is watched there.
    package var exceptPlaces: Set<String>
    package var condition: Condition
    package var onDelayMilliseconds: Int64
    package var offDelayMilliseconds: Int64
    package var priority: AlarmPriority
    package var latching: Bool
    package var cause: String
    package var consequence: String
    package var action: String
    /// While it is active, what its device measures in the power chain has no power.
    package var losesPower = false
    /// It is announced again when it has been active for so long since it was last announced or
    /// acknowledged; nil for never.
    package var realarmMilliseconds: Int64?
    package init(
        name: String, device: String, point: String, subject: Subject = .devices,
        profiles: Set<String>? = nil, place: String? = nil, exceptPlaces: Set<String> = [],
        condition: Condition, onDelayMilliseconds: Int64, offDelayMilliseconds: Int64,
        priority: AlarmPriority, latching: Bool = false, cause: String, consequence: String,
        action: String
    ) {
        self.name = name
        self.device = device
        self.point = point
        self.subject = subject
        self.profiles = profiles
        self.place = place
        self.exceptPlaces = exceptPlaces
        self.condition = condition
        self.onDelayMilliseconds = onDelayMilliseconds
        self.offDelayMilliseconds = offDelayMilliseconds
        self.priority = priority
        self.latching = latching
        self.cause = cause
        self.consequence = consequence
        self.action = action
    }
}
