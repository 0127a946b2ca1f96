package import Interchange
package import Model

/// What is to be asked of the engine.
package struct FleetQuery: Sendable, Equatable {
    package var text: String
    package var time: Instant
}

/// Gathers pictures of a fleet: `next` says what to ask, and `take` is given the answer, until
/// there is a picture. Whoever performs the questions decides when.
package struct FleetSurvey: Sendable {
    /// Sites that are silent are looked for this often; those that report are seen at once.
    private static let sightingMilliseconds: Int64 = 60_000

    private enum Step: Sendable {
        case live
        case sightings(FleetAnswer)
    }

    private let file: FleetFile
    private var step = Step.live
    /// When each site was heard last, as far as is known.
    private var heard: [String: Int64] = [:]
    private var sightedAt: Int64?

    package init(_ file: FleetFile) { self.file = file }

    /// - Parameter now: the moment of the picture; the same until there is one.
    package func next(at now: Instant) -> FleetQuery {
        switch step {
        case .live: FleetQuery(text: FleetQuestion.live, time: now)
        case .sightings(let answer):
            FleetQuery(
                text: FleetQuestion.sightings(
                    except: answer.sites.filter { $0.value[FleetQuestion.heartbeat] != nil }.keys),
                time: now)
        }
    }

    /// The picture, or nil where there is more to ask.
    package mutating func take(
        _ body: [UInt8], at now: Instant
    ) throws(RemoteAnswerProblem) -> FleetPicture? {
        let live: FleetAnswer
        switch step {
        case .live:
            live = try FleetAnswer(body)
            for (site, samples) in live.sites {
                guard let time = samples[FleetQuestion.heartbeat]?.time else { continue }
                heard[site] = max(heard[site] ?? .min, time)
            }
            if sightedAt.map({ now.milliseconds - $0 >= Self.sightingMilliseconds }) ?? true {
                step = .sightings(live)
                return nil
            }
        case .sightings(let answer):
            live = answer
            // Asked anew from the start where this answer is none.
            step = .live
            for (site, time) in try FleetAnswer.times(body) {
                heard[site] = max(heard[site] ?? .min, min(time, now.milliseconds))
            }
            sightedAt = now.milliseconds
        }
        step = .live
        return FleetPicture(at: now, file: file, answer: live, heard: heard)
    }

    /// The question was not answered: the next picture begins anew.
    package mutating func giveUp() { step = .live }
}
