package import Views

/// What a search has found and which of it is chosen.
package struct SearchState: Sendable {
    package var hits: [SearchHit] = []
    package var selected = 0
    /// Points of the daemon for the text they were found for.
    package var points: [PointView] = []
    package var pointsFor = ""
    /// Views, racks, devices and nodes: their names do not change while something is typed.
    var fixed: [SearchCandidate] = []
}

/// What may be found, and the letters it is found by.
struct SearchCandidate: Sendable {
    var hit: SearchHit
    var letters: [UInt8]

    init(_ kind: SearchHit.Kind, _ name: String, _ detail: String) {
        hit = SearchHit(kind: kind, name: name, detail: detail)
        letters = FuzzyMatch.letters(name + " " + detail)
    }
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
        state.search = SearchState(fixed: fixedCandidates)
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
        let all = (state.search?.fixed ?? []) + passingCandidates
        var scored: [(score: Int, place: Int)] = []
        for place in all.indices {
            guard let score = FuzzyMatch.score(words, all[place].letters) else { continue }
            scored.append((score + Self.weight(all[place].hit.kind), place))
        }
        scored.sort {
            if $0.score != $1.score { return $0.score > $1.score }
            return all[$0.place].hit.name < all[$1.place].hit.name
        }
        state.search?.hits = scored.prefix(Self.maximumHits).map { all[$0.place].hit }
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

    private var fixedCandidates: [SearchCandidate] {
        guard let snapshot else { return [] }
        var found = pages.map { SearchCandidate(.view, "\($0)", t(Painter.title(of: $0))) }
        for row in snapshot.rows {
            found += row.racks.map { SearchCandidate(.rack, $0.name, $0.displayName) }
        }
        found += snapshot.devices.map { SearchCandidate(.device, $0.name, $0.displayName) }
        found += snapshot.chain.map { SearchCandidate(.node, $0.name, $0.displayName) }
        return found
    }

    /// Alarms, and what the daemon has found.
    private var passingCandidates: [SearchCandidate] {
        (snapshot?.alarms ?? []).map { SearchCandidate(.alarm, $0.id, $0.cause) }
            + (state.search?.points ?? []).map {
                SearchCandidate(.point, $0.device + "/" + $0.name, $0.label ?? "")
            }
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
