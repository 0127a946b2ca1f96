package import Model

/// What devices of one profile have shown, for other devices that answer alike: most of a fleet is
/// of a few models, and where their answers look the same, so do their points. A device that joins
/// takes over what is known, instead of finding its points anew and keeping lists of its own.
///
/// Only what follows from the answers is shared, never a value; a decoder decodes the same with a
/// family as without. Kept by who owns the decoders, one for each profile and adjustment.
package struct DecoderFamily: Sendable {
    /// Models and equipment of one profile at one site that look different. Devices of more kinds
    /// than these have lists of their own.
    private static let memberLimit = 16
    private var members: [PollGroup: [DeviceDecoder]] = [:]

    package init() {}

    fileprivate func member(
        _ group: PollGroup, _ looksAlike: (DeviceDecoder) -> Bool
    ) -> DeviceDecoder? {
        members[group]?.first(where: looksAlike)
    }

    fileprivate mutating func add(_ member: DeviceDecoder, _ group: PollGroup) {
        if members[group, default: []].count < Self.memberLimit {
            members[group, default: []].append(member)
        }
    }
}

extension DeviceDecoder {
    /// The same as `decode` alone. Cheaper for a device that is new and looks like another.
    package mutating func decode(
        _ frames: RawFrames, group: PollGroup = .normal, family: inout DecoderFamily
    ) -> [PointValue] {
        if isNew { join(&family, group, frames) }
        return decode(frames)
    }

    private mutating func join(
        _ family: inout DecoderFamily, _ group: PollGroup, _ frames: RawFrames
    ) {
        switch frames {
        case .snmp(let varBinds):
            // What has answered nothing has no likeness yet.
            guard !profile.isModbus, varBinds.contains(where: \.value.isPresent) else { return }
            if let known = family.member(group, { $0.looksLike(varBinds) }) {
                self = known
                return
            }
            prepare(varBinds)
            // Once more, so that it is known that nothing more is to be found in these answers.
            if !isSettled { prepare(varBinds) }
            guard isSettled else { return }
        case .registers(let blocks):
            guard profile.isModbus, blocks.contains(where: \.hasWords) else { return }
            if let known = family.member(group, { $0.looksLike(blocks) }) {
                self = known
                return
            }
            prepare(blocks)
        }
        compute()
        family.add(self, group)
    }
}

extension RegisterBlock {
    fileprivate var hasWords: Bool {
        if case .words(let words) = content { return !words.isEmpty }
        return false
    }
}
