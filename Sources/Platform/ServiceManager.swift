import CPlatform
import Glibc

/// What systemd is told and tells (sd_notify(3), sd_watchdog_enabled(3)); does nothing elsewhere.
package enum ServiceManager {
    /// Sends assignments, one a line: `READY=1`, `STATUS=…`, `WATCHDOG=1`, `STOPPING=1`.
    package static func notify(_ text: String) {
        guard let path = getenv("NOTIFY_SOCKET") else { return }
        // Losing one is harmless: the manager's own time-outs speak if it mattered.
        _ = cplatform_notify(path, text, text.utf8.count)
    }

    /// How often the manager wants `WATCHDOG=1`, at the latest; nil where it does not.
    package static var watchdogMicroseconds: Int64? {
        guard let period = getenv("WATCHDOG_USEC").flatMap({ Int64(String(cString: $0)) }),
            period > 0
        else { return nil }
        // Meant for another process of ours where a number is given.
        if let owner = getenv("WATCHDOG_PID"), Int32(String(cString: owner)) != getpid() {
            return nil
        }
        return period
    }
}
