import Interchange
package import Logging
package import Model
import Notify
import Platform
package import Store
package import Views

/// Sends every stored reading to one receiver, by remote write, in the order of time.
///
/// The store is the queue: what a receiver has confirmed is a cursor per device in the store, so a
/// receiver that is away for a day, or this program's end at any moment, costs time and no reading.
/// At least once: a request whose confirmation was lost comes again with the same times and
/// values.
package final class Forwarder: Sendable {
    /// How often the present is sent.
    private static let periodMilliseconds: Int64 = 5_000
    /// Readings younger than this may not be on the disk yet.
    private static let settleMilliseconds: Int64 = 2_000
    /// With the present first: what is older than this when its turn comes is put aside.
    private static let jumpMilliseconds: Int64 = 120_000
    /// Readings taken from the store at once: some 10 MB.
    private static let valuesAtOnce = 300_000
    /// Receivers that want the order of time allow series of one moment to be no further apart.
    private static let longestOrderedWindow: Int64 = 1_800_000
    private static let longestWindow: Int64 = 86_400_000
    private static let shortestWindow: Int64 = 1_000
    /// A receiver that is back is noticed within this.
    private static let maximumPause: Int64 = 30_000
    private static let behindSeconds = 60.0
    /// Complaints about the same receiver are logged this far apart.
    private static let complaintPeriod: Int64 = 60_000

    private struct State {
        var stopped = false
        var view: ForwardView
        /// Monotonic milliseconds of the last look at the lag, and of the last complaint.
        var measured: Int64 = 0
        var complained: Int64 = .min
        /// The same of the last incident.
        var noted: Int64 = .min
    }

    private let receiver: ForwardReceiver
    private let site: Site
    private let store: SiteStore
    private let logger: Logger
    private let state: ConditionLock<State>
    private let thread = ConditionLock<NativeThread?>(nil)

    package init(
        _ receiver: ForwardReceiver, site: Site, store: SiteStore, logger: Logger
    ) {
        self.receiver = receiver
        self.site = site
        self.store = store
        self.logger = logger
        state = ConditionLock(
            State(view: ForwardView(receiver: receiver.name, version: receiver.version.rawValue)))
    }

    package func start() throws {
        let started = try NativeThread(name: "fwd-" + receiver.name.prefix(11)) { [self] in
            run()
        }
        thread.update { $0 = started }
    }

    /// Ends the thread; a request under way is finished first.
    package func stop() {
        state.update { $0.stopped = true }
        thread.update { thread in
            defer { thread = nil }
            return thread
        }?.join()
    }

    package var view: ForwardView {
        let now = now
        return state.withLock { state in
            var view = state.view
            // While the receiver takes nothing, what waits grows older.
            if view.state == "waiting" {
                view.lagSeconds += Double(now - state.measured) / 1000
            }
            return view
        }
    }

    private var isStopped: Bool { state.withLock { $0.stopped } }

    /// False when it is time to end.
    private func pause(_ milliseconds: Int64) -> Bool {
        state.wait(forMilliseconds: max(0, milliseconds)) { $0.stopped ? true : nil } == nil
    }

    private var now: Int64 { Clocks.monotonicNanoseconds() / 1_000_000 }

    // MARK: - The loop

    /// What the thread has to itself.
    private struct Work {
        var writer: RemoteWriter
        var requests: ForwardRequests
        var reader: StoreReader?
        /// Times taken from the store at once, for the present and for what comes again.
        var window = Forwarder.longestOrderedWindow
        var againWindow = Forwarder.longestOrderedWindow
        var begin: Int64
    }

    private func run() {
        var work = Work(
            writer: RemoteWriter(receiver), requests: ForwardRequests(receiver, site: site),
            begin: Clocks.wallMilliseconds() - receiver.historyMilliseconds)
        var next = now
        while !isStopped {
            do {
                try sendWaiting(&work)
                while !isStopped, now < next + Self.periodMilliseconds {
                    guard try sendAgain(&work) else { break }
                }
            } catch {
                work.requests.forgetStandings()
                work.reader = nil
                complain("the store does not answer: \(error)")
            }
            next = max(next + Self.periodMilliseconds, now)
            guard pause(next - now) else { return }
        }
    }

    /// Everything from the cursors to the present, window by window.
    private func sendWaiting(_ work: inout Work) throws {
        while !isStopped {
            let end = Clocks.wallMilliseconds() - Self.settleMilliseconds
            let claim = try store.claimForward(
                receiver.name,
                ForwardQuestion(
                    begin: work.begin, end: end, window: work.window,
                    jump: receiver.order == .live ? end - Self.jumpMilliseconds : nil))
            let lag = Double(claim.behindMilliseconds) / 1000
            let measured = now
            state.withLock { state in
                state.measured = measured
                state.view.lagSeconds = lag
                state.view.state = lag > Self.behindSeconds ? "behind" : "current"
            }
            guard !claim.spans.isEmpty else { return }
            let isBehind = claim.behindMilliseconds > 2 * Self.periodMilliseconds
            guard try send(claim.spans, &work, window: \.window, isPaced: isBehind) else { return }
            let (age, then) = (Double(Clocks.wallMilliseconds() - claim.end) / 1000, now)
            state.withLock { state in
                state.measured = then
                state.view.lagSeconds = max(0, age)
            }
            guard isBehind else { return }
        }
    }

    /// One window of what came late or was left behind; false where there is none.
    private func sendAgain(_ work: inout Work) throws -> Bool {
        let spans = try store.forwardAgain(
            receiver.name, windowMilliseconds: work.againWindow)
        let oldest = spans.map(\.range.start.milliseconds).min()
        state.withLock { $0.view.againSinceMS = oldest }
        guard !spans.isEmpty else { return false }
        return try send(spans, &work, window: \.againWindow, isPaced: true)
    }

    /// Reads, sends and settles `spans`; false when it is time to end.
    private func send(
        _ spans: [ForwardSpan], _ work: inout Work, window: WritableKeyPath<Work, Int64>,
        isPaced: Bool
    ) throws -> Bool {
        let reader = try work.reader ?? StoreReader(directory: store.directory)
        work.reader = reader
        var rest = spans[...]
        var values = 0
        while !rest.isEmpty {
            let looksBack = Set(rest.filter { work.requests.needsLookBack($0) })
            let tables = try reader.forwardTables(
                Array(rest), maximumValues: Self.valuesAtOnce,
                lookBack: { looksBack.contains($0) })
            guard let last = tables.last, let end = rest.dropFirst(tables.count - 1).first else {
                return true
            }
            if receiver.order == .time, work[keyPath: window] > Self.longestOrderedWindow,
                tables.contains(where: { $0.firstRow < $0.table.times.count })
            {
                // A long gap has ended inside: go on from there in the usual steps.
                work[keyPath: window] = Self.longestOrderedWindow
                return true
            }
            for request in work.requests.make(tables) {
                let begun = now
                guard deliver(request.series, &work) else { return false }
                try store.confirmForward(receiver.name, request.spans)
                let due = begun + Int64(request.samples) * 1000 / max(1, receiver.rate)
                if isPaced, due > now, !pause(due - now) { return false }
            }
            values += tables.reduce(0) {
                $0 + ($1.table.times.count - $1.firstRow) * $1.table.columns.count
            }
            rest = rest.dropFirst(tables.count)
            // A span that was cut is taken up by the next claim, from its cursor.
            if last.span != end { break }
        }
        adapt(&work[keyPath: window], values)
        return true
    }

    /// So much time at once as gives a good piece of work.
    private func adapt(_ window: inout Int64, _ values: Int) {
        let longest =
            receiver.order == .time && values > 0 ? Self.longestOrderedWindow : Self.longestWindow
        if values > Self.valuesAtOnce {
            window = max(window / 2, Self.shortestWindow)
        } else if values < Self.valuesAtOnce / 4 {
            window = window * 2
        }
        window = min(window, longest)
    }

    // MARK: - Delivery

    /// Returns when the receiver has the series, or has refused for ever what it has not. False
    /// when it is time to end.
    private func deliver(_ series: [RemoteSeries], _ work: inout Work) -> Bool {
        guard !series.isEmpty else { return !isStopped }
        switch persist(series, &work) {
        case nil: return false
        case .taken: return true
        case .refused(let reason), .again(let reason, _):
            var pieces = PieceMeal(series)
            var lost = pieces.isOneMoment ? series.sampleCount : 0
            while let piece = pieces.piece {
                let part = series.within(piece)
                switch persist(part, &work) {
                case nil: return false
                case .taken: pieces.accepted()
                case .refused, .again: if pieces.refused() { lost += part.sampleCount }
                }
            }
            giveUp(lost, of: series, reason)
            return true
        }
    }

    /// Sends until the receiver has taken or refused it; nil when it is time to end.
    private func persist(_ series: [RemoteSeries], _ work: inout Work) -> RemoteWriter.Outcome? {
        var attempts = 0
        while !isStopped {
            switch work.writer.send(series, shouldStop: { isStopped }) {
            case .taken:
                state.withLock { state in
                    state.view.version = work.writer.version.rawValue
                    state.view.sent += Int64(series.sampleCount)
                    if attempts > 0 { state.view.note = nil }
                    if state.view.state == "waiting" { state.view.state = "behind" }
                }
                return .taken
            case .refused(let reason): return .refused(reason)
            case .again(let reason, let wanted):
                attempts += 1
                wait(reason)
                let seed = UInt64(bitPattern: now)
                let delay = min(
                    Backoff.milliseconds(afterAttempts: attempts, seed: seed), Self.maximumPause)
                guard pause(max(wanted ?? 0, delay)) else { return nil }
            }
        }
        return nil
    }

    /// The receiver does not take anything now; readings wait in the store meanwhile.
    private func wait(_ reason: String) {
        state.withLock { state in
            state.view.state = "waiting"
            state.view.note = reason
        }
        complain(
            "`\(receiver.name)` takes no readings now, they wait in the store "
                + "(\(Int(view.lagSeconds)) s behind): \(reason)")
    }

    private func giveUp(_ lost: Int, of series: [RemoteSeries], _ reason: String) {
        guard lost > 0 else { return }
        let times = series.flatMap { $0.samples.map(\.time) }
        let text =
            "`\(receiver.name)` refused \(lost) of \(series.sampleCount) samples from "
            + Instant(milliseconds: times.min() ?? 0).iso8601() + " to "
            + Instant(milliseconds: times.max() ?? 0).iso8601() + ": \(reason)"
        state.withLock { state in
            state.view.refused += Int64(lost)
            state.view.note = reason
        }
        complain(text)
        guard isDue(\.noted) else { return }
        do throws(StoreError) {
            try store.noteIncident(kind: "refused", text)
        } catch {
            logger.warning("the refusal could not be noted: \(error)")
        }
    }

    /// At most once a minute.
    private func complain(_ text: String) {
        if isDue(\.complained) { logger.warning("\(text)") }
    }

    private func isDue(_ last: WritableKeyPath<State, Int64>) -> Bool {
        let now = now
        return state.withLock { state in
            let then = state[keyPath: last]
            guard then == .min || now - then >= Self.complaintPeriod else { return false }
            state[keyPath: last] = now
            return true
        }
    }
}
