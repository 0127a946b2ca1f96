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

    /// A request that shows whether a device has what the plan asks for and no more.
    struct Check {
        enum Subject {
            /// Subtrees whose last rows are asked for what follows them.
            case ends([Int])
            /// Of `missing`.
            case missing(Range<Int>)
        }
        var pdu: PreparedPDU
        var subject: Subject
    }
    /// Variables of one check.
    private static let checkedAtOnce = 30

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
    /// The last instance of each subtree; where it has none, its root.
    let ends: [ObjectID]
    /// Places of scalars that the device does not have.
    let missing: [Int]
    /// Whether a device that answers all requests and checks as expected has the same instances
    /// and no more: that cannot always be shown by less than a walk.
    let isProvable: Bool
    /// What the requests themselves do not show.
    let checks: [Check]

    init(_ draft: SNMPPlanDraft, _ limits: SNMPDeviceMemory.Limits) {
        template = draft.template
        copies = draft.copies
        owners = draft.owners
        instances = draft.instances
        subtreeCounts = draft.subtreeCounts
        ends = draft.ends
        self.limits = limits
        let requests = SNMPPlanner(draft.instances, limits).requests()
        self.requests = requests
        missing = draft.template.indices.filter { draft.template[$0].value.isException }
        // A GETBULK names the predecessor of each row: one that is new there shows.
        isProvable =
            limits.usesBulk && draft.copies.isEmpty
            && requests.allSatisfy { request in
                request.isBulk || request.expected.slots.allSatisfy { draft.owners[$0] < 0 }
            }
        checks = isProvable ? Self.checks(draft, missing) : []
    }

    private static func checks(_ draft: SNMPPlanDraft, _ missing: [Int]) -> [Check] {
        var checks: [Check] = []
        // Equal names in one request are refused by some agents.
        var seen: Set<ObjectID> = []
        let subtrees = draft.ends.indices.filter { seen.insert(draft.ends[$0]).inserted }
        for start in stride(from: 0, to: subtrees.count, by: checkedAtOnce) {
            let part = Array(subtrees[start...].prefix(checkedAtOnce))
            let pdu = PreparedPDU(.getNext, part.map { draft.ends[$0] })
            checks.append(Check(pdu: pdu, subject: .ends(part)))
        }
        for start in stride(from: 0, to: missing.count, by: checkedAtOnce) {
            let part = start..<min(start + checkedAtOnce, missing.count)
            let pdu = PreparedPDU(.get, missing[part].map { draft.template[$0].oid })
            checks.append(Check(pdu: pdu, subject: .missing(part)))
        }
        return checks
    }

    /// The same instances asked for in requests of other sizes.
    var draft: SNMPPlanDraft {
        SNMPPlanDraft(
            template: template, copies: copies, owners: owners, instances: instances,
            subtreeCounts: subtreeCounts, ends: ends)
    }
}

/// What a plan is made of: the instances found, and their places.
struct SNMPPlanDraft {
    var template: [VarBind] = []
    var copies: [(from: Int, to: Int)] = []
    var owners: [Int] = []
    var instances: [SNMPInstance] = []
    var subtreeCounts: [Int] = []
    var ends: [ObjectID] = []
    private var slots: [ObjectID: Int] = [:]

    init() {}

    init(
        template: [VarBind], copies: [(from: Int, to: Int)], owners: [Int],
        instances: [SNMPInstance], subtreeCounts: [Int], ends: [ObjectID]
    ) {
        self.template = template
        self.copies = copies
        self.owners = owners
        self.instances = instances
        self.subtreeCounts = subtreeCounts
        self.ends = ends
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
        ends.append(previous)
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
