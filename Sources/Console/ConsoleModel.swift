package import Screen
package import Views

/// Everything the console knows and what it shows of it. Pure state: `update` is the only thing
/// that changes it, `ConsoleView.draw` the only thing that looks.
package struct ConsoleModel: Sendable {
    package enum Page: Int, Sendable, CaseIterable {
        case overview = 1
        case racks, devices, alarms, power, cooling, energy, dashboard
    }

    package enum Connection: Sendable, Equatable {
        case connecting
        case live
        /// `reason` has its cure; `sinceMS` is on the monotonic clock.
        case lost(reason: String, sinceMS: Int64)
    }

    /// What the heat map of racks shows.
    package enum HeatMode: Int, Sendable, CaseIterable {
        case inlet, load, power, balance, humidity, age, alarms
    }

    package enum DeviceOrder: Int, Sendable, CaseIterable {
        case state, name, place, latency, failures
    }

    /// One line being typed at the bottom of the screen.
    package struct Prompt: Sendable, Equatable {
        package enum Purpose: Sendable, Equatable {
            case filter
            case time
            case search
            case command
            case acknowledge(id: String)
            case shelve(id: String)
            case outOfService(id: String)
        }
        package var purpose: Purpose
        package var text: String
    }

    /// A line shown for some seconds.
    package struct Notice: Sendable, Equatable {
        package var text: String
        package var isError: Bool
        package var untilMS: Int64
    }

    /// The device whose points are shown.
    package struct OpenDevice: Sendable {
        package var name: String
        package var view: DeviceView?
        package var error: String?
        package var filter = ""
        package var selected: String?
        /// History of the selected point.
        package var history: SeriesView?
        package var historyPoint: String?
    }

    package struct Total: Sendable, Equatable {
        package var timeMS: Int64
        package var watts: Double?
    }

    /// A second of history each: one hour.
    package static let maximumTotals = 3600
    package static let noticeMilliseconds: Int64 = 6_000
    /// How often the points of an open device and of a dashboard are asked for.
    package static let refreshMilliseconds: Int64 = 2_000
    package static let historyRefreshMilliseconds: Int64 = 15_000
    /// A typed line longer than this takes no more.
    package static let maximumPrompt = 200
    /// A snapshot older than this is shown as stale even while the connection stands.
    package static let staleMilliseconds: Int64 = 10_000

    /// 9999-12-01, in milliseconds since 1970.
    static let latestMS: Int64 = 253_399_622_400_000

    package var page = Page.overview
    package var connection = Connection.connecting
    package var snapshot: SiteView? {
        didSet {
            picture += 1
            pictureMS = snapshot?.timeMS
        }
    }
    /// Counts the pictures, and each change of one.
    private(set) var picture = 0
    /// The picture's own time; nil without one.
    private(set) var pictureMS: Int64?
    /// Monotonic time at which `snapshot` arrived.
    package var receivedMS: Int64 = 0
    /// Monotonic time of the last tick.
    package var nowMS: Int64 = 0
    package var totals: [Total] = []
    package var past = PastState()
    package var isHelpShown = false
    package var prompt: Prompt?
    package var language = Language.english
    package var state = PageState()
    var derived = Derived()
    package var notice: Notice?
    /// Who acknowledges: the user's name on this machine.
    package var user: String
    /// What the console is connected to, for messages.
    package var target: String

    package var heatMode = HeatMode.inlet
    package var selectedRack: String?
    package var deviceOrder = DeviceOrder.state
    package var isDeviceOrderReversed = false
    package var deviceFilter = ""
    package var selectedDevice: String?
    package var openDevice: OpenDevice?
    package var alarmFilter = ""
    package var selectedAlarm: String?
    package var powerFilter = ""
    package var selectedNode: String?
    package var selectedUnit: String?

    package var dashboard: Dashboard?
    /// Last values by glob.
    package var dashboardPoints: [String: [PointView]] = [:]

    /// When the next periodic question is due, on the monotonic clock.
    var refreshDueMS: Int64 = 0
    var historyDueMS: Int64 = 0
    /// Rows of the list in sight at the last drawing, for the page keys.
    package var size = Size(width: 80, height: 24)

    package init(user: String, target: String, dashboard: Dashboard? = nil) {
        self.user = user
        self.target = target
        self.dashboard = dashboard
    }

    /// Milliseconds since 1970 by the daemon's clock: its last word and what has passed since.
    /// In the past: the moment that is shown.
    package var serverNowMS: Int64 { past.shownMS ?? liveNowMS }

    /// True where what is shown may no longer hold.
    package var isStale: Bool {
        guard pictureMS != nil, past.shownMS == nil else { return false }
        if case .live = connection { return nowMS - receivedMS > Self.staleMilliseconds }
        return true
    }

    package var pages: [Page] {
        Page.allCases.filter { $0 != .dashboard || dashboard != nil }
    }

    /// Rows that a list on the present screen can hold, roughly: what a page key moves by.
    var pageStep: Int { max(1, size.height - 10) }
}

package enum ConsoleEvent: Sendable {
    /// Monotonic milliseconds; comes at least every half second.
    case tick(Int64)
    case key(Key)
    case resized(Size)
    case snapshot(SiteView)
    /// The site at a moment that has passed, or why it is not to be had.
    case past(atMS: Int64, SiteView)
    case pastFailed(atMS: Int64, String)
    /// The answer to a question about that moment.
    indirect case ofMoment(atMS: Int64, ConsoleEvent)
    /// The stream is gone; the text has a cure.
    case disconnected(String)
    case device(DeviceView)
    case deviceFailed(name: String, String)
    /// What is where in a rack, or why it is not known.
    case rack(RackLayoutView)
    case rackFailed(name: String, String)
    case history(point: String, SeriesView)
    case totals(SeriesView)
    case points(glob: String, [PointView])
    case series(tag: String, SeriesView)
    case foundPoints(text: String, [PointView])
    case energyDay(EnergyDayView)
    case energyDayFailed(String)
    case coolingDay(CoolingDayView)
    case coolingDayFailed(String)
    case explanation(id: String, ExplanationView)
    case explanationFailed(id: String, String)
    case alarmHistory([AlarmHistoryLine])
    case alarmHistoryFailed(String)
    case alarmActed(AlarmAction)
    case alarmActionFailed(AlarmAction, String)
    /// The files that hold the view now, or why there are none.
    case saved([String])
    case saveFailed(String)
    case pointsFailed(glob: String, String)
    /// Hall, row, rack, … of every device, or why they are not known.
    case labels([DeviceLabelsView])
    case labelsFailed(String)
    /// The dashboards that there are, and one of them.
    case boards([BoardEntry])
    case board(name: String, BoardLoad)
    case acknowledged(id: String)
    case acknowledgeFailed(id: String, String)
}

package enum ConsoleCommand: Sendable, Equatable {
    case quit
    case redraw
    case loadPast(atMS: Int64)
    /// A question about that moment.
    indirect case ofMoment(atMS: Int64, ConsoleCommand)
    case loadDevice(String)
    case loadRack(String)
    /// Times in milliseconds since 1970.
    case loadHistory(point: String, fromMS: Int64, toMS: Int64, stepMS: Int64)
    case loadTotals(fromMS: Int64, toMS: Int64, stepMS: Int64)
    case loadPoints(glob: String)
    case acknowledge(id: String, by: String, comment: String)
    case loadSeries(tag: String, points: [String], fromMS: Int64, toMS: Int64, stepMS: Int64)
    case findPoints(text: String, glob: String, limit: Int)
    case loadLabels
    case listBoards
    case loadBoard(String)
    case loadEnergyDay(atMS: Int64)
    case loadCoolingDay(atMS: Int64)
    case explain(id: String)
    case loadAlarmHistory(fromMS: Int64, toMS: Int64)
    case alarmAction(AlarmAction)
    /// The view as it is drawn, as text and as a table, in files of this name.
    case save(name: String)
    case setTheme(Theme)
    case setMouse(Bool)
}
