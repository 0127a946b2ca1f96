import Model
import Profiles

/// Whether a point says what a row of a corpus expects.
struct RowMatch {
    let row: Corpus.Row

    /// Nil where the units can never be compared.
    func holds(_ reading: SourceReading, _ point: PointDefinition) -> Bool? {
        if row.kind == "state" { return stateHolds(reading) }
        switch reading.form {
        case .state, .bit:
            guard !SensorKind.counted.contains(row.kind) else { return nil }
            return reading.quality == .good && row.value == String(reading.mantissa)
        case .number:
            guard
                let factor = SensorKind.factor(
                    row.kind, printedUnit: row.unit, to: point.unit)
            else { return nil }
            guard reading.quality == .good, let theirs = Double(row.value) else { return false }
            let ours = point.decimal(reading.mantissa).double
            let step = max(theirStep * factor, point.decimal(1).double)
            return abs(ours - theirs * factor) <= step / 2 + step * 1e-6
        }
    }

    /// The resolution of the row: its last digit printed, or finer where its own arithmetic,
    /// raw × multiplier ÷ divisor, drops a last zero.
    private var theirStep: Double {
        var step = 1.0
        if let dot = row.value.firstIndex(of: ".") {
            for _ in row.value[dot...].dropFirst() { step /= 10 }
        }
        guard Int64(row.raw) != nil, let divisor = Double(row.divisor), divisor != 0,
            let multiplier = Double(row.multiplier), multiplier != 0
        else { return step }
        return min(step, abs(multiplier / divisor))
    }

    /// The same raw code and a word for it. Texts and bits: the same meaning.
    private func stateHolds(_ reading: SourceReading) -> Bool? {
        switch reading.form {
        case .number: return nil
        case .bit(let bit):
            guard reading.quality == .good else { return false }
            guard let bit, let raw = reading.rawInteger, bit < 63 else { return true }
            return reading.mantissa == raw >> Int64(bit) & 1
        case .state(let label):
            guard reading.quality == .good, let label else { return false }
            if Int64(row.value) == reading.mantissa { return true }
            guard reading.isTranslated || row.rawTag == "4" else { return false }
            return Self.plain(label.name) == Self.plain(row.stateText)
        }
    }

    /// Letters and digits only, small.
    private static func plain(_ text: String) -> String {
        String(
            decoding: text.lowercased().utf8.filter {
                ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x61 && $0 <= 0x7A)
            }, as: UTF8.self)
    }
}
