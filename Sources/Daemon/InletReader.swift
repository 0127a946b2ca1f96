package import Energy
package import Model
package import Store

/// The stored temperatures of air before racks.
package enum InletReader {
    /// A mean for each hour: what the store's own means of hours answer at once.
    private static let stepMilliseconds: Int64 = 3_600_000

    /// Of sensors in racks, and where there is none, of those in rows and halls (cold aisles).
    package static func inlets(
        _ reader: StoreReader, site: Site, range: TimeRange
    ) throws(StoreError) -> [KPIInput.Inlet] {
        let kinds = Dictionary(
            site.places.map { ($0.name, $0.kind) }, uniquingKeysWith: { first, _ in first })
        var found: [(kind: Place.Kind, place: String, point: PointName)] = []
        for device in site.devices {
            guard let place = device.place, let kind = kinds[place], kind != .room else { continue }
            for series in try reader.series(matching: Glob(device.name + "/*"))
            where series.device == device.name && series.definition.unit == .celsius
                && series.definition.isAmbient
                && !series.definition.isBehindRack(of: device)
            {
                found.append((kind, place, series.name))
            }
        }
        let racks = found.filter { $0.kind == .rack }
        let wanted = racks.isEmpty ? found : racks
        guard !wanted.isEmpty else { return [] }
        let lines = try reader.downsample(
            wanted.map(\.point), range, stepMS: stepMilliseconds)
        let values = Dictionary(
            lines.map { ($0.series.name, $0.values(.mean)) },
            uniquingKeysWith: { first, _ in first })
        return wanted.map {
            KPIInput.Inlet(
                place: $0.place, point: "\($0.point)", celsius: values[$0.point] ?? [])
        }
    }
}
