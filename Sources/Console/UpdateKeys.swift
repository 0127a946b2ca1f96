import Model
import Screen
package import Views

/// What keys do. Every key that does nothing where it is pressed says so.
extension ConsoleModel {
    mutating func press(_ key: Key) -> [ConsoleCommand] {
        if case .control("c") = key { return [.quit] }
        if prompt != nil { return type(key) }
        if isHelpShown {
            isHelpShown = false
            if key == .character("?") || key == .escape || key == .enter { return [] }
            if key == .character("q") { return [] }
        }
        notice = nil
        switch key {
        case .character("q"): return [.quit]
        case .control("l"): return [.redraw]
        case .character("?"), .function(1): isHelpShown = true
        case .tab: return turn(by: 1)
        case .backTab: return turn(by: -1)
        case .character("/"): return startFilter()
        case .escape, .backspace: return goBack()
        case .enter: return drill()
        case .character(let character):
            if let number = character.wholeNumberValue, character.isASCII {
                return show(number)
            }
            if let (dx, dy) = Self.step(for: character) { return move(dx, dy) }
            return pressLetter(character)
        case .up: return move(0, -1)
        case .down: return move(0, 1)
        case .left: return move(-1, 0)
        case .right: return move(1, 0)
        case .pageUp: return move(0, -pageStep)
        case .pageDown: return move(0, pageStep)
        case .home: return move(0, -1_000_000)
        case .end: return move(0, 1_000_000)
        case .control, .delete, .function, .paste: break
        }
        return []
    }

    private static func step(for character: Character) -> (Int, Int)? {
        switch character {
        case "h": (-1, 0)
        case "j": (0, 1)
        case "k": (0, -1)
        case "l": (1, 0)
        case "g": (0, -1_000_000)
        case "G": (0, 1_000_000)
        default: nil
        }
    }

    private mutating func show(_ number: Int) -> [ConsoleCommand] {
        guard let wanted = Page(rawValue: number), pages.contains(wanted) else {
            say("there is no view \(number); the views are 1 to \(pages.count)")
            return []
        }
        page = wanted
        openDevice = nil
        return refresh()
    }

    private mutating func turn(by delta: Int) -> [ConsoleCommand] {
        let all = pages
        let index = all.firstIndex(of: page) ?? 0
        page = all[(index + delta + all.count) % all.count]
        openDevice = nil
        return refresh()
    }

    private mutating func pressLetter(_ letter: Character) -> [ConsoleCommand] {
        switch (letter, page) {
        case ("m", .racks) where openDevice == nil:
            heatMode = HeatMode(rawValue: heatMode.rawValue + 1) ?? .inlet
        case ("M", .racks) where openDevice == nil:
            heatMode = HeatMode(rawValue: heatMode.rawValue - 1) ?? .alarms
        case ("s", .devices) where openDevice == nil:
            deviceOrder = DeviceOrder(rawValue: deviceOrder.rawValue + 1) ?? .state
        case ("r", .devices) where openDevice == nil: isDeviceOrderReversed.toggle()
        case ("a", .alarms) where openDevice == nil: return startAcknowledging()
        default: say(explanation(of: letter))
        }
        return []
    }

    private func explanation(of letter: Character) -> String {
        switch letter {
        case "a": "alarms are acknowledged in view 4 (press 4)"
        case "m", "M": "the map's quantity is changed in view 2 (press 2)"
        case "s", "r": "devices are sorted in view 3 (press 3)"
        default: "`\(letter)` does nothing here; ? shows the keys"
        }
    }

    // MARK: Moving

    private mutating func move(_ dx: Int, _ dy: Int) -> [ConsoleCommand] {
        if openDevice != nil {
            let names = points.map(\.name)
            let old = openDevice?.selected
            openDevice?.selected = Self.moved(
                old ?? names.first, in: names, by: dy)
            // The history follows when the selection rests.
            if openDevice?.selected != old { historyDueMS = nowMS &+ 300 }
            return []
        }
        switch page {
        case .racks: moveRack(dx, dy)
        case .devices:
            let names = devices.map(\.name)
            selectedDevice = Self.moved(selectedDevice ?? names.first, in: names, by: dy)
        case .alarms, .overview:
            let names = alarms.map(\.id)
            selectedAlarm = Self.moved(selectedAlarm ?? names.first, in: names, by: dy)
        case .power:
            let names = chainLines.map(\.node.name)
            selectedNode = Self.moved(selectedNode ?? names.first, in: names, by: dy)
        case .cooling:
            let names = (snapshot?.cooling ?? []).map(\.name)
            selectedUnit = Self.moved(selectedUnit ?? names.first, in: names, by: dy)
        case .dashboard: break
        }
        return []
    }

    /// Left and right along a row, up and down to the rack nearest in the next row.
    private mutating func moveRack(_ dx: Int, _ dy: Int) {
        let rows = (snapshot?.rows ?? []).filter { !$0.racks.isEmpty }
        guard !rows.isEmpty else { return }
        var row = 0
        var column = 0
        for (index, candidate) in rows.enumerated() {
            if let found = candidate.racks.firstIndex(where: { $0.name == selectedRack }) {
                row = index
                column = found
                break
            }
        }
        row = min(max(0, row + dy), rows.count - 1)
        column = min(max(0, column + dx), rows[row].racks.count - 1)
        selectedRack = rows[row].racks[column].name
    }

    // MARK: Enter and Escape

    private mutating func drill() -> [ConsoleCommand] {
        if openDevice != nil { return [] }
        switch page {
        case .overview:
            page = .alarms
            return []
        case .racks: return drillRack()
        case .devices:
            let all = devices
            guard !all.isEmpty else { return [] }
            let index = Self.index(of: selectedDevice, in: all.map(\.name))
            selectedDevice = all[index].name
            return open(all[index].name)
        case .alarms:
            let all = alarms
            guard !all.isEmpty else { return [] }
            return open(all[Self.index(of: selectedAlarm, in: all.map(\.id))].device)
        case .cooling:
            let units = snapshot?.cooling ?? []
            guard !units.isEmpty else { return [] }
            return open(units[Self.index(of: selectedUnit, in: units.map(\.name))].device)
        case .power, .dashboard:
            say("nothing lies below this; devices are in view 3")
            return []
        }
    }

    private mutating func drillRack() -> [ConsoleCommand] {
        guard let rack = selectedRackView else { return [] }
        switch rack.devices.count {
        case 0:
            say("no device is named for rack \(rack.displayName) in the site file")
            return []
        case 1: return open(rack.devices[0])
        default:
            page = .devices
            deviceFilter = rack.name
            selectedDevice = nil
            return []
        }
    }

    package var selectedRackView: RackView? {
        let racks = (snapshot?.rows ?? []).lazy.flatMap(\.racks)
        return racks.first { $0.name == selectedRack } ?? racks.first
    }

    private mutating func goBack() -> [ConsoleCommand] {
        if openDevice?.filter.isEmpty == false {
            openDevice?.filter = ""
        } else if openDevice != nil {
            openDevice = nil
        } else if page == .devices, !deviceFilter.isEmpty {
            deviceFilter = ""
        } else if page == .alarms, !alarmFilter.isEmpty {
            alarmFilter = ""
        } else if page == .power, !powerFilter.isEmpty {
            powerFilter = ""
        } else if page != .overview {
            page = .overview
        } else {
            say("q leaves the console")
        }
        return []
    }

    // MARK: Typing

    private mutating func startFilter() -> [ConsoleCommand] {
        let old: String
        switch page {
        case _ where openDevice != nil: old = openDevice?.filter ?? ""
        case .devices: old = deviceFilter
        case .alarms: old = alarmFilter
        case .power: old = powerFilter
        case .overview, .racks, .cooling, .dashboard:
            say("there is no list to filter here; filters work in views 3, 4 and 5")
            return []
        }
        prompt = Prompt(purpose: .filter, text: old)
        return []
    }

    private mutating func startAcknowledging() -> [ConsoleCommand] {
        let all = alarms
        guard !all.isEmpty else {
            say("there is no alarm to acknowledge")
            return []
        }
        let alarm = all[Self.index(of: selectedAlarm, in: all.map(\.id))]
        if case .live = connection {} else {
            say("not connected: an alarm is acknowledged by the daemon", isError: true)
            return []
        }
        let isReset = alarm.state == AlarmState.latchedAcknowledged.rawValue
        guard Self.isUnacknowledged(alarm) || isReset else {
            let by = alarm.acknowledgedBy.map { " by \($0)" } ?? ""
            say("already acknowledged\(by)")
            return []
        }
        selectedAlarm = alarm.id
        prompt = Prompt(purpose: .acknowledge(id: alarm.id), text: "")
        return []
    }

    private mutating func type(_ key: Key) -> [ConsoleCommand] {
        guard var line = prompt else { return [] }
        switch key {
        case .escape:
            if line.purpose == .filter { setFilter("") }
            prompt = nil
            return []
        case .enter:
            prompt = nil
            if case .acknowledge(let id) = line.purpose {
                return [.acknowledge(id: id, by: user, comment: line.text)]
            }
            return []
        case .backspace: if !line.text.isEmpty { line.text.removeLast() }
        case .control("u"): line.text = ""
        case .control("w"):
            while line.text.last == " " { line.text.removeLast() }
            while let last = line.text.last, last != " " { line.text.removeLast() }
        case .character(let character): line.text.append(character)
        case .paste(let text):
            line.text += text.filter { !$0.isNewline && $0 != "\t" }
        default: break
        }
        line.text = String(line.text.prefix(Self.maximumPrompt))
        prompt = line
        if line.purpose == .filter { setFilter(line.text) }
        return []
    }

    private mutating func setFilter(_ text: String) {
        if openDevice != nil {
            openDevice?.filter = text
            historyDueMS = nowMS &+ 300
            return
        }
        switch page {
        case .devices: deviceFilter = text
        case .alarms: alarmFilter = text
        case .power: powerFilter = text
        case .overview, .racks, .cooling, .dashboard: break
        }
    }
}
