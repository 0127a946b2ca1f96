import Synchronization

/// The engines of all devices as the links know them, shared between the polling thread, which
/// recalls and notes, and whoever keeps them in a file.
package final class EngineBook: Sendable {
    private struct State {
        var memory: EngineMemory
        var changes = 0
    }
    private let state: Mutex<State>

    package init(_ memory: EngineMemory = EngineMemory()) {
        state = Mutex(State(memory: memory))
    }

    /// What is known of a device, by its name in the site file.
    package subscript(device: String) -> EngineMemory.Entry? {
        state.withLock { $0.memory.engines[device] }
    }

    /// Notes what a session has learned. A start that moved by a second or two is the same boot:
    /// the engine's seconds and ours are rounded apart.
    package func note(_ entry: EngineMemory.Entry, of device: String) {
        state.withLock { state in
            if let known = state.memory.engines[device], known.engineID == entry.engineID,
                known.boots == entry.boots,
                (-Self.slack...Self.slack).contains(entry.startedAt &- known.startedAt)
            {
                return
            }
            guard
                state.memory.engines.count < EngineMemory.limit
                    || state.memory.engines[device] != nil
            else { return }
            state.memory.engines[device] = entry
            state.changes += 1
        }
    }

    /// Well within the window of 150 s.
    private static let slack: Int64 = 30

    /// All engines, and a number that goes up with each change: a file with the same number is up
    /// to date.
    package var snapshot: (memory: EngineMemory, changes: Int) {
        state.withLock { ($0.memory, $0.changes) }
    }
}
