/// A thread with a queue of jobs, for calls that block: a disk, a serial line, a name server.
package final class WorkerThread: Sendable {
    /// Jobs that may wait. Far above what any owner has under way (one job a device or a query);
    /// a full queue means that the thread hangs, and the caller is told so.
    package static let queueLimit = 4096

    private struct Queue: Sendable {
        var jobs: [@Sendable () -> Void] = []
        var stopping = false
        /// Somebody waits, or has waited, for the thread's end.
        var joined = false
    }
    private let queue = ConditionLock(Queue())
    private let thread: NativeThread

    package init(name: String) throws(PlatformError) {
        thread = try NativeThread(name: name) { [queue] in
            while let jobs = Self.nextJobs(queue) {
                for job in jobs { job() }
            }
        }
    }

    /// Runs `job` on the thread, after those before it. False when the queue is full or stopped;
    /// then the job will not run.
    @discardableResult
    package func submit(_ job: @escaping @Sendable () -> Void) -> Bool {
        queue.update { state in
            guard !state.stopping, state.jobs.count < Self.queueLimit else { return false }
            state.jobs.append(job)
            return true
        }
    }

    /// Runs `job` on the thread and waits for its result. Never called on the thread itself or
    /// after `stop`.
    package func perform<Value: Sendable, Failure: Error>(
        _ job: @escaping @Sendable () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        precondition(!thread.isCurrent, "BUG: a worker thread waits for itself")
        let result = ConditionLock<Result<Value, Failure>?>(nil)
        let accepted = submit {
            let outcome: Result<Value, Failure>
            do throws(Failure) {
                outcome = .success(try job())
            } catch {
                outcome = .failure(error)
            }
            result.update { $0 = outcome }
        }
        precondition(accepted, "BUG: a job was given to a stopped or hanging worker thread")
        return try result.wait(until: { $0 }).get()
    }

    /// For actors: their jobs must never be refused, and are bounded by the number of tasks.
    func submitAlways(_ job: @escaping @Sendable () -> Void) {
        queue.update { $0.jobs.append(job) }
    }

    package var isCurrent: Bool { thread.isCurrent }

    /// Runs what is queued, then ends the thread and waits for it; safe to call twice, never on the
    /// thread itself. Without it the thread ends by itself after the last reference is gone.
    package func stop() {
        let mustJoin = queue.update { state in
            defer { state.joined = true }
            state.stopping = true
            return !state.joined
        }
        if mustJoin { thread.join() }
    }

    deinit {
        let wasJoined = queue.update { state in
            state.stopping = true
            return state.joined
        }
        if !wasJoined { thread.detach() }
    }

    /// Nil when there is no more work to come.
    private static func nextJobs(_ queue: ConditionLock<Queue>) -> [@Sendable () -> Void]? {
        queue.wait { state -> [@Sendable () -> Void]?? in
            if !state.jobs.isEmpty {
                defer { state.jobs.removeAll() }
                return .some(.some(state.jobs))
            }
            return state.stopping ? .some(.none) : .none
        }
    }
}

/// Lets an actor live on a thread of its own: `nonisolated var unownedExecutor` returns
/// `executor.asUnownedSerialExecutor()`.
package final class ThreadExecutor: SerialExecutor {
    private let worker: WorkerThread

    package init(name: String) throws(PlatformError) { worker = try WorkerThread(name: name) }

    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        worker.submitAlways { unowned.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    /// Ends the thread. The actor must have no more to do.
    package func stop() { worker.stop() }
}
