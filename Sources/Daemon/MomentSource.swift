import Energy
import Model
import Store

/// Where a site is read from as it stood at a moment: its own store, or the engine that its
/// readings are forwarded to. Calls block; one at a time.
protocol MomentSource: AnyObject {
    /// Changes when there are other points than before.
    func namesVersion() throws(StoreError) -> NamesVersion
    func points(matching pattern: Glob) throws(StoreError) -> [KnownPoint]
    /// Into questions of so many devices a large one may be divided, among several sources.
    var devicesAtOnce: Int { get }
    /// When the first reading was taken, as far as that is known; nil without any.
    func oldest() throws(StoreError) -> Instant?
    /// What devices had said by `time`, in the order of the questions. `isCancelled` may be asked
    /// on the way; what is missing then is left out.
    func moment(
        at time: Instant, _ questions: [MomentQuestion],
        isCancelled: @escaping @Sendable () -> Bool
    ) throws(StoreError) -> [DeviceMoment]
    /// Nil where only their number is known, as points of the site.
    func alarms(at time: Instant) throws(StoreError) -> [PastAlarm]?
    /// What the figures of a civil day are computed from.
    func day(of site: Site, midnight: Instant, end: Instant) throws(StoreError) -> PastDay
}

/// Sources that questions borrow, as `ReaderPool` says.
protocol MomentSources: Sendable {
    func lendSource<Value>(
        _ body: (any MomentSource) throws(StoreError) -> Value
    ) throws(StoreError) -> Value
    func lendSourceIfFree<Value>(
        _ body: (any MomentSource) throws(StoreError) -> Value
    ) throws(StoreError) -> Value?
    func wake() throws(StoreError)
}

extension ReaderPool: MomentSources where Reader: MomentSource {
    convenience init(_ make: @escaping @Sendable () throws(StoreError) -> Reader) {
        self.init(make: make) { source throws(StoreError) in _ = try source.namesVersion() }
    }

    func lendSource<Value>(
        _ body: (any MomentSource) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        try lend { reader throws(StoreError) in try body(reader) }
    }

    func lendSourceIfFree<Value>(
        _ body: (any MomentSource) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        try lendIfFree { reader throws(StoreError) in try body(reader) }
    }
}

/// A point that a source has readings of.
struct KnownPoint: Sendable {
    var device: String
    var definition: PointDefinition
}

extension StoreReader: MomentSource {
    var devicesAtOnce: Int { 200 }

    func points(matching pattern: Glob) throws(StoreError) -> [KnownPoint] {
        try series(matching: pattern).map {
            KnownPoint(device: $0.device, definition: $0.definition)
        }
    }

    func alarms(at time: Instant) throws(StoreError) -> [PastAlarm]? { try openAlarms(at: time) }

    func day(of site: Site, midnight: Instant, end: Instant) throws(StoreError) -> PastDay {
        try PastDay(self, site: site, midnight: midnight, end: end)
    }
}

/// What profiles say of the points of a site's devices.
protocol PointKnowledge: Sendable {
    /// By name, the points of one device.
    func facts(ofDevice index: Int) async -> [String: PointFacts]
    /// Points of other groups than the normal one, by device: mostly few.
    func unusualGroups() async -> [Int: [String: PollGroup]]
}

extension Collector: PointKnowledge {}
