extension Site {
    /// The two devices of one profile in one place, where one stands on feed A and the other on B:
    /// each by its place in `devices`.
    package var partners: [Int: Int] {
        struct Key: Hashable {
            var profile: String
            var place: String?
        }
        let groups = Dictionary(grouping: devices.indices.filter { devices[$0].feed != nil }) {
            Key(profile: devices[$0].profile, place: devices[$0].place)
        }
        var result: [Int: Int] = [:]
        for group in groups.values where group.count == 2 {
            guard devices[group[0]].feed != devices[group[1]].feed else { continue }
            result[group[0]] = group[1]
            result[group[1]] = group[0]
        }
        return result
    }
}
