import Alarms
import ArgumentParser
import Model
import Store

extension AlarmsCommand {
    /// `frostline alarms kpi`: how the alarm system treats its operators.
    struct KPI: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "kpi",
            abstract: "How many alarms, floods, chattering and late answers (IEC 62682).")

        @Option(help: "The month, as 2026-10.")
        var month: MonthArgument?

        @Option(parsing: .unconditional, help: "Start, where it is no month.")
        var from = TimeArgument(argument: "-24h") ?? .now

        @Option(parsing: .unconditional, help: "End.")
        var to: TimeArgument = .now

        @Flag(help: "Print JSON.")
        var json = false

        @OptionGroup var locations: Locations

        private struct Answer: Encodable {
            struct Figure: Encodable {
                var name: String
                var value: String?
                var unit: String
                var target: String?
                var judgement: String?
            }
            struct Rank: Encodable {
                var id: String
                var count: Int
            }
            struct Flood: Encodable {
                var start: String
                var end: String
                var alarms: Int
            }
            /// Of what was asked, the time of which there are readings.
            var from: String
            var to: String
            var askedFrom: String
            var askedTo: String
            var activations: Int
            var byPriority: [String: Int]
            var periods: [Int]
            var figures: [Figure]
            var frequent: [Rank]
            var chattering: [Rank]
            var floods: [Flood]
            var stale: [String]
            var medianSecondsToAcknowledge: Int64?
        }

        func run() throws {
            let offset = locations.offsetMinutes
            let asked = try range(offset)
            guard let range = try covered(asked) else {
                throw CommandFailure(
                    .no,
                    "nothing was watched from \(asked.start.iso8601(offsetMinutes: offset)) to "
                        + "\(asked.end.iso8601(offsetMinutes: offset)): the store has no readings "
                        + "of that time, and nothing is judged")
            }
            var figures = AlarmPerformance(in: range)
            try AlarmsCommand.eachPage(of: range, locations) { events in
                for event in events { figures.take(event) }
            }
            figures.finish()
            let answer = answer(figures, asked, offset)
            if json {
                try Output.json(answer)
            } else {
                write(answer)
            }
        }

        /// The part of it between the store's first and last reading.
        private func covered(_ asked: TimeRange) throws -> TimeRange? {
            let info = try withStore(locations) { reader throws(StoreError) in
                try reader.info()
            }
            guard let oldest = info.oldest, let newest = info.newest else { return nil }
            // What happened since the last poll belongs to it.
            let last = newest.advanced(byMilliseconds: Self.longestPollMilliseconds)
            let (start, end) = (max(asked.start, oldest), min(asked.end, last))
            return start < end ? TimeRange(start: start, end: end) : nil
        }

        private static let longestPollMilliseconds: Int64 = 60_000

        private func range(_ offset: Int) throws -> TimeRange {
            if let month {
                let now = currentInstant()
                let whole = TimeRange.month(
                    year: month.year, month: month.month, offsetMinutes: offset)
                guard whole.start < now else {
                    throw CommandFailure(.usage, "the month has not begun")
                }
                return TimeRange(start: whole.start, end: min(whole.end, now))
            }
            return try from.range(to: to, offsetMinutes: offset)
        }

        private func answer(_ figures: AlarmPerformance, _ asked: TimeRange, _ offset: Int)
            -> Answer
        {
            func ranks(_ ranks: [AlarmPerformance.Rank]) -> [Answer.Rank] {
                ranks.map { Answer.Rank(id: $0.key.description, count: $0.count) }
            }
            let waits = figures.secondsToAcknowledge
            return Answer(
                from: figures.range.start.iso8601(offsetMinutes: offset),
                to: figures.range.end.iso8601(offsetMinutes: offset),
                askedFrom: asked.start.iso8601(offsetMinutes: offset),
                askedTo: asked.end.iso8601(offsetMinutes: offset),
                activations: figures.activations,
                byPriority: Dictionary(
                    uniqueKeysWithValues: AlarmPriority.allCases.map {
                        ($0.name, figures.byPriority[$0] ?? 0)
                    }), periods: figures.periods,
                figures: figures.figures.map {
                    Answer.Figure(
                        name: $0.name, value: $0.value?.description, unit: $0.unit,
                        target: $0.target?.description, judgement: $0.judgement?.rawValue)
                }, frequent: ranks(figures.frequent), chattering: ranks(figures.chattering),
                floods: figures.floods.map {
                    Answer.Flood(
                        start: $0.start.iso8601(offsetMinutes: offset),
                        end: $0.end.iso8601(offsetMinutes: offset), alarms: $0.alarms)
                }, stale: figures.stale.map(\.description),
                medianSecondsToAcknowledge: waits.isEmpty ? nil : waits[waits.count / 2])
        }

        private func write(_ answer: Answer) {
            Output.line("\(answer.from) to \(answer.to): \(answer.activations) alarms")
            if answer.from != answer.askedFrom || answer.to != answer.askedTo {
                Output.line("the store has readings of this part of what was asked")
            }
            var table = TextTable([
                ("FIGURE", .left), ("VALUE", .right), ("TARGET", .right), ("JUDGEMENT", .left),
            ])
            for figure in answer.figures {
                let unit = figure.unit.isEmpty ? "" : " " + figure.unit
                table.add([
                    figure.name, (figure.value ?? "unknown") + unit,
                    figure.target.map { "≤ " + $0 } ?? "",
                    figure.judgement ?? "too little to judge",
                ])
            }
            table.write()
            let shares = AlarmPriority.allCases.reversed().map {
                "\(answer.byPriority[$0.name] ?? 0) \($0.name)"
            }
            Output.line("by priority: " + shares.joined(separator: ", "))
            if let seconds = answer.medianSecondsToAcknowledge {
                Output.line("critical and high, acknowledged after (median): \(seconds) s")
            }
            for (name, ranks) in [("frequent", answer.frequent), ("chattering", answer.chattering)]
            {
                for rank in ranks { Output.line("\(name): \(rank.count) × \(rank.id)") }
            }
            for flood in answer.floods {
                Output.line("flood: \(flood.alarms) alarms, \(flood.start) to \(flood.end)")
            }
            for id in answer.stale { Output.line("stale: \(id)") }
        }
    }
}
