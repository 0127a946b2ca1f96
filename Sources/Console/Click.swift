import Screen

/// What stands at a place of the screen.
enum ClickTarget: Sendable, Equatable {
    case page(ConsoleModel.Page)
    /// An element of the page's list or map, by the name that its selection has.
    case item(String)
}

extension Painter {
    /// Marks a part of the screen as an element that a press selects.
    mutating func target(_ name: @autoclosure () -> String, _ place: Rect) {
        if wantsTargets { targets.append((place, .item(name()))) }
    }

    /// Marks the rows below a table's headings.
    mutating func target(_ names: @autoclosure () -> [String], rowsOf area: Rect) {
        guard wantsTargets else { return }
        let names = names()
        for (line, name) in names.enumerated() { target(name, area.rows(1 + line, 1)) }
    }
}

extension ConsoleModel {
    /// Lines that one step of the wheel moves.
    private static let wheelStep = 3

    /// A press selects what it meets; on what is selected already it does what Enter does.
    mutating func click(_ mouse: Mouse) -> [ConsoleCommand] {
        switch mouse.action {
        case .wheelUp: return move(0, -Self.wheelStep)
        case .wheelDown: return move(0, Self.wheelStep)
        case .press: break
        }
        switch target(at: mouse) {
        case .page(let page): return turn(to: page)
        case .item(let name): return choose(name)
        case nil: return []
        }
    }

    /// The screen is drawn once more for its places: a press comes seldom.
    private func target(at mouse: Mouse) -> ClickTarget? {
        let display = DisplayCapabilities(colours: .monochrome, glyphs: .full)
        var painter = Painter(self, Screen(size: size), display)
        painter.wantsTargets = true
        painter.draw()
        return painter.targets.last { entry in
            (entry.place.x..<entry.place.right).contains(mouse.x)
                && (entry.place.y..<entry.place.bottom).contains(mouse.y)
        }?.target
    }

    private mutating func choose(_ name: String) -> [ConsoleCommand] {
        if openDevice != nil {
            openDevice?.selected = name
            historyDueMS = nowMS &+ 300
            return []
        }
        switch page {
        case .racks where isRackOpen:
            if state.rack?.selected == name { return drill() }
            state.rack?.selected = name
        case .racks:
            if selectedRack == name { return drill() }
            selectedRack = name
        case .devices:
            if selectedDevice == name { return drill() }
            selectedDevice = name
        case .alarms, .overview:
            if selectedAlarm == name { return drill() }
            selectedAlarm = name
        case .power:
            if selectedNode == name { return drill() }
            selectedNode = name
        case .cooling:
            if selectedUnit == name { return drill() }
            selectedUnit = name
        case .dashboard: return chooseOnBoard(name)
        case .energy: break
        }
        return []
    }
}
