import Model

/// A page of panels that a site arranges for itself: which points, and how they are shown.
package struct Dashboard: Sendable, Equatable {
    /// More panels than anybody looks at.
    static let maximumPanels = 32
    static let maximumGlobs = 8
    /// Different patterns of all panels: each is a question to the daemon.
    static let maximumPatterns = 48

    package var title: BoardText
    package var panels: [Panel]

    /// Each pattern once, in order.
    package var globs: [String] {
        var seen = Set<String>()
        return panels.flatMap(\.points).filter { seen.insert($0).inserted }
    }

    package struct Panel: Sendable, Equatable {
        package var title: BoardText
        /// `device/point` with `*` and `?`.
        package var points: [String]
        /// What the devices of the points must be, each with its patterns.
        package var filter: [PanelLabel: [String]] = [:]
        package var show = PanelShow.values
        /// How values become one; nil where every point stands for itself.
        package var of: PanelSum?
        /// What the values are put together by; nil for all in one, or each for itself.
        package var by: PanelLabel?
        package var sort = PanelSort.highest
        /// Lines shown of a list or a graph.
        package var limit = 10
        /// The ends of a scale, in the points' unit; found from the values where there are none.
        package var low: Double?
        package var full: Double?
        package var limits = PanelLimits()
        /// Of a graph: how far it reaches back, and its step; found from the span where nil.
        package var spanMS: Int64 = 6 * 3_600_000
        package var stepMS: Int64?
        /// In columns of the page, and in lines; the lines that it needs where nil.
        package var width = 1
        package var height: Int?
        /// Headings of a table, one for each pattern.
        package var columns: [BoardText]?
    }
}

/// How the points of a panel become something to look at.
package enum PanelShow: String, Sendable, CaseIterable {
    /// One number of all usable values.
    case sum, mean, maximum, minimum
    /// A line each.
    case values
    /// A bar each.
    case bars
    /// One number on a scale.
    case gauge
    /// The course of time.
    case graph
    /// A line for each device, a column for each pattern.
    case table
    /// A coloured cell each.
    case heatMap

    var isFigure: Bool {
        switch self {
        case .sum, .mean, .maximum, .minimum: true
        default: false
        }
    }
}

/// How several values become one.
package enum PanelSum: String, Sendable, CaseIterable {
    case sum, mean, maximum, minimum

    /// Nil of nothing.
    func of(_ values: [Double]) -> Double? {
        guard !values.isEmpty else { return nil }
        let result: Double? =
            switch self {
            case .sum: values.reduce(0, +)
            case .mean: values.reduce(0) { $0 + $1 / Double(values.count) }
            case .maximum: values.max()
            case .minimum: values.min()
            }
        return result?.isFinite == true ? result : nil
    }
}

/// What devices are chosen and put together by.
package enum PanelLabel: String, Sendable, CaseIterable {
    case hall, row, rack, feed, profile, `class`, tag
}

package enum PanelSort: String, Sendable, CaseIterable {
    case highest, lowest
    /// As the site file lists the devices.
    case site
}

/// Beyond which values are told: above, or below.
package struct PanelLimits: Sendable, Equatable {
    package var warn: Double?
    package var critical: Double?
    package var warnBelow: Double?
    package var criticalBelow: Double?

    package init(
        warn: Double? = nil, critical: Double? = nil, warnBelow: Double? = nil,
        criticalBelow: Double? = nil
    ) {
        self.warn = warn
        self.critical = critical
        self.warnBelow = warnBelow
        self.criticalBelow = criticalBelow
    }

    package struct Level: Sendable, Equatable {
        package var isCritical: Bool
        package var isBelow: Bool
    }

    /// Nil within the limits.
    package func level(of value: Double?) -> Level? {
        guard let value else { return nil }
        if let critical, value >= critical { return Level(isCritical: true, isBelow: false) }
        if let criticalBelow, value <= criticalBelow {
            return Level(isCritical: true, isBelow: true)
        }
        if let warn, value >= warn { return Level(isCritical: false, isBelow: false) }
        if let warnBelow, value <= warnBelow { return Level(isCritical: false, isBelow: true) }
        return nil
    }

    /// Each limit with its letter.
    var all: [(value: Double, level: Level)] {
        let found: [(Double?, Bool, Bool)] = [
            (criticalBelow, true, true), (warnBelow, false, true), (warn, false, false),
            (critical, true, false),
        ]
        return found.compactMap { value, isCritical, isBelow in
            value.map { ($0, Level(isCritical: isCritical, isBelow: isBelow)) }
        }
    }
}
