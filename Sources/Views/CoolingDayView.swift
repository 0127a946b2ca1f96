/// `GET /api/v1/energy/cooling`: free cooling that a civil day has missed so far.
package struct CoolingDayView: Codable, Sendable, Equatable {
    package struct Missed: Codable, Sendable, Equatable {
        package var hours: Double
        /// Nil where nothing was missed of which the energy, or its price, is known.
        package var energyKWh: Double?
        package var amountYuan: Double?
        /// Hours that are in neither.
        package var unvaluedHours: Double
        package init(hours: Double, unvaluedHours: Double) {
            self.hours = hours
            self.unvaluedHours = unvaluedHours
        }
    }
    package struct Unit: Codable, Sendable, Equatable {
        package var name: String
        package var missed: Missed
        /// Hours in which the weather allowed full free cooling; nil where nobody knows.
        package var possibleHours: Double?
        /// What most of the missed time speaks for, as `manual`; nil without any.
        package var cause: String?
        package init(name: String, missed: Missed) {
            self.name = name
            self.missed = missed
        }
    }
    /// Midnight, and the end of the last quarter hour that is in it.
    package var startMS: Int64
    package var endMS: Int64
    /// True while it is being computed from the month's readings; figures are of before, or none.
    package var isComputing: Bool
    /// Nil before the first time.
    package var missed: Missed?
    package var units: [Unit]
    /// Why there is no figure, with a cure.
    package var problem: String?
    package init(startMS: Int64, endMS: Int64) {
        self.startMS = startMS
        self.endMS = endMS
        isComputing = false
        units = []
    }
}
