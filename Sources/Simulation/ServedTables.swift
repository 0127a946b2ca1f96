import Modbus
import Model
import SNMP

extension SNMPDatum {
    init(_ value: SNMPValue) {
        self =
            switch value {
            case .integer(let number): .integer(number)
            case .counter32(let number): .counter32(number)
            case .gauge32(let number): .gauge32(number)
            case .timeTicks(let number): .timeTicks(number)
            case .counter64(let number): .counter64(number)
            case .octets(let bytes): .octets(bytes)
            case .objectID(let oid): .objectID(oid.arcs)
            case .ipAddress(let bytes): .ipAddress(bytes)
            case .float(let number): .float(number)
            case .double(let number): .double(number)
            case .null: .null
            case .noSuchObject: .noSuchObject
            case .noSuchInstance: .noSuchInstance
            case .endOfMibView: .endOfMibView
            }
    }
}

/// A table as an agent reads it; `signals` is asked once a look-up.
struct ServedObjectTable: SNMPObjectTable, Sendable {
    let table: ObjectTable
    let own: [SNMPValue]
    let signals: @Sendable () -> [Double]
    /// Nil: values follow from signals alone.
    var motion: (values: RecordedMotion, seconds: @Sendable () -> Double)?

    func value(at oid: [UInt32]) -> SNMPDatum? {
        table.index(of: ObjectID(oid)).map { datum(table.entries[$0]) }
    }

    func next(after oid: [UInt32]) -> (oid: [UInt32], value: SNMPDatum)? {
        table.index(after: ObjectID(oid)).map { index in
            (table.entries[index].oid.arcs, datum(table.entries[index]))
        }
    }

    private func datum(_ entry: ObjectEntry) -> SNMPDatum {
        switch entry.form {
        case .constant(let value):
            guard let motion else { return SNMPDatum(value) }
            return SNMPDatum(motion.values.value(value, of: entry.oid, seconds: motion.seconds()))
        default: return SNMPDatum(entry.form.value(signals(), own: own))
        }
    }
}

extension RegisterMap {
    /// The answer to a request, from what the device measures now.
    func answer(_ request: ReadRequest, signals: [Double]) -> ModbusAnswer {
        guard let span = RegisterSpan(request) else { return .exception(1) }
        return switch forms(of: span) {
        case .success(let forms): .words(forms.map { $0.word(signals) })
        case .failure(let exception): .exception(exception.code)
        }
    }
}

extension RegisterSpan {
    init?(_ request: ReadRequest) {
        guard let table = RegisterTable(rawValue: request.function.rawValue) else { return nil }
        self.init(table: table, start: request.start, count: request.count)
    }
}
