import Energy
package import Fleet
package import Screen

/// Everything the console of many sites knows and shows. Pure state, as `ConsoleModel` is.
package struct FleetModel: Sendable {
    /// What the list is ordered by; the worst, the largest or the first name comes first.
    package enum Order: Int, Sendable, CaseIterable {
        case state, name, devices, it, pue, month, alarms, age
    }

    /// What the pictures come from, for messages.
    package var target: String
    package var picture: FleetPicture?
    /// Monotonic time at which `picture` arrived, and of the last tick.
    package var receivedMS: Int64 = 0
    package var nowMS: Int64 = 0
    /// Why the last question was not answered, with a cure.
    package var problem: String?
    package var order = Order.state
    package var isReversed = false
    package var filter = ""
    package var isTyping = false
    package var selected: String?
    package var isSiteOpen = false
    package var isHelpShown = false
    package var notice: String?
    package var size = Size(width: 80, height: 24)

    package init(target: String) { self.target = target }

    /// The last picture as old as it is now: while nothing new comes, sites fall silent.
    package var present: FleetPicture? { picture?.aged(byMilliseconds: nowMS - receivedMS) }

    /// The sites in sight: filtered and ordered.
    package func sites(of picture: FleetPicture) -> [FleetSite] {
        picture.sites.filter {
            ConsoleModel.matches(
                filter, $0.name, $0.displayName, FleetView.word(for: $0.state),
                $0.figures?.category.map { "cat \($0.rawValue)" })
        }.sorted { a, b in
            let result = Self.compare(a, b, by: order)
            if result != 0 { return isReversed ? result > 0 : result < 0 }
            return a.name < b.name
        }
    }

    private static func compare(_ a: FleetSite, _ b: FleetSite, by order: Order) -> Int {
        func sign<Value: Comparable>(_ x: Value, _ y: Value) -> Int { x < y ? -1 : x > y ? 1 : 0 }
        /// The largest first, what is unknown last.
        func down(_ value: (FleetSite) -> Double?) -> Int {
            sign(value(b) ?? -.infinity, value(a) ?? -.infinity)
        }
        switch order {
        case .state: return sign(rank(a), rank(b))
        case .name: return sign(a.name, b.name)
        case .devices:
            return down { site in
                guard let figures = site.figures, let total = figures.devicesTotal,
                    let answering = figures.devicesAnswering
                else { return nil }
                return Double(total - answering)
            }
        case .it: return down { $0.figures?.itWatts.map(Double.init) }
        case .pue: return down { $0.figures?.pue }
        case .month: return down { $0.figures?.month?.pue?.double }
        case .alarms:
            // A critical one outweighs any number of lower ones that a site can have.
            return down { site in
                site.figures.map { $0.alarms.reduce(0.0) { $0 * 1e6 + Double($1 ?? 0) } }
            }
        case .age: return down { $0.ageMS.map(Double.init) }
        }
    }

    private static func rank(_ site: FleetSite) -> Int {
        FleetSite.State.allCases.firstIndex(of: site.state) ?? 0
    }

    /// What is selected, the first where that is gone.
    package func selection(in sites: [FleetSite]) -> Int {
        ConsoleModel.index(of: selected, in: sites.map(\.name))
    }
}

package enum FleetEvent: Sendable {
    /// Monotonic milliseconds.
    case tick(Int64)
    case key(Key)
    case resized(Size)
    case picture(FleetPicture)
    case failed(String)
}

package enum FleetCommand: Sendable, Equatable { case quit, redraw }

extension FleetModel {
    package mutating func update(_ event: FleetEvent) -> FleetCommand? {
        switch event {
        case .tick(let now): nowMS = max(nowMS, now)
        case .resized(let size):
            self.size = size
            return .redraw
        case .picture(let picture):
            self.picture = picture
            receivedMS = nowMS
            problem = nil
        case .failed(let reason): problem = reason
        case .key(let key): return press(key)
        }
        return nil
    }

    private mutating func press(_ key: Key) -> FleetCommand? {
        if case .control("c") = key { return .quit }
        if isTyping {
            type(key)
            return nil
        }
        if isHelpShown {
            isHelpShown = false
            return nil
        }
        notice = nil
        switch key {
        case .character("q"): return .quit
        case .control("l"): return .redraw
        case .character("?"), .function(1): isHelpShown = true
        case .character("/"): isTyping = true
        case .character("s"):
            order = Order(rawValue: order.rawValue + 1) ?? .state
            isReversed = false
        case .character("r"): isReversed.toggle()
        case .enter: isSiteOpen = true
        case .escape, .backspace:
            if isSiteOpen { isSiteOpen = false } else { filter = "" }
        case .up, .character("k"): move(-1)
        case .down, .character("j"): move(1)
        case .pageUp: move(-max(1, size.height - 8))
        case .pageDown: move(max(1, size.height - 8))
        case .home, .character("g"): move(-1_000_000)
        case .end, .character("G"): move(1_000_000)
        case .character(let letter): notice = "`\(letter)` does nothing here; ? shows the keys"
        default: break
        }
        return nil
    }

    private mutating func move(_ delta: Int) {
        guard let picture = present else { return }
        let names = sites(of: picture).map(\.name)
        selected = ConsoleModel.moved(selected ?? names.first, in: names, by: delta)
    }

    private mutating func type(_ key: Key) {
        switch key {
        case .enter: isTyping = false
        case .escape:
            isTyping = false
            filter = ""
        case .backspace: if !filter.isEmpty { filter.removeLast() }
        case .control("u"): filter = ""
        case .character(let character):
            if filter.count < ConsoleModel.maximumPrompt { filter.append(character) }
        default: break
        }
    }
}
