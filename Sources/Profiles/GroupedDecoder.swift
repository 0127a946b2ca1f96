package import Model

/// Decodes what one device answered, group by group, into one list of points.
///
/// Where the profile has one group, as most have, this is the decoder of the device and nothing
/// else. Where it has several, each group has a decoder of its own, and its points have a place in
/// the device's list, in the order in which they were first seen.
package struct GroupedDecoder: Sendable {
    private struct Part: Sendable {
        let group: PollGroup
        var decoder: DeviceDecoder
        /// The place in the device's list of each point of this decoder; nil for a name that
        /// another group had first.
        var places: [UInt16?] = []
    }

    package let profile: Profile
    private var parts: [Part]
    /// All points of the device, where there are several parts.
    private var merged: [PointDefinition] = []
    private var owners: [(part: Int, index: Int)] = []
    private var names: Set<String> = []

    package init(profile: Profile) {
        self.profile = profile
        parts = profile.groups.map { group in
            Part(group: group, decoder: DeviceDecoder(profile: profile.narrowed(to: group)))
        }
        if parts.count > 1 { for part in parts.indices { adopt(part) } }
    }

    /// Only grows. `PointValue.index` is the place here.
    package var points: [PointDefinition] { parts.count == 1 ? parts[0].decoder.points : merged }

    /// For each point the group whose polls bring it; empty where all are of one group.
    package var groups: [PollGroup] {
        parts.count == 1 ? [] : owners.map { parts[$0.part].group }
    }

    /// A value for every known point of the group; none where the profile has no such group.
    package mutating func decode(_ frames: RawFrames, group: PollGroup) -> [PointValue] {
        decode(group) { $0.decode(frames) }
    }

    /// The same as `decode` alone. Cheaper for a device that is new and looks like another.
    package mutating func decode(
        _ frames: RawFrames, group: PollGroup, family: inout DecoderFamily
    ) -> [PointValue] {
        decode(group) { $0.decode(frames, group: group, family: &family) }
    }

    private mutating func decode(
        _ group: PollGroup, _ decode: (inout DeviceDecoder) -> [PointValue]
    ) -> [PointValue] {
        if parts.count == 1 { return decode(&parts[0].decoder) }
        guard let part = parts.firstIndex(where: { $0.group == group }) else { return [] }
        var values = decode(&parts[part].decoder)
        adopt(part)
        let places = parts[part].places
        var isWhole = true
        for index in values.indices {
            guard let place = places[Int(values[index].index)] else {
                isWhole = false
                continue
            }
            values[index].index = place
        }
        if !isWhole {
            // The decoder gives its values in the order of its points.
            values = zip(values, places).compactMap { $1 == nil ? nil : $0 }
        }
        return values
    }

    package func origin(of index: Int) -> String {
        if parts.count == 1 { return parts[0].decoder.origin(of: index) }
        let owner = owners[index]
        return parts[owner.part].decoder.origin(of: owner.index)
    }

    /// For every point what its group's last answer held where its value was read, before anything
    /// was done to it.
    ///
    /// - Parameter frames: what was decoded last, by group.
    package func raws(in frames: (PollGroup) -> RawFrames?) -> [String?] {
        var raws = [String?](repeating: nil, count: points.count)
        for part in parts {
            guard let frames = frames(part.group) else { continue }
            for (index, raw) in part.decoder.raws(in: frames).enumerated() {
                let place = parts.count == 1 ? index : part.places[index].map { Int($0) }
                if let place { raws[place] = raw }
            }
        }
        return raws
    }

    /// Gives the part's new points their places, and takes over labels found later.
    private mutating func adopt(_ part: Int) {
        let points = parts[part].decoder.points
        for (index, place) in parts[part].places.enumerated() {
            if let place, merged[Int(place)].label != points[index].label {
                merged[Int(place)].label = points[index].label
            }
        }
        for index in parts[part].places.count..<points.count {
            guard merged.count < DeviceDecoder.maximumPoints,
                names.insert(points[index].name).inserted
            else {
                parts[part].places.append(nil)
                continue
            }
            parts[part].places.append(UInt16(merged.count))
            merged.append(points[index])
            owners.append((part, index))
        }
    }
}
