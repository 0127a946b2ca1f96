import Model

/// One way to devices: an SNMP session, a connection to a Modbus host, a serial line.
///
/// Made, called and closed on the reactor's thread. Hosts in the targets are numeric by then.
protocol DeviceLink: AnyObject {
    /// Asks all of the target's plan and calls `completion` exactly once, on the reactor's thread,
    /// never before this call has returned. The time it takes is bounded: each request of the plan
    /// by the target's time-out and retries. At most one poll of a device is under way.
    func poll(_ target: PollTarget, completion: @escaping (RawPoll) -> Void)

    /// Completes what is under way with `cancelled` and lets go of descriptors and timers.
    func close()
}
