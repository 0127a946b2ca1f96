import Platform
import Store

/// Readers that questions borrow. Each has a connection and a thread, and at a large site what it
/// has read takes seconds to read and 200 MB to keep: there are few.
final class ReaderPool<Reader: Sendable>: Sendable {
    /// Between questions: two share in a picture of the past.
    private static var kept: Int { 2 }
    /// A question that has waited so long gets a reader that is closed after it.
    private static var longestWait: Int64 { 1_000 }

    private enum Place {
        case idle(Reader)
        case new
    }

    private struct State {
        /// The one that was used last stands last.
        var idle: [Reader] = []
        /// With those that are lent.
        var made = 0

        mutating func take() -> Place? {
            if let last = idle.popLast() { return .idle(last) }
            return add()
        }

        /// The one that has slept longest, once there are enough.
        mutating func takeSleeping() -> Place? {
            add() ?? (idle.isEmpty ? nil : .idle(idle.removeFirst()))
        }

        private mutating func add() -> Place? {
            guard made < ReaderPool.kept else { return nil }
            made += 1
            return .new
        }
    }
    private let state = ConditionLock(State())
    private let make: @Sendable () throws(StoreError) -> Reader
    private let refresh: @Sendable (Reader) throws(StoreError) -> Void

    /// - Parameters:
    ///   - make: called for a reader more, on the thread that needs it.
    ///   - refresh: lets a reader read what has come since its last question.
    init(
        make: @escaping @Sendable () throws(StoreError) -> Reader,
        refresh: @escaping @Sendable (Reader) throws(StoreError) -> Void
    ) {
        self.make = make
        self.refresh = refresh
    }

    /// One that has failed is not used again.
    func lend<Value>(
        _ body: (Reader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let place = state.wait(forMilliseconds: Self.longestWait) { $0.take() }
        if let place { return try use(place, body) }
        state.withLock { $0.made += 1 }
        return try use(.new, body)
    }

    /// Nil where all are lent: for who can do without.
    func lendIfFree<Value>(
        _ body: (Reader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value? {
        guard let place = state.withLock({ $0.take() }) else { return nil }
        return try use(place, body)
    }

    /// Lets every reader read what has come: one that has slept for an hour has an hour of polls
    /// to read before it answers. Those that are lent are awake.
    func wake() throws(StoreError) {
        // One after the other, so that a question meanwhile finds the other.
        for _ in 0..<Self.kept {
            guard let place = state.withLock({ $0.takeSleeping() }) else { return }
            try use(place, refresh)
        }
    }

    private func use<Value>(
        _ place: Place, _ body: (Reader) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        var healthy: Reader?
        defer {
            state.update { state in
                if let healthy, state.idle.count < Self.kept {
                    state.idle.append(healthy)
                } else {
                    state.made -= 1
                }
            }
        }
        let reader: Reader
        switch place {
        case .idle(let idle): reader = idle
        case .new: reader = try make()
        }
        let value = try body(reader)
        healthy = reader
        return value
    }
}
