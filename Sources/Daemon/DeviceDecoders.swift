import Model
import Profiles

/// The decoders of all devices of a site, by their places. Devices of one profile share what they
/// have in common: that is most of the memory a device takes.
struct DeviceDecoders {
    private struct Kind: Hashable {
        var profile: String
        var adjustment: DeviceAdjustment?
    }
    private var decoders: [GroupedDecoder] = []
    private var families: [DecoderFamily] = []
    /// The place in `families` of each device.
    private var kinds: [Int] = []

    init(_ configuration: LoadedConfiguration) {
        var known: [Kind: (place: Int, decoder: GroupedDecoder)] = [:]
        for device in configuration.site.devices {
            let kind = Kind(profile: device.profile, adjustment: device.adjustment)
            let made =
                known[kind]
                ?? (families.count, GroupedDecoder(profile: configuration.profile(of: device)))
            if known[kind] == nil {
                known[kind] = made
                families.append(DecoderFamily())
            }
            kinds.append(made.place)
            decoders.append(made.decoder)
        }
    }

    subscript(device: Int) -> GroupedDecoder { decoders[device] }

    mutating func decode(_ device: Int, _ frames: RawFrames, group: PollGroup) -> [PointValue] {
        decoders[device].decode(frames, group: group, family: &families[kinds[device]])
    }
}
