package import Model

/// What devices of one profile have shown, for other devices that answer alike: most of a fleet is
/// of a few models, and where their answers look the same, so do their points. A device that joins
/// takes over what is known, instead of finding its points anew and keeping lists of its own.
///
/// Alike are devices whose first answers are of the same objects in the same order, and have the
/// same values wherever a point's name, its place or whether there is one follows from a value.
/// Only what follows from that is shared, never a reading: a decoder decodes the same with a family
/// as without. Kept by who owns the decoders, one for each profile and adjustment.
package struct DecoderFamily: Sendable {
    private struct Member: Sendable {
        var decoder: DeviceDecoder
        /// SNMP: all values that decided which points there are.
        var likeness: WatchList
    }
    /// Models and equipment of one profile at one site that look different. Devices of more kinds
    /// than these have lists of their own.
    private static let memberLimit = 16
    private var members: [PollGroup: [Member]] = [:]

    package init() {}

    fileprivate func decoder(_ group: PollGroup, alike frames: RawFrames) -> DeviceDecoder? {
        members[group]?.first { $0.decoder.isAlike(frames, $0.likeness) }?.decoder
    }

    fileprivate mutating func add(
        _ decoder: DeviceDecoder, _ likeness: WatchList, _ group: PollGroup
    ) {
        if members[group, default: []].count < Self.memberLimit {
            members[group, default: []].append(Member(decoder: decoder, likeness: likeness))
        }
    }
}

extension DeviceDecoder {
    /// The same as `decode` alone. Cheaper for a device that is new and looks like another.
    package mutating func decode(
        _ frames: RawFrames, group: PollGroup = .normal, family: inout DecoderFamily
    ) -> [PointValue] {
        // What has answered nothing has no likeness yet.
        guard isNew, hasAnswers(frames) else { return decode(frames) }
        if let known = family.decoder(group, alike: frames) {
            self = known
            forgetLabels(frames)
            return decode(frames)
        }
        let values = decode(frames)
        if let (founder, likeness) = settled(frames) {
            self = founder
            var member = founder
            member.program.forgetLastSources()
            family.add(member, likeness, group)
        }
        return values
    }

    private func hasAnswers(_ frames: RawFrames) -> Bool {
        switch frames {
        case .snmp(let varBinds):
            return !profile.isModbus && varBinds.contains(where: \.value.isPresent)
        case .registers(let blocks):
            return profile.isModbus
                && blocks.contains {
                    if case .words(let words) = $0.content { !words.isEmpty } else { false }
                }
        }
    }
}
