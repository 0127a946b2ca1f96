import Platform
import Synchronization
import Views

/// Does what `update` asks for, off the console's thread, and posts what came of it.
final class Effects: Sendable {
    private let client: DaemonClient
    private let mailbox: Mailbox<ConsoleEvent>
    /// Nil where there is nothing to choose from.
    private let boards: BoardFolder?
    private let worker: WorkerThread
    /// The moment that questions are about; nil for the present.
    private let moment = Mutex<Int64?>(nil)
    /// Questions under way: a slow daemon must not collect a queue of the same question.
    private let pending = Mutex<Set<String>>([])
    private let isStopped = Atomic(false)

    init(
        client: DaemonClient, mailbox: Mailbox<ConsoleEvent>, boards: BoardFolder?
    ) throws(PlatformError) {
        self.boards = boards
        self.client = client
        self.mailbox = mailbox
        worker = try WorkerThread(name: "console-ask")
    }

    /// Starts the thread that follows the daemon's stream.
    func start() throws(PlatformError) {
        let thread = try NativeThread(name: "console-feed") { [self] in follow() }
        // It ends within a second of `stop`, or with the process.
        thread.detach()
    }

    /// Ends both threads without waiting for a daemon that does not answer.
    func stop() { isStopped.store(true, ordering: .relaxed) }

    private var shouldStop: Bool { isStopped.load(ordering: .relaxed) }

    /// Pauses between attempts to connect, in tenths of a second; the last one repeats.
    private static let pauses = [5, 10, 20, 30]

    private func follow() {
        var attempt = 0
        while !shouldStop {
            do throws(DaemonClient.Failure) {
                try client.follow(shouldStop: { shouldStop }) { picture in
                    attempt = 0
                    mailbox.post(.snapshot(picture))
                }
            } catch {
                if shouldStop { return }
                mailbox.post(.disconnected(error.description))
            }
            let pause = Self.pauses[min(attempt, Self.pauses.count - 1)]
            attempt += 1
            for _ in 0..<pause where !shouldStop { Self.sleepTenth() }
        }
    }

    private static func sleepTenth() {
        let end = Clocks.monotonicNanoseconds() + 100_000_000
        sleepUntil(end)
    }

    func perform(_ command: ConsoleCommand) {
        switch command {
        case .quit, .redraw, .save, .setTheme, .setMouse: break
        case .ofMoment(let at, let command):
            moment.withLock { $0 = at }
            perform(command)
            moment.withLock { $0 = nil }
        case .loadPast(let at):
            ask("past") { client in
                do throws(DaemonClient.Failure) {
                    return .past(atMS: at, try client.picture(atMS: at))
                } catch {
                    return .pastFailed(atMS: at, error.description)
                }
            }
        case .loadDevice(let name):
            ask("device \(name)") { client in
                do throws(DaemonClient.Failure) {
                    let path = "/api/v1/devices/" + DaemonClient.encoded(name)
                    return .device(try client.get(path, as: DeviceView.self))
                } catch {
                    return .deviceFailed(name: name, error.description)
                }
            }
        case .loadRack(let name): loadRack(name)
        case .loadHistory(let point, let from, let to, let step):
            ask("history \(point)") { client in
                guard let series = Self.series(client, [point], from, to, step) else {
                    return nil
                }
                return .history(point: point, series)
            }
        case .loadTotals(let from, let to, let step):
            ask("totals") { client in
                guard let series = Self.series(client, [Self.totalPoint], from, to, step) else {
                    return nil
                }
                return .totals(series)
            }
        case .loadSeries, .findPoints, .loadEnergyDay, .loadCoolingDay, .explain, .loadPoints,
            .loadLabels:
            load(command)
        case .listBoards, .loadBoard: readBoards(command)
        case .loadAlarmHistory(let from, let to): loadAlarmHistory(from, to)
        case .alarmAction(let action): act(action)
        case .acknowledge(let id, let by, let comment):
            ask("acknowledge \(id)") { client in
                do throws(DaemonClient.Failure) {
                    try client.acknowledge(id: id, by: by, comment: comment)
                    return .acknowledged(id: id)
                } catch {
                    return .acknowledgeFailed(id: id, error.description)
                }
            }
        }
    }

    private func loadRack(_ name: String) {
        ask("rack \(name)") { client in
            do throws(DaemonClient.Failure) {
                let path = "/api/v1/racks/" + DaemonClient.encoded(name)
                return .rack(try client.get(path, as: RackLayoutView.self))
            } catch {
                return .rackFailed(name: name, error.description)
            }
        }
    }

    /// What pages show beside the picture.
    private func load(_ command: ConsoleCommand) {
        switch command {
        case .loadSeries(let tag, let points, let from, let to, let step):
            ask("series \(tag)") { client in
                guard let series = Self.series(client, points, from, to, step) else {
                    return nil
                }
                return .series(tag: tag, series)
            }
        case .findPoints(let text, let glob, let limit):
            ask("find \(text)") { client in
                let path = "/api/v1/find?glob=\(DaemonClient.encoded(glob))&limit=\(limit)"
                // Without an answer the search goes on with what the console knows.
                guard let points = try? client.get(path, as: [PointView].self) else { return nil }
                return .foundPoints(text: text, points)
            }
        case .loadEnergyDay(let at):
            ask("energy") { client in
                do throws(DaemonClient.Failure) {
                    let path = "/api/v1/energy/day?at=\(at)"
                    return .energyDay(try client.get(path, as: EnergyDayView.self))
                } catch {
                    return .energyDayFailed(error.description)
                }
            }
        case .loadCoolingDay(let at): loadCoolingDay(at)
        case .explain(let id): explain(id)
        case .loadPoints(let glob):
            ask("points \(glob)") { client in
                do throws(DaemonClient.Failure) {
                    let path =
                        "/api/v1/last?glob=" + DaemonClient.encoded(glob)
                        + "&limit=\(PanelContents.maximumPoints)"
                    let points = try client.get(path, as: [PointView].self)
                    return .points(glob: glob, points)
                } catch {
                    return .pointsFailed(glob: glob, error.description)
                }
            }
        case .loadLabels:
            ask("labels") { client in
                do throws(DaemonClient.Failure) {
                    let labels = try client.get("/api/v1/devices", as: [DeviceLabelsView].self)
                    return .labels(labels)
                } catch {
                    return .labelsFailed(error.description)
                }
            }
        default: preconditionFailure("BUG: \(command) loads nothing")
        }
    }

    private func readBoards(_ command: ConsoleCommand) {
        guard let boards else { return }
        switch command {
        case .loadBoard(let name):
            ask("board \(name)") { _ in .board(name: name, boards.load(name)) }
        default: ask("boards") { _ in .boards(boards.list()) }
        }
    }

    /// The site's total power as a point, where the daemon keeps it.
    private static let totalPoint = "site/total.power"

    /// History is an extra: where the daemon has none, the page does without.
    private static func series(
        _ client: DaemonClient, _ points: [String], _ from: Int64, _ to: Int64, _ step: Int64
    ) -> SeriesView? {
        let names = points.map { DaemonClient.encoded($0) }.joined(separator: ",")
        let query = "points=\(names)&from=\(from)&to=\(to)&step=\(step)"
        do throws(DaemonClient.Failure) {
            return try client.get("/api/v1/series?" + query, as: SeriesView.self)
        } catch {
            return nil
        }
    }

    /// Asks off the console's thread, unless the same is being asked, and posts what `job` has
    /// found. By then the question is no longer under way: the answer may lead to it again.
    func ask(
        _ name: String, _ job: @escaping @Sendable (DaemonClient) -> ConsoleEvent?
    ) {
        let moment = moment.withLock { $0 }
        let name = moment.map { "\(name) at \($0)" } ?? name
        guard pending.withLock({ $0.insert(name).inserted }) else { return }
        let accepted = worker.submit { [self] in
            let answer = shouldStop ? nil : job(client.of(moment))
            _ = pending.withLock { $0.remove(name) }
            guard let answer else { return }
            mailbox.post(moment.map { .ofMoment(atMS: $0, answer) } ?? answer)
        }
        if !accepted { _ = pending.withLock { $0.remove(name) } }
    }
}
