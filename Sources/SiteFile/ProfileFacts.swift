package import ConfigTree
package import Model

/// What the site file must know of a profile to check it: its protocol and its points.
package struct ProfileFacts: Sendable {
    package enum Access: String, Sendable {
        case snmp = "SNMP"
        case modbus = "Modbus"
    }

    /// A point, or a family of them: `?*` stands for an instance, one or more characters other
    /// than a dot.
    package struct Point: Sendable {
        package var pattern: String
        package var kind: PointKind
        package var unit: MeasurementUnit
        /// The physically possible values, in the unit.
        package var lowest: FixedDecimal?
        package var highest: FixedDecimal?
        package var poll: PollGroup
        /// As people read it: `outlet.<n>.power`.
        var shownName: String {
            pattern.split(separator: "?*", omittingEmptySubsequences: false)
                .joined(separator: "<n>")
        }

        package init(
            pattern: String, kind: PointKind, unit: MeasurementUnit, lowest: FixedDecimal? = nil,
            highest: FixedDecimal? = nil, poll: PollGroup = .normal
        ) {
            self.pattern = pattern
            self.kind = kind
            self.unit = unit
            self.lowest = lowest
            self.highest = highest
            self.poll = poll
        }
    }

    package var access: Access
    package var points: [Point]
    /// The registers it reads; nil for SNMP.
    package var registers: ClosedRange<Int>?
    package var classes: [String]
    /// Rules that the profile has for its devices, to be taken as templates.
    package var rules: [ConfigNode]
    package init(
        registers: ClosedRange<Int>? = nil, access: Access, points: [Point],
        classes: [String] = [], rules: [ConfigNode] = []
    ) {
        self.registers = registers
        self.classes = classes
        self.rules = rules
        self.access = access
        self.points = points
    }

    /// The figures of the site itself, as if they were a device's.
    static let ownSeries = ProfileFacts(
        access: .snmp,
        points: OwnSeries.points.map { Point(pattern: $0.name, kind: $0.kind, unit: $0.unit) })

    /// The first points, for messages.
    var examples: String {
        points.isEmpty
            ? "it has no points"
            : "its points are " + points.prefix(8).map(\.shownName).joined(separator: ", ")
                + (points.count > 8 ? ", …" : "")
    }

    /// The point of this exact name, which holds no `*` or `?`; of several that fit the first.
    func point(named name: String) -> Point? {
        points.first { $0.pattern == name }
            ?? points.first { overlaps(pattern: $0.pattern, glob: name) }
    }

    /// How often a point is asked for.
    package func poll(of name: String) -> PollGroup { point(named: name)?.poll ?? .normal }

    func points(overlapping glob: String) -> [Point] {
        points.filter { overlaps(pattern: $0.pattern, glob: glob) }
    }
}
