import Model

/// Plans of all devices of a poller: a rack of equal units has one.
// Used on the reactor's thread only.
final class SNMPPlanTable {
    private struct Key: Hashable {
        var source: SNMPRequestPlan
        var names: [ObjectID]
        var predecessors: [ObjectID?]
        var missing: [SNMPValue]
        var limits: SNMPDeviceMemory.Limits

        /// The names tell nearly all plans apart.
        func hash(into hasher: inout Hasher) {
            hasher.combine(names)
            hasher.combine(limits)
        }
    }
    private struct Resizing: Hashable {
        var plan: ObjectIdentifier
        var limits: SNMPDeviceMemory.Limits
    }
    private struct Likely {
        var source: SNMPRequestPlan
        var plan: SNMPLearnedPlan
    }
    /// Layouts of a large site with every kind of device; beyond it new ones are not shared.
    private static let limit = 4096
    /// Profiles of a site.
    private static let likelyLimit = 256
    private var plans: [Key: SNMPLearnedPlan] = [:]
    /// Keeps both, so that the key's address is no other plan's.
    private var resized: [Resizing: (from: SNMPLearnedPlan, to: SNMPLearnedPlan)] = [:]
    private var likely: [Likely] = []

    func plan(
        _ draft: SNMPPlanDraft, _ limits: SNMPDeviceMemory.Limits, of source: SNMPRequestPlan
    ) -> SNMPLearnedPlan {
        let key = Key(
            source: source, names: draft.template.map(\.oid),
            predecessors: draft.instances.map(\.predecessor),
            missing: draft.template.map(\.value), limits: limits)
        if let plan = plans[key] { return plan }
        let plan = SNMPLearnedPlan(draft, limits)
        // What nobody uses any more goes first: tables that change leave plans behind.
        if plans.count >= Self.limit { plans.removeAll() }
        plans[key] = plan
        return plan
    }

    /// The same instances within other limits.
    func resized(
        _ plan: SNMPLearnedPlan, _ limits: SNMPDeviceMemory.Limits, of source: SNMPRequestPlan
    ) -> SNMPLearnedPlan {
        let key = Resizing(plan: ObjectIdentifier(plan), limits: limits)
        if let known = resized[key] { return known.to }
        let new = self.plan(plan.draft, limits, of: source)
        if resized.count >= Self.limit { resized.removeAll() }
        resized[key] = (plan, new)
        return new
    }

    // MARK: What other devices had

    /// What a device asked for `source` is likely to have, because one that was walked had it.
    func likely(
        _ source: SNMPRequestPlan, _ limits: SNMPDeviceMemory.Limits
    ) -> SNMPLearnedPlan? {
        likely.first { $0.plan.limits == limits && $0.source == source }?.plan
    }

    func noteWalked(_ plan: SNMPLearnedPlan, of source: SNMPRequestPlan) {
        guard plan.isProvable else { return }
        likely.removeAll { $0.plan.limits == plan.limits && $0.source == source }
        if likely.count >= Self.likelyLimit { likely.removeFirst() }
        likely.append(Likely(source: source, plan: plan))
    }
}
