import Energy
import Model
import Store

/// What a start begins with: alarms, ledgers and the day's figures, as the store has them.
struct RestoredState: Sendable {
    var alarms: [AlarmRecord]
    var escalations: [EscalationMark]
    var ledgerStates: [String: [UInt8]]
    var ledgerToday: [String: [LedgerEntry]]
    var cooling: FreeCoolingClock

    init(store: SiteStore, site: Site, now: Instant) throws(StoreError) {
        alarms = try store.alarmRecords()
        escalations = try store.escalationMarks()
        ledgerStates = [:]
        ledgerToday = [:]
        let midnight = now.startOfDay(offsetMinutes: site.offsetMinutes)
        let today = TimeRange(start: midnight, end: max(midnight, now))
        for meter in site.meters {
            ledgerStates[meter.name] = try store.ledgerState(meter: meter.name)
            ledgerToday[meter.name] = try store.ledger(meter: meter.name, today)
        }
        let reader = try StoreReader(directory: store.directory)
        cooling = try HistoryReader.cooling(reader, site: site, range: today)
    }
}
