import Model
import SNMPWire

/// What polling has learned of one SNMP device and keeps from poll to poll.
///
/// Requests begin small, because there are agents that stop at the first large one, and grow with
/// every poll that went well: to two requests for 120 readings, which is two Ethernet frames each
/// at worst. What a device, or the network before it, cannot manage is halved, remembered, and
/// tried again after `relearnAfter` calm polls.
struct SNMPDeviceMemory {
    /// Variables of one answer, at first and ever.
    static let firstVariables = 40
    static let mostVariables = 80
    /// Bytes of one answer: at first below the smallest usual path MTU (1,500 less IP, UDP and a
    /// tunnel), later what saves a request.
    static let firstBytes = 1400
    static let mostBytes = 2000
    /// Rows in one GETBULK.
    static let mostRepetitions = 40
    /// Columns walked side by side.
    static let mostColumns = 8
    /// Polls without a halving after which larger requests are tried again: a lost datagram must
    /// not slow a device for ever.
    static let relearnAfter = 100
    /// A device is walked anew after this long, or asked whether there is more than is known, and
    /// up to a quarter more so that thousands are not walked at once. Rows that vanish or move show
    /// at once, in the names of an answer; a row new at the very end of a table shows with this.
    static let walkAgainNanoseconds: Int64 = 240_000_000_000
    /// Walks after which variables that a v1 device did not have are asked for again.
    private static let walksBetweenHoles = 8
    /// Plans of one device: groups of points have one each.
    private static let planLimit = 8

    /// What one request may be.
    struct Limits: Hashable {
        var variables = firstVariables
        var bytes = firstBytes
        var repetitions = mostRepetitions
        /// False for v1, and for agents that answer no GETBULK.
        var usesBulk = true

        var isLargest: Bool {
            variables >= mostVariables && bytes >= mostBytes && repetitions >= mostRepetitions
        }
    }

    struct Learned {
        var source: SNMPRequestPlan
        var plan: SNMPLearnedPlan
        var walkAgainAt: Int64
    }

    var limits = Limits()
    var columns = mostColumns
    /// The largest requests that were answered in full: larger ones that are not answered mean
    /// that the device cannot, not that it is gone.
    var proven = Limits(variables: 1, bytes: 0, repetitions: 1, usesBulk: false)
    /// Variables that a v1 device does not have.
    var holes: Set<ObjectID> = []
    /// Variables that GETBULK did not find where GET did.
    var exact: Set<ObjectID> = []
    /// The last poll got no answer at all: ask for one variable first, so that a device that only
    /// cannot manage large requests is told from one that is gone.
    var wasSilent = false
    /// GETBULKs of a walk that got no answer while none ever was answered.
    var bulkSilences = 0
    var hasBulk = false
    private var learned: [Learned] = []
    private var walks = 0
    private var calmPolls = 0
    private var calmPollsNeeded = 1

    func learned(_ source: SNMPRequestPlan, at now: Int64) -> SNMPLearnedPlan? {
        guard let found = learned.first(where: { $0.source == source }) else { return nil }
        return now < found.walkAgainAt ? found.plan : nil
    }

    /// The same, also where it is time to walk the device anew.
    func lastLearned(_ source: SNMPRequestPlan) -> SNMPLearnedPlan? {
        learned.first { $0.source == source }?.plan
    }

    /// Nothing was ever answered, and the last poll was not in vain.
    var isUntried: Bool { proven.bytes == 0 && !wasSilent }

    /// Rows that each subtree had when it was last walked.
    func lastCounts(_ source: SNMPRequestPlan) -> [Int] {
        lastLearned(source)?.subtreeCounts ?? []
    }

    /// - Parameter spread: 0…255, another for each device.
    mutating func learn(
        _ source: SNMPRequestPlan, _ plan: SNMPLearnedPlan, at now: Int64, spread: UInt8,
        wasWalked: Bool
    ) {
        var walkAgainAt = now &+ Self.walkAgainNanoseconds
        walkAgainAt &+= Self.walkAgainNanoseconds / 1024 * Int64(spread)
        if let place = learned.firstIndex(where: { $0.source == source }) {
            learned[place].plan = plan
            if wasWalked { learned[place].walkAgainAt = walkAgainAt }
        } else {
            if learned.count >= Self.planLimit { learned.removeFirst() }
            learned.append(Learned(source: source, plan: plan, walkAgainAt: walkAgainAt))
        }
        guard wasWalked else { return }
        walks += 1
        if walks % Self.walksBetweenHoles == 0 { holes.removeAll() }
    }

    /// What is learned of how the device answers no longer holds.
    mutating func forget(_ source: SNMPRequestPlan) {
        learned.removeAll { $0.source == source }
    }

    mutating func endPoll(halved: Bool, calm: Bool) {
        if halved {
            calmPolls = 0
            calmPollsNeeded = Self.relearnAfter
            return
        }
        guard calm, !limits.isLargest else { return }
        calmPolls += 1
        guard calmPolls >= calmPollsNeeded else { return }
        calmPolls = 0
        limits.variables = min(limits.variables * 2, Self.mostVariables)
        limits.repetitions = min(limits.repetitions * 2, Self.mostRepetitions)
        limits.bytes = min(limits.bytes * 2, Self.mostBytes)
    }

    mutating func prove(variables: Int, bytes: Int, repetitions: Int) {
        proven.variables = max(proven.variables, variables)
        proven.bytes = max(proven.bytes, bytes)
        proven.repetitions = max(proven.repetitions, repetitions)
    }
}
