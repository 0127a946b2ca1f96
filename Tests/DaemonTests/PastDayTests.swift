import ConfigTree
import Energy
import Model
import TestSupport
import Testing

@testable import Daemon

@Suite("the day of a moment that has passed")
struct PastDayTests {
    @Test("its figures from sums are those from single quarter hours, wherever energy is missing")
    func sums() throws {
        var diagnostics = Diagnostics()
        let root = repositoryRoot()
        let loader = ConfigurationLoader(resources: Resources(root: root))
        let loaded = try #require(
            loader.load(siteFile: root + "/Examples/lvliang/site.yaml", &diagnostics),
            "\(diagnostics.sorted)")
        let (site, tariff) = (loaded.site, loaded.tariff)
        let midnight = CivilTime(year: 2026, month: 11, day: 20)
            .instant(offsetMinutes: site.offsetMinutes)
        let range = TimeRange(start: midnight, end: midnight.advanced(bySeconds: 86_400))
        var random = SplitMix(11)
        var ledgers: [String: [LedgerEntry]] = [:]
        for meter in PastDay.meters(of: site) {
            ledgers[meter.name] = (0..<96).compactMap { index in
                let quarter = QuarterHour(
                    number: QuarterHour(containing: midnight).number + Int64(index))
                switch UInt64.random(in: 0..<400, using: &random) {
                case 0: return nil
                case 1: return LedgerEntry(interval: quarter, wattHours: nil, flag: .missing)
                default:
                    return LedgerEntry(
                        interval: quarter, wattHours: .random(in: 0...90_000, using: &random),
                        flag: .measured)
                }
            }
        }
        let day = PastDay(site: site, range, ledgers: ledgers)
        var paired: Set<Int> = []
        for minutes in [0, 14, 15, 16, 300, 719, 1439] {
            let time = midnight.advanced(bySeconds: Int64(minutes) * 60)
            let figures = day.figures(site: site, tariff: tariff, at: time)
            let expected = DayFigures(site: site, tariff: tariff, at: time) { meter, quarter in
                ledgers[meter.name]?.first { $0.interval == quarter }?.wattHours
            }
            #expect(figures.paired == expected.paired)
            #expect(figures.pue == expected.pue)
            #expect(figures.cost == expected.cost)
            #expect(figures.costIsPartial == expected.costIsPartial)
            paired.insert(figures.paired.paired)
        }
        #expect(paired.count > 3, "there is energy to compare")
        #expect(paired.allSatisfy { $0 < 95 }, "and some is missing")
    }
}
