/// Where a device stands and what it is, as the site file and its profile say: an element of
/// `GET /api/v1/devices`. It stays the same while the daemon runs, so it is no part of the picture
/// of every second.
package struct DeviceLabelsView: Codable, Sendable, Equatable {
    package var name: String
    /// Names of the places above it.
    package var hall: String?
    package var row: String?
    package var rack: String?
    package var feed: String?
    package var profile: String
    /// `pdu`, `ups`, `crac`, …, of the profile.
    package var classes: [String]
    /// Of the site file, in order.
    package var tags: [String]
    package init(
        name: String, hall: String?, row: String?, rack: String?, feed: String?, profile: String,
        classes: [String], tags: [String]
    ) {
        self.name = name
        self.hall = hall
        self.row = row
        self.rack = rack
        self.feed = feed
        self.profile = profile
        self.classes = classes
        self.tags = tags
    }
}
