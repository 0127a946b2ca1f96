import Model
import Screen
import Views

/// What keys do. Every key that does nothing where it is pressed says so.
extension ConsoleModel {
    mutating func press(_ key: Key) -> [ConsoleCommand] {
        if case .control("c") = key { return [.quit] }
        if prompt != nil { return type(key) }
        if state.explained != nil { return pressExplained(key) }
        if isHelpShown {
            if scrollHelp(key) { return [] }
            isHelpShown = false
            state.helpScroll = 0
            if key == .character("?") || key == .escape || key == .enter { return [] }
            if key == .character("q") { return [] }
        }
        notice = nil
        if let commands = pressTime(key) { return commands }
        if let commands = pressCommon(key) { return commands }
        switch key {
        case .character("q"): return [.quit]
        case .control("l"): return [.redraw]
        case .character("?"), .function(1): isHelpShown = true
        case .tab: return turn(by: 1)
        case .backTab: return turn(by: -1)
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
        case .control, .delete, .function, .paste, .mouse: break
        }
        return []
    }

    /// Help that is longer than the screen moves with the keys that move lists.
    private mutating func scrollHelp(_ key: Key) -> Bool {
        let last = HelpText.hiddenLines(self)
        let step: Int
        switch key {
        case .down, .character("j"): step = 1
        case .up, .character("k"): step = -1
        case .pageDown, .character(" "): step = pageStep
        case .pageUp: step = -pageStep
        default: return false
        }
        guard last > 0 else { return false }
        state.helpScroll = min(max(0, state.helpScroll + step), last)
        return true
    }

    static func step(for character: Character) -> (Int, Int)? {
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
            say(t("there is no view {0}; the views are 1 to {1}", "\(number)", "\(pages.count)"))
            return []
        }
        return turn(to: wanted)
    }

    private mutating func turn(by delta: Int) -> [ConsoleCommand] {
        let all = pages
        let index = all.firstIndex(of: page) ?? 0
        return turn(to: all[(index + delta + all.count) % all.count])
    }

    mutating func turn(to wanted: Page) -> [ConsoleCommand] {
        page = wanted
        openDevice = nil
        state.rack = nil
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
        case "a": t("alarms are acknowledged in view 4 (press 4)")
        case "m", "M": t("the map's quantity is changed in view 2 (press 2)")
        case "s", "r": t("devices are sorted in view 3 (press 3)")
        default: t("`{0}` does nothing here; ? shows the keys", "\(letter)")
        }
    }

    // MARK: Moving

    mutating func move(_ dx: Int, _ dy: Int) -> [ConsoleCommand] {
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
        case .racks where isRackOpen: moveInRack(by: dy)
        case .racks: moveRack(dx, dy)
        case .devices: moveDevice(by: dy)
        case .alarms, .overview: moveAlarm(by: dy)
        case .energy: moveQuarter(by: dy)
        case .power: moveNode(by: dy)
        case .cooling:
            let units = snapshot?.cooling ?? []
            let row = selectedUnit == nil ? 0 : selectedUnitRow
            selectedUnit = Self.moved(row, of: units.count, by: dy).map { units[$0].name }
        case .dashboard: moveOnBoard(dx, dy)
        }
        return []
    }

    // MARK: Enter and Escape

    mutating func drill() -> [ConsoleCommand] {
        if openDevice != nil { return [] }
        switch page {
        case .overview:
            page = .alarms
            return []
        case .racks where isRackOpen: return drillIntoRack()
        case .racks:
            guard let rack = selectedRackView else { return [] }
            selectedRack = rack.name
            return openRack(rack.name)
        case .devices:
            let places = deviceList.places
            guard !places.isEmpty, let all = snapshot?.devices else { return [] }
            let name = all[places[selectedDeviceRow ?? 0]].name
            selectedDevice = name
            return open(name)
        case .alarms:
            guard let alarm = chosenAlarm else { return [] }
            return open(alarm.device)
        case .cooling:
            let units = snapshot?.cooling ?? []
            guard !units.isEmpty else { return [] }
            return open(units[selectedUnitRow ?? 0].device)
        case .power: return drillNode()
        case .dashboard: return drillBoard()
        case .energy:
            say(t("nothing lies below this; devices are in view 3"))
            return []
        }
    }

    private mutating func goBack() -> [ConsoleCommand] {
        if openDevice?.filter.isEmpty == false {
            openDevice?.filter = ""
        } else if openDevice != nil {
            openDevice = nil
        } else if isRackOpen {
            state.rack = nil
        } else if page == .dashboard, state.board.isZoomed {
            state.board.isZoomed = false
        } else if page == .power, !state.failing.isEmpty {
            restoreChain()
        } else if page == .alarms, state.alarmList != .active {
            state.alarmList = .active
        } else if page == .devices, !deviceFilter.isEmpty {
            deviceFilter = ""
        } else if page == .alarms, !alarmFilter.isEmpty {
            alarmFilter = ""
        } else if page == .power, !powerFilter.isEmpty {
            powerFilter = ""
        } else if page != .overview {
            page = .overview
        } else {
            say(t("q leaves the console"))
        }
        return []
    }

    // MARK: Typing

    /// Whether the page has a list that a filter can shorten.
    var canFilter: Bool {
        openDevice != nil || !isRackOpen && [.devices, .alarms, .power].contains(page)
    }

    mutating func refuseFilter() -> [ConsoleCommand] {
        say(t("there is no list to filter here; filters work in views 3, 4 and 5"))
        return []
    }

    mutating func startFilter() -> [ConsoleCommand] {
        guard canFilter else { return refuseFilter() }
        let old: String
        switch page {
        case _ where openDevice != nil: old = openDevice?.filter ?? ""
        case .devices: old = deviceFilter
        case .alarms: old = alarmFilter
        case .power: old = powerFilter
        case .overview, .racks, .cooling, .energy, .dashboard: old = ""
        }
        prompt = Prompt(purpose: .filter, text: old)
        return []
    }

    private mutating func startAcknowledging() -> [ConsoleCommand] {
        guard state.alarmList != .history else {
            say(t("history does not change; v shows the alarms of now"))
            return []
        }
        guard let alarm = chosenAlarm else {
            say(t("there is no alarm to acknowledge"))
            return []
        }
        guard canAct else { return [] }
        let isReset = alarm.state == AlarmState.latchedAcknowledged.rawValue
        guard Self.isUnacknowledged(alarm) || isReset else {
            say(
                alarm.acknowledgedBy.map { t("already acknowledged by {0}", $0) }
                    ?? t("already acknowledged"))
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
            state.search = nil
            prompt = nil
            return []
        case .enter:
            prompt = nil
            return accept(line)
        case .tab where line.purpose == .command:
            complete()
            return []
        case .up, .down, .pageUp, .pageDown:
            let step = key == .up || key == .pageUp ? -1 : 1
            moveHit(by: key == .pageUp || key == .pageDown ? step * 10 : step)
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
        return line.purpose == .search ? searchChanged(line.text) : []
    }

    private mutating func accept(_ line: Prompt) -> [ConsoleCommand] {
        switch line.purpose {
        case .filter: return []
        case .time: return jump(toTyped: line.text)
        case .search: return takeHit()
        case .command: return runVerb(line.text)
        case .acknowledge(let id):
            return [.acknowledge(id: id, by: user, comment: line.text)]
        case .shelve(let id): return shelve(id, line.text)
        case .outOfService(let id): return takeOutOfService(id, line.text)
        }
    }

    mutating func setFilter(_ text: String) {
        if openDevice != nil {
            openDevice?.filter = text
            historyDueMS = nowMS &+ 300
            return
        }
        switch page {
        case .devices: deviceFilter = text
        case .alarms: alarmFilter = text
        case .power: powerFilter = text
        case .overview, .racks, .cooling, .energy, .dashboard: break
        }
    }
}
