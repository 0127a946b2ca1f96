import Console
import Views

/// What the site file of the golden screens says of its racks.
extension FixtureDaemon {
    /// PDUs at the sides, an air sensor with a probe at each height, servers on both feeds. One
    /// rack has devices of which no unit is written; those of the last row have no units at all.
    static func rackLayout(_ name: String, _ model: ConsoleModel) -> RackLayoutView? {
        let racks = model.snapshot?.rows.flatMap(\.racks) ?? []
        guard let rack = racks.first(where: { $0.name == name }) else { return nil }
        var view = RackLayoutView(
            name: name, displayName: rack.displayName, heightUnits: rack.heightUnits)
        view.items = rack.devices.map { device in
            var item = RackItemView(device: device, name: device)
            if name.contains("r02-k04") || name.hasPrefix("h2-r02") { return item }
            if device.hasPrefix("pdu") {
                item.isAtSide = true
                item.breakerAmperes = 16
            } else {
                item.probes = [
                    RackProbeView(point: "ambient.top.temperature", unit: 38),
                    RackProbeView(point: "ambient.middle.temperature", unit: 22),
                    RackProbeView(point: "ambient.bottom.temperature", unit: 4),
                    RackProbeView(point: "ambient.rear.temperature", unit: 38, isBehind: true),
                ]
            }
            return item
        }
        guard !name.hasPrefix("h2-r02") else { return view }
        view.items += items(top: rack.heightUnits)
        return view
    }

    private static func items(top: Int) -> [RackItemView] {
        func item(
            _ name: String?, _ kind: String, _ unit: Int, _ units: Int, _ outlets: [String]? = nil
        ) -> RackItemView {
            var item = RackItemView(name: name, kind: kind)
            (item.unit, item.units, item.outlets) = (unit, units, outlets)
            return item
        }
        let servers = (1...6).map {
            item("服务器 0\($0)", "server", 3 + 2 * $0, 2, ["A\($0)", "B\($0)"])
        }
        return [
            item("光纤配线架", "panel", top, 1),
            item("接入交换机", "network", top - 1, 1, ["A11"]),
            item("存储节点", "storage", 19, 4, ["A12", "A7"]),
            item(nil, "blank", 25, 12),
        ] + servers
    }
}
