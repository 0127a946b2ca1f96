package import Model
import Profiles
package import Views

/// What devices are chosen and put together by.
package enum DeviceLabels {
    package static func all(
        _ places: [Place], _ devices: [DeviceSpec], classes: (DeviceSpec) -> [String]
    ) -> [DeviceLabelsView] {
        let places = Dictionary(places.map { ($0.name, $0) }) { first, _ in first }
        func above(_ name: String?, _ kind: Place.Kind) -> String? {
            var next = name
            while let name = next, let place = places[name] {
                if place.kind == kind { return name }
                next = place.parent
            }
            return nil
        }
        return devices.map { device in
            DeviceLabelsView(
                name: device.name, hall: above(device.place, .hall), row: above(device.place, .row),
                rack: above(device.place, .rack), feed: device.feed?.rawValue,
                profile: device.profile, classes: classes(device), tags: device.tags.sorted())
        }
    }
}

extension LoadedConfiguration {
    var labels: [DeviceLabelsView] {
        DeviceLabels.all(site.places, site.devices) { profile(of: $0).classes }
    }
}

/// A pattern of `device/point` before every point of a site. With one slash its parts speak of
/// device and point alone, for neither holds a slash: then whole devices are passed over, and no
/// name is put together.
struct PointGlob {
    private let whole: Glob
    private let parts: (device: Glob, point: Glob)?

    init(_ glob: Glob) {
        whole = glob
        let parts = glob.pattern.split(separator: "/", omittingEmptySubsequences: false)
        self.parts =
            parts.count == 2 ? (Glob(String(parts[0])), Glob(String(parts[1]))) : nil
    }

    func mayMatch(device: String) -> Bool { parts?.device.matches(device) ?? true }

    /// Of a device that may match.
    func matches(_ point: String, of device: String) -> Bool {
        parts?.point.matches(point) ?? whole.matches(device + "/" + point)
    }
}
