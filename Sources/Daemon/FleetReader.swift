package import Fleet
import Interchange
package import Model

/// Asks an engine about the sites that forward to it. Calls block; one at a time.
package struct FleetReader: Sendable {
    private let file: FleetFile
    private var survey: FleetSurvey

    package init(_ file: FleetFile) {
        self.file = file
        survey = FleetSurvey(file)
    }

    /// The fleet at `now`.
    package mutating func picture(at now: Instant) throws(RemoteReadError) -> FleetPicture {
        while true {
            do throws(RemoteReadError) {
                let body = try ask(survey.next(at: now))
                if let picture = try understanding({ () throws(RemoteAnswerProblem) in
                    try survey.take(body, at: now)
                }) {
                    return picture
                }
            } catch {
                survey.giveUp()
                throw error
            }
        }
    }

    /// What the sites' ledgers say of `months`.
    package func energy(
        of months: [FleetMonth], at now: Instant
    ) throws(RemoteReadError) -> FleetEnergy {
        var energy = FleetEnergy(file, months: months, at: now)
        while let question = energy.next {
            let body = try ask(question)
            try understanding { () throws(RemoteAnswerProblem) in try energy.take(body) }
        }
        return energy
    }

    private func ask(_ query: FleetQuery) throws(RemoteReadError) -> [UInt8] {
        try RemoteEngine(file.remote).query(query.text, at: query.time)
    }

    private func understanding<Value>(
        _ body: () throws(RemoteAnswerProblem) -> Value
    ) throws(RemoteReadError) -> Value {
        do throws(RemoteAnswerProblem) {
            return try body()
        } catch {
            throw RemoteReadError(description: "\(error); \(RemoteEngine.cure)")
        }
    }
}
