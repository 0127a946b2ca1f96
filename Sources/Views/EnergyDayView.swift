/// `GET /api/v1/energy/day`: a civil day in quarter hours, with what each cost.
package struct EnergyDayView: Codable, Sendable, Equatable {
    package struct Quarter: Codable, Sendable, Equatable {
        package var startMS: Int64
        /// Delivered by the utility; nil where a utility meter has no figure.
        package var energyWattHours: Int64?
        /// Nil where IT energy is not known.
        package var itWattHours: Int64?
        /// All parts that go with energy.
        package var yuanPerKWh: Double?
        /// Time-of-use period, as `peak`; nil without one.
        package var period: String?
        package var costYuan: Double?
        package init(startMS: Int64) { self.startMS = startMS }
    }
    package var startMS: Int64
    package var offsetMinutes: Int
    /// 96 of a usual day, also those that are still to come.
    package var quarters: [Quarter]
    /// Energy charges so far; nil where there is no price.
    package var costYuan: Double?
    /// True where energy of the time that has passed is missing: `costYuan` is a part.
    package var isPartial: Bool
    /// Energy so far, and its mean price.
    package var energyWattHours: Int64?
    package var meanYuanPerKWh: Double?
    /// What the energy itself is bought at under the contract; nil where the site names none.
    package var contractYuanPerKWh: Double?
    /// Energy's own price by the table's periods in place of the contract: what it would have cost.
    package var tableCostYuan: Double?
    /// Energy charges of the civil month so far, and what a kWh of it has cost.
    package var monthCostYuan: Double?
    package var monthYuanPerKWh: Double?
    /// True where energy is missing in the month: `monthCostYuan` is a part.
    package var isMonthPartial: Bool?
    /// What a kWh is to cost for the support of data centres, and what says so; nil where neither
    /// the site's support sheet of the year nor its tariff table names a price.
    package var targetYuanPerKWh: Double?
    package var targetSource: String?
    /// Why there is no price.
    package var priceReason: String?
    package init(startMS: Int64, offsetMinutes: Int) {
        self.startMS = startMS
        self.offsetMinutes = offsetMinutes
        quarters = []
        isPartial = false
    }
}
