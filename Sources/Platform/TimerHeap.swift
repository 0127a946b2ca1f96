/// Names one timer of one reactor.
package struct TimerToken: Hashable, Sendable {
    let number: UInt64
}

/// Timers by deadline: a binary heap with lazy removal.
struct TimerHeap {
    private struct Item {
        var deadline: Int64
        /// Breaks ties: timers of one deadline fire in the order they were set.
        var number: UInt64
        func isBefore(_ other: Item) -> Bool {
            (deadline, number) < (other.deadline, other.number)
        }
    }
    private var heap: [Item] = []
    private var actions: [UInt64: () -> Void] = [:]
    private var lastNumber: UInt64 = 0

    var count: Int { actions.count }

    mutating func add(deadline: Int64, _ action: @escaping () -> Void) -> TimerToken {
        lastNumber += 1
        actions[lastNumber] = action
        heap.append(Item(deadline: deadline, number: lastNumber))
        siftUp(heap.count - 1)
        return TimerToken(number: lastNumber)
    }

    mutating func cancel(_ token: TimerToken) {
        guard actions.removeValue(forKey: token.number) != nil else { return }
        // Cancelled timers stay in the heap until their time; most timers are time-outs that are
        // cancelled, so without this the heap would hold a time-out's worth of dead entries.
        if heap.count > 64, heap.count > 4 * actions.count { compact() }
    }

    /// The earliest deadline, or nil without timers.
    mutating func nextDeadline() -> Int64? {
        while let first = heap.first {
            if actions[first.number] != nil { return first.deadline }
            removeFirst()
        }
        return nil
    }

    /// The action of one timer whose time has come, or nil.
    mutating func popDue(at now: Int64) -> (() -> Void)? {
        while let first = heap.first, first.deadline <= now {
            removeFirst()
            if let action = actions.removeValue(forKey: first.number) { return action }
        }
        return nil
    }

    mutating func removeAll() {
        heap.removeAll()
        actions.removeAll()
    }

    private mutating func compact() {
        heap.removeAll { actions[$0.number] == nil }
        // A sorted array is a heap.
        heap.sort { $0.isBefore($1) }
    }

    private mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        siftDown(0)
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].isBefore(heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].isBefore(heap[smallest]) {
                smallest = child
            }
            if smallest == parent { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
