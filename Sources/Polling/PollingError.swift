/// Why polling cannot start: the operating system or the targets are at fault.
package struct PollingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The device it concerns; empty where it concerns all.
    package var device: String
    /// What is wrong, with a cure.
    package var reason: String
    package init(device: String = "", reason: String) {
        self.device = device
        self.reason = reason
    }
    package var description: String { (device.isEmpty ? "polling" : device) + ": " + reason }
}
