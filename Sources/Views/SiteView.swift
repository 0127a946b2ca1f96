/// What people and programs see of the site at one moment: the document of `GET /api/v1/snapshot`
/// and of every server-sent event, and all that the console draws from.
///
/// Field names are part of the API; a unit is the last word of a name. Values are numbers where
/// they are for looking at; money and energy of record come from reports, which are exact.
package struct SiteView: Codable, Sendable, Equatable {
    /// Rises by one with every step of the daemon; 0 of a moment that has passed.
    package var sequence: Int64
    /// Milliseconds since 1970 UTC.
    package var timeMS: Int64
    package var offsetMinutes: Int
    package var site: String
    package var displayName: String
    package var header: HeaderView
    package var rows: [RowView]
    package var devices: [DeviceSummaryView]
    package var alarms: [AlarmView]
    package var cooling: [CoolingView]
    package var chain: [PowerNodeView]
    package var health: HealthView
    /// What a picture of the past was made from; nil of the present.
    package var past: PastView?
    /// Alarms that are not shown, with the reason: those that are not normal, and what a person has
    /// put aside; at most `hiddenLimit`. Nil from a daemon that does not tell.
    package var hiddenAlarms: [AlarmView]?
    /// How many there are of each, beyond the limit too.
    package var hiddenCounts: HiddenCountsView?
    package static let hiddenLimit = 500

    package init(
        sequence: Int64, timeMS: Int64, offsetMinutes: Int, site: String, displayName: String,
        header: HeaderView, rows: [RowView], devices: [DeviceSummaryView], alarms: [AlarmView],
        cooling: [CoolingView], chain: [PowerNodeView], health: HealthView
    ) {
        self.sequence = sequence
        self.timeMS = timeMS
        self.offsetMinutes = offsetMinutes
        self.site = site
        self.displayName = displayName
        self.header = header
        self.rows = rows
        self.devices = devices
        self.alarms = alarms
        self.cooling = cooling
        self.chain = chain
        self.health = health
    }
}

/// Only in a picture of a moment that has passed.
package struct PastView: Codable, Sendable, Equatable {
    /// The first reading of the store: nothing is known of moments before it.
    package var oldestMS: Int64
    /// Devices of which anything is known at the moment.
    package var devicesKnown: Int
    /// Pieces of history that cannot be read; what they held is missing in the picture.
    package var damaged: Int
    package init(oldestMS: Int64, devicesKnown: Int, damaged: Int) {
        self.oldestMS = oldestMS
        self.devicesKnown = devicesKnown
        self.damaged = damaged
    }
}

/// The figures at the top of the console. Every one may be unknown, and none is shown as zero then.
package struct HeaderView: Codable, Sendable, Equatable {
    package var pue: Double?
    /// 1, 2 or 3: where IT energy is measured (ISO/IEC 30134-2).
    package var pueCategory: Int?
    /// Share of the meters behind the figure that were usable, 0…1.
    package var pueCoverage: Double
    package var pueToday: Double?
    package var totalWatts: Double?
    package var itWatts: Double?
    package var coolingWatts: Double?
    package var lossWatts: Double?
    package var otherWatts: Double?
    package var costYuanPerHour: Double?
    /// Yuan per kWh now, all parts that go with energy.
    package var priceYuanPerKWh: Double?
    package var costTodayYuan: Double?
    /// True where energy is missing since midnight: the cost is at least that much.
    package var costTodayIsPartial: Bool?
    /// `FULL`, `PARTIAL`, `MECH`, `OFF`, `UNKNOWN`: of the units together.
    package var freeCoolingMode: String?
    /// Equivalent hours since local midnight.
    package var freeCoolingHoursToday: Double?
    package var outdoorCelsius: Double?
    /// Active alarms, by priority.
    package var alarmsCritical: Int
    package var alarmsHigh: Int
    package var alarmsMedium: Int
    package var alarmsLow: Int

    package init() {
        pueCoverage = 0
        alarmsCritical = 0
        alarmsHigh = 0
        alarmsMedium = 0
        alarmsLow = 0
    }
}

package struct RowView: Codable, Sendable, Equatable {
    package var name: String
    package var displayName: String
    package var hall: String
    package var racks: [RackView]
    package init(name: String, displayName: String, hall: String, racks: [RackView]) {
        self.name = name
        self.displayName = displayName
        self.hall = hall
        self.racks = racks
    }
}

package struct RackView: Codable, Sendable, Equatable {
    package var name: String
    package var displayName: String
    package var heightUnits: Int
    package var ratedWatts: Double
    /// Highest usable inlet temperature of the rack's sensors.
    package var inletCelsius: Double?
    package var outletCelsius: Double?
    package var humidityPercent: Double?
    package var watts: Double?
    package var feedAWatts: Double?
    package var feedBWatts: Double?
    /// `watts / ratedWatts`, 0…; nil where the power is unknown.
    package var load: Double?
    /// Worst quality among what the rack's figures need: `good`, `stale`, `absent`, ….
    package var quality: String
    /// Age of the oldest reading behind the figures.
    package var ageMS: Int64?
    /// Highest active alarm in the rack: `critical`, `high`, `medium`, `low`; nil for none.
    package var alarm: String?
    /// Names of the devices in the rack.
    package var devices: [String]
    package init(name: String, displayName: String, heightUnits: Int, ratedWatts: Double) {
        self.name = name
        self.displayName = displayName
        self.heightUnits = heightUnits
        self.ratedWatts = ratedWatts
        quality = "absent"
        devices = []
    }
}

package struct DeviceSummaryView: Codable, Sendable, Equatable {
    package var name: String
    package var displayName: String
    package var profile: String
    package var place: String?
    package var feed: String?
    /// `snmp 127.0.0.1:16100`, `modbus 127.0.0.1:15020 unit 3`.
    package var endpoint: String
    /// `answering`, `late`, `silent`, `never`.
    package var state: String
    package var lastAnswerMS: Int64?
    package var latencyMS: Double?
    /// Since the start, and how many of them had no answer; nil of a moment that has passed.
    package var polls: Int64?
    package var failures: Int64?
    /// Name of the last failure, as `timeout`; nil after a good poll.
    package var lastFailure: String?
    package var points: Int
    /// Of the last 32 polls that were answered, half took no longer, and 95 of 100.
    package var latencyP50MS: Double?
    package var latencyP95MS: Double?
    package var requestsPerPoll: Double?
    package var retries: Int64?
    package var timeouts: Int64?
    /// Time until a silent device is asked again, as of the last poll; nil for all others.
    package var backOffMS: Int64?
    /// Of its quickest group of points.
    package var intervalMS: Int64?
    /// Share of its interval that its polls take, 0…; at 1 there is no time left.
    package var busyShare: Double?
    /// What is odd about it though it may answer; nil for most.
    package var note: String?
    package init(
        name: String, displayName: String, profile: String, place: String?, feed: String?,
        endpoint: String, state: String, lastAnswerMS: Int64?, latencyMS: Double?, polls: Int64?,
        failures: Int64?, lastFailure: String?, points: Int
    ) {
        self.name = name
        self.displayName = displayName
        self.profile = profile
        self.place = place
        self.feed = feed
        self.endpoint = endpoint
        self.state = state
        self.lastAnswerMS = lastAnswerMS
        self.latencyMS = latencyMS
        self.polls = polls
        self.failures = failures
        self.lastFailure = lastFailure
        self.points = points
    }
}

/// `GET /api/v1/devices/{name}`: every point of one device.
package struct DeviceView: Codable, Sendable, Equatable {
    package var summary: DeviceSummaryView
    package var points: [PointView]
    package init(summary: DeviceSummaryView, points: [PointView]) {
        self.summary = summary
        self.points = points
    }
}

/// One point now; also an element of `GET /api/v1/last`.
package struct PointView: Codable, Sendable, Equatable {
    package var device: String
    package var name: String
    package var label: String?
    /// `gauge`, `counter`, `state`.
    package var kind: String
    /// Exact decimal text, or the state's name; nil where there is no value.
    package var text: String?
    package var value: Double?
    package var unit: String
    package var quality: String
    package var timeMS: Int64?
    /// The OID or register it was read from, as `1.3.6.1.4.1.318.…` or `input 30013`.
    package var origin: String?
    /// What stood there in the last answer, before anything was done to it; only of a device that
    /// is asked for by its name, and not of a moment that has passed.
    package var raw: String?
    package init(
        device: String, name: String, label: String?, kind: String, text: String?, value: Double?,
        unit: String, quality: String, timeMS: Int64?, origin: String? = nil
    ) {
        self.origin = origin
        self.device = device
        self.name = name
        self.label = label
        self.kind = kind
        self.text = text
        self.value = value
        self.unit = unit
        self.quality = quality
        self.timeMS = timeMS
    }
}

package struct AlarmView: Codable, Sendable, Equatable {
    /// `rule:device/point`: what `frostline alarms ack` takes.
    package var id: String
    package var rule: String
    package var device: String
    package var point: String
    package var place: String?
    package var priority: String
    /// `UNACK`, `ACKED`, `RTNUN`, ….
    package var state: String
    package var raisedMS: Int64
    package var changedMS: Int64
    package var valueText: String
    package var cause: String
    package var consequence: String
    package var action: String
    package var acknowledgedBy: String?
    package var comment: String?
    /// `SHELVED`, `SUPPRESSED`, `OUT_OF_SERVICE`: what hides it first; nil for one that is shown.
    package var hiding: String?
    package var hiddenSinceMS: Int64?
    /// When the shelf ends; nil where no person has shelved it.
    package var hiddenUntilMS: Int64?
    /// Who has shelved it or taken it out of service, and why; of a suppressed one the reason.
    package var hiddenBy: String?
    package var hiddenReason: String?
    /// The second person, and when to look again: of one out of service.
    package var approver: String?
    package var reviewMS: Int64?
    /// The alarm that explains this one; its id.
    package var causeID: String?
    /// Names of the maintenance windows that hide it.
    package var windows: [String]?
    /// How many devices this alarm speaks for, and their names, at most `childrenLimit`; nil for
    /// an alarm that is no cause of others.
    package var childrenCount: Int?
    package var children: [String]?
    package static let childrenLimit = 1_000
    /// True where it is more urgent than its rule says: both power paths are lost.
    package var isRaised: Bool?
    package init(
        id: String, rule: String, device: String, point: String, place: String?, priority: String,
        state: String, raisedMS: Int64, changedMS: Int64, valueText: String, cause: String,
        consequence: String, action: String, acknowledgedBy: String?, comment: String?
    ) {
        self.id = id
        self.rule = rule
        self.device = device
        self.point = point
        self.place = place
        self.priority = priority
        self.state = state
        self.raisedMS = raisedMS
        self.changedMS = changedMS
        self.valueText = valueText
        self.cause = cause
        self.consequence = consequence
        self.action = action
        self.acknowledgedBy = acknowledgedBy
        self.comment = comment
    }
}

/// Alarms that are not shown, by what hides them first.
package struct HiddenCountsView: Codable, Sendable, Equatable {
    package var shelved = 0
    package var suppressed = 0
    package var outOfService = 0
    package var all: Int { shelved + suppressed + outOfService }
    package init() {}
}

package struct CoolingView: Codable, Sendable, Equatable {
    package var name: String
    package var displayName: String
    package var device: String
    /// `FULL`, `PARTIAL`, `MECH`, `OFF`, `UNKNOWN`.
    package var mode: String
    package var supplyCelsius: Double?
    package var returnCelsius: Double?
    package var fanPercent: Double?
    package var compressorPercent: Double?
    /// Opening of the valve that lets the cold outside do the work, 0…100.
    package var valvePercent: Double?
    /// Share of the heat in use that the cold outside removes, 0…100.
    package var freePercent: Double?
    /// Heat it can remove.
    package var ratedWatts: Double?
    package var watts: Double?
    package var quality: String
    package init(name: String, displayName: String, device: String, mode: String, quality: String) {
        self.name = name
        self.displayName = displayName
        self.device = device
        self.mode = mode
        self.quality = quality
    }
}

package struct PowerNodeView: Codable, Sendable, Equatable {
    package var name: String
    package var displayName: String
    package var kind: String
    package var feed: String?
    package var parents: [String]
    package var watts: Double?
    package var ratedWatts: Double?
    package var quality: String
    /// Of a rack's node: the rack.
    package var place: String?
    /// Of a UPS: minutes for which the battery carries the present load, and its charge, 0…100.
    package var batteryMinutes: Double?
    package var batteryPercent: Double?
    package init(
        name: String, displayName: String, kind: String, feed: String?, parents: [String],
        watts: Double?, ratedWatts: Double?, quality: String
    ) {
        self.name = name
        self.displayName = displayName
        self.kind = kind
        self.feed = feed
        self.parents = parents
        self.watts = watts
        self.ratedWatts = ratedWatts
        self.quality = quality
    }
}

/// How the collector itself is. Of a moment that has passed only what is stored is known.
package struct HealthView: Codable, Sendable, Equatable {
    package var version: String
    package var startedMS: Int64?
    package var devicesTotal: Int
    package var devicesAnswering: Int
    /// Since the start.
    package var readingsStored: Int64?
    package var readingsPerSecond: Double?
    /// `ok`, `disk-full`, `error`; `unknown` of a moment that has passed.
    package var store: String
    package var storeDetail: String?
    package var storeBytes: Int64?
    /// Of the file system with the data: what may still be written, and its size.
    package var diskFreeBytes: Int64?
    package var diskTotalBytes: Int64?
    package var lastCommitMS: Int64?
    /// Notices waiting for a receiver.
    package var outboxPending: Int?
    /// How polling keeps up; nil from a daemon that does not tell.
    package var polling: PollingView?
    /// The other collector of the site; nil where there is none.
    package var pair: PairView?
    /// Receivers of readings; nil where there are none.
    package var forwards: [ForwardView]?
    package init(version: String, startedMS: Int64?, devicesTotal: Int, store: String) {
        self.version = version
        self.startedMS = startedMS
        self.devicesTotal = devicesTotal
        devicesAnswering = 0
        self.store = store
    }
}

/// Whether the collector keeps up with its work, and what it does when it does not.
package struct PollingView: Codable, Sendable, Equatable {
    package var pollsPerSecond = 0.0
    package var requestsPerSecond = 0.0
    /// Polls without an answer, since the start.
    package var failedPolls = 0
    /// Polls under way, the most there may be, and polls that wait for a place.
    package var inFlight = 0
    package var inFlightLimit = 0
    package var waiting = 0
    /// Polls that began well after their moment, since the start; likewise all below.
    package var lateStarts = 0
    /// Moments that passed unused: the program was held up, or the last poll was still under way.
    package var missedSlots = 0
    package var overrunSlots = 0
    /// Moments left out on purpose, and how much is left out now: 0 for nothing, up to 3.
    package var shedSlots = 0
    package var shedLevel = 0
    /// Share of one processor: of the thread that polls, and of the whole daemon.
    package var pollerShare = 0.0
    package var processShare = 0.0
    package var residentBytes: Int64?
    /// Traps that were heard, polls they have caused, and traps that caused none: of unknown
    /// senders, with a wrong community, too many, or no traps at all.
    package var traps: Int?
    package var trapPolls: Int?
    package var trapsIgnored: Int?
    package init() {}
}

/// `GET /api/v1/series?points=…`: values of several points on one time grid.
package struct SeriesView: Codable, Sendable, Equatable {
    package struct Line: Codable, Sendable, Equatable {
        /// `device/point`.
        package var point: String
        package var unit: String
        /// One per time; nil where there is no usable value.
        package var values: [Double?]
        package init(point: String, unit: String, values: [Double?]) {
            self.point = point
            self.unit = unit
            self.values = values
        }
    }
    package var timesMS: [Int64]
    package var lines: [Line]
    package init(timesMS: [Int64], lines: [Line]) {
        self.timesMS = timesMS
        self.lines = lines
    }
}
