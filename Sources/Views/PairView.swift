/// Two collectors that watch one site, as one of them sees it.
package struct PairView: Codable, Sendable, Equatable {
    /// `primary` or `standby`: what this one was started as.
    package var role: String
    /// `leading` (polls, raises alarms, sends notices) or `following` (copies the other).
    package var state: String
    package var sinceMS: Int64
    /// `leading`, `following` or `silent`.
    package var other: String
    /// When the other last answered.
    package var otherSeenMS: Int64?
    /// `whole`: one leads, the other has all of it. `catching-up`: the other lacks something, or
    /// this one does. `broken`: there is one. `misconfigured`: see `note`.
    package var condition: String
    /// What is wrong and what to do; nil where nothing is.
    package var note: String?
    package init(
        role: String, state: String, sinceMS: Int64, other: String, otherSeenMS: Int64?,
        condition: String, note: String?
    ) {
        self.role = role
        self.state = state
        self.sinceMS = sinceMS
        self.other = other
        self.otherSeenMS = otherSeenMS
        self.condition = condition
        self.note = note
    }

    /// The code of `condition` in the site's own series.
    package var code: Int64 {
        switch condition {
        case "whole": 0
        case "catching-up": 1
        case "misconfigured": 3
        default: 2
        }
    }
}
