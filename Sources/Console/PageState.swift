package import Screen
package import Views

/// What single pages keep, apart from the site's picture and the selections in its lists.
package struct PageState: Sendable {
    /// The rack whose page is open.
    package var rack: OpenRack?
    /// Nodes of the power chain that are out in thought; empty while the chain is as it is.
    package var failing: Set<String> = []
    /// The day of the energy page.
    package var energy: EnergyDayView?
    package var energyError: String?
    /// Free cooling missed on the day that is shown, and why it is not known.
    package var cooling: CoolingDayView?
    package var coolingError: String?
    /// First quarter hour in sight of its table, from 0.
    package var selectedQuarter: Int?
    package var search: SearchState?
    /// Lines of the help above those in sight.
    package var helpScroll = 0
    package var explained: ExplainedFigure?
    /// Where Tab stands in the command being typed.
    package var cycle: CompletionCycle?
    /// Alarms whose suppressed children are shown.
    package var expandedAlarms: Set<String> = []
    package var alarmList = AlarmList.active
    package var alarmHistory: [AlarmHistoryLine]? { didSet { historyNumber += 1 } }
    /// Counts the answers of the journal.
    private(set) var historyNumber = 0
    package var alarmHistoryError: String?
    /// The totals of the last 24 hours by name of the site's own points, for sparklines.
    package var dayTrends: SeriesView?
    /// Series of dashboard panels, by the request's tag.
    package var series: [String: SeriesView] = [:]
    package var board = BoardState()
    /// When what changes slowly is asked for again, on the monotonic clock.
    var slowDueMS: Int64 = 0
    package var isMouseOn = false
    package var theme = Theme.dark
}

/// Which alarms the alarm page lists.
package enum AlarmList: Int, Sendable, CaseIterable { case active, hidden, history }

/// The rack whose page is open, with the points of its devices as they come.
package struct OpenRack: Sendable {
    package var name: String
    package var devices: [String: DeviceView] = [:]
    package var errors: [String: String] = [:]
    /// A part of the elevation: a device's name, or the number of what is not polled.
    package var selected: String?
    /// What is where in it; the same at all times that are shown.
    package var layout: RackLayoutView?
    package var layoutError: String?
    /// Power and temperature over a day.
    package var history: SeriesView?
    package init(name: String) { self.name = name }
}
