package import Views

/// What a search has found and which of it is chosen.
package struct SearchState: Sendable {
    package var hits: [SearchHit] = []
    package var selected = 0
    /// Points of the daemon for the text they were found for.
    package var points: [PointView] = []
    package var pointsFor = ""
}

package struct SearchHit: Sendable, Equatable {
    package enum Kind: String, Sendable, Equatable { case rack, device, alarm, node, point, view }
    package var kind: Kind
    /// Name of the rack, device or node; id of the alarm; `device/point`.
    package var name: String
    /// What people call it, and where it is.
    package var detail: String
}

extension ConsoleModel {
    /// More than a screen shows; the best stand first.
    static let maximumHits = 60
    /// Texts shorter than this ask the daemon for no points: they fit nearly all.
    static let shortestPointSearch = 2
    /// Points that the daemon is asked for at most.
    static let maximumFoundPoints = 200

    mutating func startSearch() -> [ConsoleCommand] {
        guard snapshot != nil else {
            say(t("there is nothing to search yet"))
            return []
        }
        state.search = SearchState()
        prompt = Prompt(purpose: .search, text: "")
        return []
    }

    /// What is typed has changed: new hits at once, and the points when the daemon has answered.
    mutating func searchChanged(_ text: String) -> [ConsoleCommand] {
        state.search?.selected = 0
        refreshHits(text)
        let wanted = text.lowercased().split(separator: " ").joined(separator: "*")
        guard wanted.count >= Self.shortestPointSearch, case .live = connection else { return [] }
        let safe = wanted.filter { $0 != "?" }
        return [.findPoints(text: text, glob: "*\(safe)*", limit: Self.maximumFoundPoints)]
    }

    mutating func foundPoints(_ text: String, _ points: [PointView]) {
        guard prompt?.purpose == .search, prompt?.text == text else { return }
        state.search?.points = points
        state.search?.pointsFor = text
        refreshHits(text)
    }

    private mutating func refreshHits(_ text: String) {
        let words = FuzzyMatch.words(text)
        guard !words.isEmpty else {
            state.search?.hits = []
            return
        }
        var scored: [(score: Int, hit: SearchHit)] = []
        for hit in candidates(text) {
            let name = FuzzyMatch.letters(hit.name + " " + hit.detail)
            guard let score = FuzzyMatch.score(words, name) else { continue }
            scored.append((score + Self.weight(hit.kind), hit))
        }
        scored.sort { ($0.score, $1.hit.name) > ($1.score, $0.hit.name) }
        state.search?.hits = scored.prefix(Self.maximumHits).map(\.hit)
    }

    /// Between equals an alarm matters more than the rack it is in, and a rack than its devices.
    private static func weight(_ kind: SearchHit.Kind) -> Int {
        switch kind {
        case .alarm: 40
        case .rack: 30
        case .device, .view: 20
        case .node: 10
        case .point: 0
        }
    }

    private func candidates(_ text: String) -> [SearchHit] {
        guard let snapshot else { return [] }
        var hits: [SearchHit] = pages.map {
            SearchHit(kind: .view, name: "\($0)", detail: t(Painter.title(of: $0)))
        }
        for row in snapshot.rows {
            for rack in row.racks {
                hits.append(SearchHit(kind: .rack, name: rack.name, detail: rack.displayName))
            }
        }
        for device in snapshot.devices {
            hits.append(
                SearchHit(kind: .device, name: device.name, detail: device.displayName))
        }
        for alarm in snapshot.alarms {
            hits.append(SearchHit(kind: .alarm, name: alarm.id, detail: alarm.cause))
        }
        for node in snapshot.chain {
            hits.append(SearchHit(kind: .node, name: node.name, detail: node.displayName))
        }
        if let search = state.search {
            for point in search.points {
                hits.append(
                    SearchHit(
                        kind: .point, name: point.device + "/" + point.name,
                        detail: point.label ?? ""))
            }
        }
        return hits
    }

    mutating func moveHit(by delta: Int) {
        guard let search = state.search, !search.hits.isEmpty else { return }
        state.search?.selected = min(max(0, search.selected + delta), search.hits.count - 1)
    }

    /// Goes to what was found.
    mutating func takeHit() -> [ConsoleCommand] {
        guard let search = state.search, search.hits.indices.contains(search.selected) else {
            state.search = nil
            return []
        }
        state.search = nil
        return go(to: search.hits[search.selected])
    }

    mutating func go(to hit: SearchHit) -> [ConsoleCommand] {
        openDevice = nil
        state.rack = nil
        switch hit.kind {
        case .view:
            guard let page = pages.first(where: { "\($0)" == hit.name }) else { return [] }
            return turn(to: page)
        case .rack:
            page = .racks
            selectedRack = hit.name
            return openRack(hit.name)
        case .device: return open(hit.name)
        case .alarm:
            page = .alarms
            alarmFilter = ""
            state.alarmList = .active
            selectedAlarm = hit.name
            return []
        case .node:
            page = .power
            powerFilter = ""
            selectedNode = hit.name
            return []
        case .point:
            guard let slash = hit.name.firstIndex(of: "/") else { return [] }
            let commands = open(String(hit.name[..<slash]))
            openDevice?.selected = String(hit.name[hit.name.index(after: slash)...])
            return commands
        }
    }
}
