package import Fleet
import Platform
import Screen
import Synchronization
import Terminal

/// The console of many sites on the terminal of this process.
package enum FleetApp {
    /// Time between two pictures, counted from the end of the question: an engine that takes its
    /// time is asked less often.
    private static let pauseMilliseconds: Int64 = 5_000

    /// Runs until the user leaves. Returns the exit code: 0, or 3 without a usable terminal.
    ///
    /// - Parameters:
    ///   - target: what the pictures come from, for messages.
    ///   - ask: gives the picture of now, or says why there is none; called on a thread of its own.
    package static func run(
        target: String, isASCII: Bool, ask: @escaping @Sendable () -> Result<FleetPicture, Problem>
    ) -> Int32 {
        let isPicture: @Sendable (FleetEvent) -> Bool = {
            if case .picture = $0 { true } else { false }
        }
        guard let mailbox = Mailbox<FleetEvent>(isWhole: isPicture) else {
            return ConsoleApp.refuse(ConsoleApp.noDescriptors)
        }
        let terminal: Terminal
        do throws(TerminalError) {
            terminal = try Terminal()
        } catch {
            return ConsoleApp.refuse(error.description)
        }
        defer { terminal.close() }
        let isStopped = Stop()
        do throws(PlatformError) {
            // It ends with the question under way, or with the process.
            try NativeThread(name: "fleet-ask") {
                while !isStopped.value.load(ordering: .relaxed) {
                    switch ask() {
                    case .success(let picture): mailbox.post(.picture(picture))
                    case .failure(let problem): mailbox.post(.failed(problem.description))
                    }
                    sleepUntil(Clocks.monotonicNanoseconds() + pauseMilliseconds * 1_000_000)
                }
            }.detach()
        } catch {
            terminal.close()
            return ConsoleApp.refuse(error.description)
        }
        var model = FleetModel(target: target)
        TerminalLoop.run(terminal, mailbox, isASCII: isASCII) { event in
            switch model.update(fleetEvent(event)) {
            case .quit: .quit
            case .redraw: .redraw
            case nil: .goOn
            }
        } draw: { size, capabilities in
            FleetView.draw(model, size: size, capabilities: capabilities)
        }
        isStopped.value.store(true, ordering: .relaxed)
        return 0
    }

    /// Why there is no picture, with a cure.
    package struct Problem: Error, CustomStringConvertible {
        package var description: String
        package init(_ description: String) { self.description = description }
    }

    private final class Stop: Sendable {
        let value = Atomic(false)
    }

    private static func fleetEvent(_ event: LoopEvent<FleetEvent>) -> FleetEvent {
        switch event {
        case .tick(let now): .tick(now)
        case .key(let key): .key(key)
        case .resized(let size): .resized(size)
        case .posted(let event): event
        }
    }
}
