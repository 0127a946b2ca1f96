import Model
import SNMPWire

/// One instance that a device is known to have.
struct SNMPInstance: Hashable {
    var name: ObjectID
    /// The name whose lexicographic successor it is; nil where GET has to ask for it.
    var predecessor: ObjectID?
    /// Bytes of its variable in an answer.
    var bytes: Int
    /// Its place in the frames.
    var slot: Int
}

/// The requests that bring all that a device is known to have, and where the answers go. Made once
/// and shared by all devices that answer alike.
// Immutable.
final class SNMPLearnedPlan: Sendable {
    struct Request {
        var pdu: PreparedPDU
        var expected: ExpectedNames
        var names: [ObjectID]
        var isBulk: Bool
        var repetitions: Int
        /// Estimated from what the device answered when the plan was made.
        var answerBytes: Int
    }

    /// In the order in which frames go out: scalars as asked, then the subtrees. Variables that the
    /// device does not have carry that; the others wait for their value.
    let template: [VarBind]
    let requests: [Request]
    /// What stands in two places but is asked for once.
    let copies: [(from: Int, to: Int)]
    /// The subtree of each place; -1 for scalars.
    let owners: [Int]
    let instances: [SNMPInstance]
    let limits: SNMPDeviceMemory.Limits
    let subtreeCounts: [Int]

    init(_ draft: SNMPPlanDraft, _ limits: SNMPDeviceMemory.Limits) {
        template = draft.template
        copies = draft.copies
        owners = draft.owners
        instances = draft.instances
        subtreeCounts = draft.subtreeCounts
        self.limits = limits
        requests = SNMPPlanner(draft.instances, limits).requests()
    }

    /// The same instances asked for in requests of other sizes.
    var draft: SNMPPlanDraft {
        SNMPPlanDraft(
            template: template, copies: copies, owners: owners, instances: instances,
            subtreeCounts: subtreeCounts)
    }
}

/// What a plan is made of: the instances found, and their places.
struct SNMPPlanDraft {
    var template: [VarBind] = []
    var copies: [(from: Int, to: Int)] = []
    var owners: [Int] = []
    var instances: [SNMPInstance] = []
    var subtreeCounts: [Int] = []
    private var slots: [ObjectID: Int] = [:]

    init() {}

    init(
        template: [VarBind], copies: [(from: Int, to: Int)], owners: [Int],
        instances: [SNMPInstance], subtreeCounts: [Int]
    ) {
        self.template = template
        self.copies = copies
        self.owners = owners
        self.instances = instances
        self.subtreeCounts = subtreeCounts
    }

    /// - Parameter exact: true where GETBULK is known not to find it.
    mutating func addScalar(_ binding: VarBind, exact: Bool) {
        switch binding.value {
        case .noSuchObject, .noSuchInstance, .endOfMibView:
            template.append(binding)
            owners.append(-1)
        default: add(binding, after: exact ? nil : Self.likelyPredecessor(binding.oid), owner: -1)
        }
    }

    mutating func addSubtree(_ root: ObjectID, _ found: [VarBind], owner: Int) {
        var previous = root
        for binding in found {
            add(binding, after: previous, owner: owner)
            previous = binding.oid
        }
        subtreeCounts.append(found.count)
    }

    private mutating func add(_ binding: VarBind, after predecessor: ObjectID?, owner: Int) {
        let slot = template.count
        template.append(VarBind(oid: binding.oid, value: .null))
        owners.append(owner)
        if let first = slots[binding.oid] { return copies.append((first, slot)) }
        slots[binding.oid] = slot
        instances.append(
            SNMPInstance(
                name: binding.oid, predecessor: predecessor, bytes: BERWriter.size(of: binding),
                slot: slot))
    }

    /// The name in front of which an agent is likely to have nothing: of `x.0` its object, of
    /// `x.7` the instance `x.6`. Where that is wrong the names of the answer show it.
    private static func likelyPredecessor(_ name: ObjectID) -> ObjectID? {
        guard let last = name.arcs.last, name.arcs.count > 2 else { return nil }
        var arcs = name.arcs
        if last == 0 { arcs.removeLast() } else { arcs[arcs.count - 1] = last - 1 }
        return ObjectID(arcs)
    }
}

/// Plans of all devices of a poller: a rack of equal units has one.
// Used on the reactor's thread only.
final class SNMPPlanTable {
    private struct Key: Hashable {
        var names: [ObjectID]
        var predecessors: [ObjectID?]
        var missing: [SNMPValue]
        var limits: SNMPDeviceMemory.Limits
    }
    /// Layouts of a large site with every kind of device; beyond it new ones are not shared.
    private static let limit = 4096
    private var plans: [Key: SNMPLearnedPlan] = [:]

    func plan(_ draft: SNMPPlanDraft, _ limits: SNMPDeviceMemory.Limits) -> SNMPLearnedPlan {
        let key = Key(
            names: draft.template.map(\.oid), predecessors: draft.instances.map(\.predecessor),
            missing: draft.template.map(\.value), limits: limits)
        if let plan = plans[key] { return plan }
        let plan = SNMPLearnedPlan(draft, limits)
        // What nobody uses any more goes first: tables that change leave plans behind.
        if plans.count >= Self.limit { plans.removeAll() }
        plans[key] = plan
        return plan
    }
}
