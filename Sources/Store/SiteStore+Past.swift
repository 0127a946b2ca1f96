package import Model
import Platform

/// Where readings of a device go whose points come in an order of their own.
package struct PastLayout: Sendable {
    let device: DeviceHandle
    let series: [UInt32]
}

/// Readings that another collector has taken.
extension SiteStore {
    /// The order of points in which `appendPast` gets values; the order in which the device's own
    /// polls are appended stays as it is. Never blocks.
    package func pastLayout(device: String, points: [PointDefinition]) -> PastLayout {
        shared.update { state in
            let (handle, series, changes) = state.registry.series(of: device, points)
            state.definitions += changes
            return PastLayout(device: handle, series: series)
        }
    }

    /// As `append`; the time may lie before what is stored already.
    package func appendPast(_ layout: PastLayout, time: Instant, values: [PointValue]) {
        append(layout.device, time, values, layout.series)
    }
}
