/// A binary heap by time.
struct SlotHeap: Sendable {
    private var slots: [PollScheduler.Slot] = []

    init() {}

    init(_ slots: [PollScheduler.Slot]) {
        // A sorted array is a heap.
        self.slots = slots.sorted { $0.time < $1.time }
    }

    var first: PollScheduler.Slot? { slots.first }

    mutating func insert(_ slot: PollScheduler.Slot) {
        slots.append(slot)
        var child = slots.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard slots[child].time < slots[parent].time else { return }
            slots.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() {
        let last = slots.removeLast()
        if !slots.isEmpty { replaceFirst(last) }
    }

    mutating func replaceFirst(_ slot: PollScheduler.Slot) {
        slots[0] = slot
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < slots.count && slots[child].time < slots[smallest].time {
                smallest = child
            }
            if smallest == parent { return }
            slots.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
