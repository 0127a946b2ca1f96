import Model

/// What may explain alarms: ways to devices that are cut, and parts without power.
struct CauseWatch: Sendable {
    var paths: PathWatch
    var power: PowerWatch
    /// Of a node of the network: the alarm that it is down, and the one that speaks for it while a
    /// person or a window hides that.
    struct Root: Sendable {
        var alarm: Int
        var standIn: Int
    }
    var roots: [Int: Root] = [:]
    var nodeOfRoot: [Int: Int] = [:]

    init(site: Site) {
        paths = PathWatch(PathTree(site: site))
        power = PowerWatch(site: site)
    }
}
