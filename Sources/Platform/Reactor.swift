import CPlatform
import Glibc
import Synchronization

/// What a descriptor is watched for, and what it has become.
package struct Interest: OptionSet, Hashable, Sendable {
    package let rawValue: UInt32
    package init(rawValue: UInt32) { self.rawValue = rawValue }
    package static let read = Interest(rawValue: CPLATFORM_READABLE)
    package static let write = Interest(rawValue: CPLATFORM_WRITABLE)
    /// What it has become only: hung up, or broken. Nothing more will come than lies there.
    package static let hangup = Interest(rawValue: CPLATFORM_HANGUP)
    /// What it is watched for only: the handler is called once for each arrival, not for as long
    /// as something is there. So it has to take everything, which a read has that did not fill its
    /// buffer, or else to call `Reactor.remind`. The kernel then looks at each descriptor once.
    package static let edge = Interest(rawValue: CPLATFORM_EDGE)
}

/// One thread that waits for many descriptors and timers (epoll).
///
/// All but `start`, `stop`, `submit`, `performAndWait` and `isCurrent` is called on the reactor's
/// own thread; a call from elsewhere stops the program, because it would be a race. Before `start`
/// the creating thread may call everything.
// `pending` is guarded by its mutex; everything else belongs to the reactor's thread once it runs.
package final class Reactor: @unchecked Sendable {
    /// Jobs submitted and not yet run. Owners submit a few a turn; a full queue means that the
    /// thread hangs, and `submit` says so.
    package static let queueLimit = 65_536
    /// Events taken in one turn: a busy descriptor cannot keep timers waiting for longer.
    private static let eventsPerTurn: Int32 = 256

    private struct Watch {
        var generation: UInt32
        var interest: Interest
        var handler: (Interest) -> Void
    }
    private struct Pending {
        var jobs: [@Sendable () -> Void] = []
        var stopping = false
        var signalled = false
    }

    package let name: String
    private let epoll: Int32
    private let wakeUp: Int32
    private let pending = ConditionLock(Pending())
    private let running = ConditionLock<NativeThread?>(nil)
    /// The running thread; 0 while there is none. Asked at every call, so it must cost nothing.
    private let owner = Atomic<pthread_t>(0)
    /// By descriptor: the kernel gives the lowest that is free, so there are few holes.
    private var watches: [Watch?] = []
    private var generation: UInt32 = 1
    private var timers = TimerHeap()
    private var atEnd: [() -> Void] = []

    package init(name: String) throws(PlatformError) {
        self.name = name
        let epoll = try checked("epoll_create", name, cplatform_epoll_create())
        let wakeUp = cplatform_eventfd_create()
        // Token 0 is the wake-up; watches count their generation from 1.
        let added =
            wakeUp < 0 ? wakeUp : cplatform_epoll_add(epoll, wakeUp, CPLATFORM_READABLE, 0)
        guard added >= 0 else {
            close(epoll)
            if wakeUp >= 0 { close(wakeUp) }
            throw PlatformError(operation: "eventfd", subject: name, code: -added)
        }
        self.epoll = epoll
        self.wakeUp = wakeUp
    }

    deinit {
        close(wakeUp)
        close(epoll)
    }

    /// Starts the thread, which keeps the reactor alive until `stop`.
    package func start() throws(PlatformError) {
        let isFresh = running.withLock { $0 == nil }
        precondition(isFresh, "BUG: the reactor was started twice")
        // The lock is held so that `stop` finds the handle of a thread that runs.
        try running.withLock { thread throws(PlatformError) in
            thread = try NativeThread(name: name) { self.run() }
        }
    }

    /// Runs the jobs already submitted, then ends the thread and waits for it. Descriptors that are
    /// still watched stay open: they belong to who opened them. On the reactor's own thread it
    /// only asks. Safe to call twice.
    package func stop() {
        pending.withLock { $0.stopping = true }
        wake()
        if isCurrent { return }
        let thread = running.withLock { thread -> NativeThread? in
            defer { thread = nil }
            return thread
        }
        guard let thread else { return }
        thread.join()
        owner.store(0, ordering: .releasing)
    }

    package var isCurrent: Bool { owner.load(ordering: .acquiring) == pthread_self() }

    /// Runs `job` on the reactor's thread. False when the queue is full or the reactor stopped;
    /// then it will not run.
    @discardableResult
    package func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
        let (accepted, mustSignal) = pending.withLock { state -> (Bool, Bool) in
            guard !state.stopping, state.jobs.count < Self.queueLimit else { return (false, false) }
            state.jobs.append(job)
            defer { state.signalled = true }
            return (true, !state.signalled)
        }
        if mustSignal { wake() }
        return accepted
    }

    /// Runs `job` on the reactor's thread and waits for it; false when it will not run.
    @discardableResult
    package func performAndWait(_ job: @escaping @Sendable () -> Void) -> Bool {
        if isCurrent {
            job()
            return true
        }
        let done = ConditionLock(false)
        let accepted = submit {
            job()
            done.update { $0 = true }
        }
        guard accepted else { return false }
        done.wait { $0 ? () : nil }
        return true
    }

    /// Calls `handler` while `fd` is readable or writable (level-triggered, but see
    /// `Interest.edge`). A descriptor that was hung up or has an error counts as both, so that the
    /// handler's read or write finds out.
    package func watch(
        _ fd: Int32, interest: Interest, handler: @escaping (Interest) -> Void
    ) throws(PlatformError) {
        assertOwnThread()
        precondition(self.watch(of: fd) == nil, "BUG: descriptor \(fd) is watched already")
        generation = generation == .max ? 1 : generation + 1
        _ = try checked(
            "epoll_ctl", "descriptor \(fd)",
            cplatform_epoll_add(epoll, fd, interest.rawValue, token(fd, generation)))
        let place = Int(fd)
        if place >= watches.count {
            watches += Array(repeating: nil, count: place + 1 - watches.count)
        }
        watches[place] = Watch(generation: generation, interest: interest, handler: handler)
    }

    private func watch(of fd: Int32) -> Watch? {
        let place = Int(fd)
        return watches.indices.contains(place) ? watches[place] : nil
    }

    /// Changes what a watched descriptor is watched for.
    package func update(_ fd: Int32, interest: Interest) {
        assertOwnThread()
        guard let watch = watch(of: fd) else {
            preconditionFailure("BUG: descriptor \(fd) is not watched")
        }
        if watch.interest == interest { return }
        watches[Int(fd)]?.interest = interest
        modify(fd, watch.generation, interest)
    }

    /// Calls the handler again in the next turn if there is still something: for a handler of an
    /// `edge` that has not taken everything.
    package func remind(_ fd: Int32) {
        assertOwnThread()
        guard let watch = watch(of: fd) else {
            preconditionFailure("BUG: descriptor \(fd) is not watched")
        }
        modify(fd, watch.generation, watch.interest)
    }

    private func modify(_ fd: Int32, _ generation: UInt32, _ interest: Interest) {
        let result = cplatform_epoll_modify(
            epoll, fd, interest.rawValue, token(fd, generation))
        precondition(result == 0, "BUG: descriptor \(fd) was closed while watched; got \(result)")
    }

    /// Ends the watch; called before the descriptor is closed. Harmless where there is none.
    package func unwatch(_ fd: Int32) {
        assertOwnThread()
        guard watch(of: fd) != nil else { return }
        watches[Int(fd)] = nil
        // A library may have closed the descriptor already; epoll has then forgotten it.
        _ = cplatform_epoll_remove(epoll, fd)
    }

    /// Runs `action` once, not before `afterNanoseconds` have passed.
    @discardableResult
    package func schedule(
        afterNanoseconds delay: Int64, _ action: @escaping () -> Void
    ) -> TimerToken {
        assertOwnThread()
        let (deadline, overflow) =
            Clocks.monotonicNanoseconds().addingReportingOverflow(max(0, delay))
        return timers.add(deadline: overflow ? .max : deadline, action)
    }

    package func cancel(_ token: TimerToken) {
        assertOwnThread()
        timers.cancel(token)
    }

    /// Runs `action` once at the end of this turn, after all events and timers of it: the place to
    /// hand on in one batch what the turn has brought.
    package func atEndOfTurn(_ action: @escaping () -> Void) {
        assertOwnThread()
        atEnd.append(action)
    }

    private func token(_ fd: Int32, _ generation: UInt32) -> UInt64 {
        UInt64(generation) << 32 | UInt64(UInt32(bitPattern: fd))
    }

    private func wake() {
        let result = cplatform_eventfd_signal(wakeUp)
        precondition(result == 0, "BUG: the reactor's wake-up is closed; got \(result)")
    }

    private func assertOwnThread() {
        let owner = owner.load(ordering: .acquiring)
        let owned = owner == 0 || owner == pthread_self()
        precondition(owned, "BUG: the reactor \(name) was called from another thread")
    }

    private func run() {
        owner.store(pthread_self(), ordering: .releasing)
        let events = UnsafeMutablePointer<cplatform_event>.allocate(
            capacity: Int(Self.eventsPerTurn))
        defer { events.deallocate() }
        while true {
            let count = cplatform_epoll_wait(epoll, events, Self.eventsPerTurn, waitMilliseconds())
            precondition(count >= 0, "BUG: epoll_wait on our own descriptor failed; got \(count)")
            let ready = UnsafeBufferPointer(start: events, count: Int(count))
            // Whoever submits signals; asking without a signal would be a system call each turn.
            let stopping = ready.contains { $0.token == 0 } && runSubmitted()
            for event in ready { deliver(event) }
            fireTimers()
            while !atEnd.isEmpty {
                let actions = atEnd
                atEnd.removeAll()
                for action in actions { action() }
            }
            if stopping { break }
        }
        // Closures may hold their owners, and owners the reactor: let go of all.
        watches.removeAll()
        timers.removeAll()
    }

    /// Milliseconds until the next timer, rounded up so that it is due when the wait ends.
    private func waitMilliseconds() -> Int32 {
        guard let deadline = timers.nextDeadline() else { return -1 }
        let nanoseconds = deadline - Clocks.monotonicNanoseconds()
        if nanoseconds <= 0 { return 0 }
        // An hour at most: nothing is lost by an idle turn, and the sum cannot overflow.
        return Int32(min((nanoseconds - 1) / 1_000_000 + 1, 3_600_000))
    }

    /// True when the reactor is to end.
    private func runSubmitted() -> Bool {
        let (jobs, stopping) = pending.withLock { state in
            defer {
                state.jobs.removeAll()
                state.signalled = false
            }
            // Within the lock: a signal after it belongs to a job after it.
            _ = cplatform_eventfd_drain(wakeUp)
            return (state.jobs, state.stopping)
        }
        for job in jobs { job() }
        return stopping
    }

    private func deliver(_ event: cplatform_event) {
        let fd = Int32(bitPattern: UInt32(truncatingIfNeeded: event.token))
        // An event of a descriptor that a handler of this same turn has closed, or closed and
        // opened again, carries an old generation.
        guard event.token != 0, watches.indices.contains(Int(fd)),
            watches[Int(fd)]?.generation == UInt32(event.token >> 32),
            let handler = watches[Int(fd)]?.handler
        else { return }
        var ready = Interest(rawValue: event.ready)
        if ready.contains(.hangup) { ready.formUnion([.read, .write]) }
        handler(ready)
    }

    private func fireTimers() {
        let now = Clocks.monotonicNanoseconds()
        while let action = timers.popDue(at: now) { action() }
    }
}
