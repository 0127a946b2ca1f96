/// Deadlines of requests, earliest first; those whose request is over stay until their time or
/// until `compact`.
struct DeadlineHeap {
    struct Item {
        var deadline: Int64
        var place: Int
        var number: UInt32
    }
    private var heap: [Item] = []

    var first: Item? { heap.first }

    mutating func add(_ deadline: Int64, _ place: Int, _ number: UInt32) {
        heap.append(Item(deadline: deadline, place: place, number: number))
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child].deadline < heap[parent].deadline else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() {
        guard let last = heap.popLast(), !heap.isEmpty else { return }
        heap[0] = last
        sink(0)
    }

    /// Drops what is over once it is most of the heap: answers come long before deadlines.
    mutating func compact(beyond live: Int, _ isLive: (Item) -> Bool) {
        guard heap.count > 256, heap.count > 4 * live else { return }
        heap.removeAll { !isLive($0) }
        for place in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(place) }
    }

    private mutating func sink(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].deadline < heap[least].deadline {
                least = child
            }
            if least == parent { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

/// First in, first out.
struct Queue<Element> {
    private var elements: [Element] = []
    private var head = 0

    var count: Int { elements.count - head }
    var first: Element? { head < elements.count ? elements[head] : nil }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head]
        head += 1
        // Moving what is left costs no more than what was taken since.
        if head > 32, head * 2 >= elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }
}
