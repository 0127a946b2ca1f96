/// One receiver of readings, as the daemon sees it.
package struct ForwardView: Codable, Sendable, Equatable {
    package var receiver: String
    /// `current`, `behind` (it is catching up) or `waiting` (it does not take what it is sent).
    package var state: String
    /// Age of the oldest reading that waits for its turn, seconds.
    package var lagSeconds: Double
    /// The oldest of what was late or left behind by an outage; nil where there is none.
    package var againSinceMS: Int64?
    /// Since the start: samples that were confirmed, and samples that were refused for ever.
    package var sent: Int64
    package var refused: Int64
    /// `1.0` or `2.0` of the protocol.
    package var version: String
    /// Why it was last refused or kept waiting.
    package var note: String?
    package init(receiver: String, version: String) {
        self.receiver = receiver
        self.version = version
        state = "current"
        lagSeconds = 0
        sent = 0
        refused = 0
    }
}
