import Screen
import Views

/// A command typed behind `:`.
struct Verb: Sendable {
    var name: String
    /// What comes behind it, for the list of commands.
    var argument: String
    var meaning: String

    static let all: [Verb] = [
        Verb(name: "view", argument: "NAME", meaning: "change the view"),
        Verb(name: "rack", argument: "NAME", meaning: "the page of a rack"),
        Verb(name: "device", argument: "NAME", meaning: "the points of a device"),
        Verb(name: "node", argument: "NAME", meaning: "a node of the power chain"),
        Verb(name: "fail", argument: "NODE", meaning: "what if this node failed"),
        Verb(name: "restore", argument: "", meaning: "the power chain as it is"),
        Verb(name: "mode", argument: "QUANTITY", meaning: "what the rack map shows"),
        Verb(name: "sort", argument: "COLUMN", meaning: "order of the devices"),
        Verb(name: "filter", argument: "TEXT", meaning: "only lines with this text"),
        Verb(name: "list", argument: "active|hidden|history", meaning: "which alarms"),
        Verb(name: "dashboard", argument: "[NAME]", meaning: "a dashboard, or which there are"),
        Verb(name: "theme", argument: "NAME", meaning: "colours"),
        Verb(name: "lang", argument: "en|zh", meaning: "language of the console"),
        Verb(name: "mouse", argument: "on|off", meaning: "whether the mouse selects"),
        Verb(name: "save", argument: "[NAME]", meaning: "this view as text and CSV"),
        Verb(name: "help", argument: "", meaning: "keys of this view"),
        Verb(name: "quit", argument: "", meaning: "leave"),
    ]
}

/// What may stand where the cursor is: the beginning that stays, and the ends that fit.
package struct Completion: Sendable, Equatable {
    package var stem: String
    package var choices: [String]
}

extension ConsoleModel {
    /// More than fit below each other on any screen.
    static let maximumChoices = 200

    /// The first words that fit what is typed, or the arguments behind a whole first word.
    package func completion(of text: String) -> Completion {
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let verb = parts.first.map(String.init) else {
            let names = Verb.all.map(\.name).filter { $0.hasPrefix(text) }
            return Completion(stem: "", choices: names)
        }
        let begun = String(parts[1])
        // Names of nodes may be several; the last one is being typed.
        let last = begun.split(separator: " ", omittingEmptySubsequences: false).last ?? ""
        let wanted = last.lowercased()
        var seen = Set<String>()
        let fitting = arguments(of: verb)
            .filter { $0.lowercased().hasPrefix(wanted) && seen.insert($0).inserted }
            .prefix(Self.maximumChoices)
        return Completion(stem: String(text.dropLast(last.count)), choices: Array(fitting))
    }

    private func arguments(of verb: String) -> [String] {
        switch verb {
        case "view": pages.map { "\($0)" }
        case "rack": (snapshot?.rows ?? []).flatMap(\.racks).map(\.name)
        case "device": (snapshot?.devices ?? []).map(\.name)
        case "node", "fail": (snapshot?.chain ?? []).map(\.name)
        case "mode": HeatMode.allCases.map { "\($0)" }
        case "sort": DeviceOrder.allCases.map { "\($0)" }
        case "list": AlarmList.allCases.map { "\($0)" }
        case "theme": Theme.allCases.map(\.rawValue)
        case "lang": Language.allCases.map(\.rawValue)
        case "mouse": ["on", "off"]
        case "dashboard": state.board.entries.map(\.name)
        default: []
        }
    }

    /// Tab: as much as all that fit have in common, or the next of them.
    mutating func complete() {
        guard let text = prompt?.text else { return }
        if let cycle = state.cycle, cycle.shown == text, cycle.completion.choices.count > 1 {
            let next = (cycle.index + 1) % cycle.completion.choices.count
            state.cycle?.index = next
            setCompleted(cycle.completion.stem + cycle.completion.choices[next])
            return
        }
        let completion = completion(of: text)
        guard let first = completion.choices.first else { return }
        if completion.choices.count == 1 {
            state.cycle = nil
            prompt?.text = completion.stem + first + (completion.stem.isEmpty ? " " : "")
            return
        }
        let common = completion.choices.dropFirst().reduce(first) { Self.commonStart($0, $1) }
        if (completion.stem + common).count > text.count {
            prompt?.text = completion.stem + common
            return
        }
        state.cycle = CompletionCycle(completion: completion, index: 0, shown: text)
        setCompleted(completion.stem + first)
    }

    private mutating func setCompleted(_ text: String) {
        prompt?.text = text
        state.cycle?.shown = text
    }

    private static func commonStart(_ a: String, _ b: String) -> String {
        String(zip(a, b).prefix { $0 == $1 }.map(\.0))
    }

    /// Does what was typed behind `:`.
    mutating func runVerb(_ line: String) -> [ConsoleCommand] {
        let words = line.split(separator: " ").map(String.init)
        guard let typed = words.first else { return [] }
        let fitting = Verb.all.filter { $0.name.hasPrefix(typed) }
        guard let verb = Verb.all.first(where: { $0.name == typed }) ?? fitting.first,
            fitting.count == 1 || verb.name == typed
        else {
            let names = (fitting.isEmpty ? Verb.all : fitting).map(\.name)
                .joined(separator: ", ")
            say(t("no command `{0}`; there are {1}", typed, names), isError: true)
            return []
        }
        let rest = words.dropFirst().joined(separator: " ")
        if !verb.argument.isEmpty, !verb.argument.hasPrefix("["), verb.name != "filter",
            rest.isEmpty
        {
            say(t("`{0}` needs {1}", verb.name, verb.argument), isError: true)
            return []
        }
        switch verb.name {
        case "rack", "device", "node", "fail", "restore": return goVerb(verb.name, words)
        case "theme", "lang", "mouse": return settingVerb(verb.name, rest)
        default: return viewVerb(verb.name, rest)
        }
    }

    private mutating func goVerb(_ verb: String, _ words: [String]) -> [ConsoleCommand] {
        let names = Array(words.dropFirst())
        guard verb != "restore" else {
            restoreChain()
            return []
        }
        let known = Set(arguments(of: verb))
        if let wrong = names.first(where: { !known.contains($0) }) {
            say(t("there is no {0} `{1}`; Tab shows the names", t(verb), wrong), isError: true)
            return []
        }
        switch verb {
        case "rack": return go(to: SearchHit(kind: .rack, name: names[0], detail: ""))
        case "device": return go(to: SearchHit(kind: .device, name: names[0], detail: ""))
        case "node": return go(to: SearchHit(kind: .node, name: names[0], detail: ""))
        default:
            state.failing = Set(names)
            return go(to: SearchHit(kind: .node, name: names[0], detail: ""))
        }
    }

    private mutating func settingVerb(_ verb: String, _ value: String) -> [ConsoleCommand] {
        switch verb {
        case "theme":
            guard let theme = Theme(rawValue: value) else { return refuse(verb, value) }
            return setTheme(theme)
        case "lang":
            guard let language = Language(rawValue: value) else { return refuse(verb, value) }
            return setLanguage(language)
        default:
            guard value == "on" || value == "off" else { return refuse(verb, value) }
            return setMouse(value == "on")
        }
    }

    private mutating func viewVerb(_ verb: String, _ rest: String) -> [ConsoleCommand] {
        switch verb {
        case "view":
            guard let page = pages.first(where: { "\($0)" == rest }) else {
                return refuse(verb, rest)
            }
            return turn(to: page)
        case "mode":
            guard let mode = HeatMode.allCases.first(where: { "\($0)" == rest }) else {
                return refuse(verb, rest)
            }
            heatMode = mode
            return page == .racks ? [] : turn(to: .racks)
        case "sort":
            guard let order = DeviceOrder.allCases.first(where: { "\($0)" == rest }) else {
                return refuse(verb, rest)
            }
            deviceOrder = order
            return page == .devices ? [] : turn(to: .devices)
        case "list":
            guard let list = AlarmList.allCases.first(where: { "\($0)" == rest }) else {
                return refuse(verb, rest)
            }
            return showAlarms(list)
        case "filter":
            guard canFilter else { return refuseFilter() }
            setFilter(rest)
            return []
        case "save": return save(as: rest)
        case "dashboard": return boardVerb(rest)
        case "help":
            isHelpShown = true
            return []
        default: return [.quit]
        }
    }

    private mutating func refuse(_ verb: String, _ value: String) -> [ConsoleCommand] {
        let names = arguments(of: verb).joined(separator: ", ")
        say(t("`{0}` is none of {1}", value, names), isError: true)
        return []
    }
}

/// Where Tab stands among several ends.
package struct CompletionCycle: Sendable, Equatable {
    package var completion: Completion
    package var index: Int
    package var shown: String
}
