extension PointDefinition {
    /// Whether the point is the temperature or humidity of air around racks.
    package var isAmbient: Bool { name.hasPrefix("ambient.") || name.hasPrefix("rack.inlet.") }

    /// Probes behind a rack say so in the site file, in their label or the device's name.
    package func isBehindRack(of device: DeviceSpec) -> Bool {
        if let written = device.mounting.probes[name]?.isBehind { return written }
        let text = ((label ?? "") + " " + device.name + " " + (device.displayName ?? ""))
            .lowercased()
        return ["outlet", "exhaust", "rear", "hot aisle", "出风", "热通道", "背面"]
            .contains { text.contains($0) }
    }
}
