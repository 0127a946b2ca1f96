/// Why a document is not taken.
package enum SiteDocumentError: Error, Equatable, CustomStringConvertible {
    /// It is cut short, or no picture of a site.
    case malformed
    /// It says what has changed since another picture than the one that is here.
    case otherBase

    package var description: String {
        switch self {
        case .malformed:
            "the answer is not what this console expects; use console and daemon of one version"
        case .otherBase: "a change came that does not follow what came before; ask again"
        }
    }
}

/// The picture as JSON, and what has changed from one picture to a later one: the document of the
/// event `change`. Of the long lists it holds the elements that differ, by their places from 0,
/// with the fields that differ; a field that has gone is null; other lists stand whole. The age of
/// what is known of a rack grows by itself, so that the time of the reading (`readMS`) stands for
/// it.
extension SiteView {
    package init(json: [UInt8]) throws(SiteDocumentError) {
        self = .blank
        var reader = JSONReader(json)
        read(from: &reader, isWhole: true)
        guard reader.isAtEnd() else { throw .malformed }
    }

    package func json() -> [UInt8] {
        // A device and its part of a rack and of the chain have some 600 bytes.
        var writer = JSONWriter(reservedBytes: 4096 + devices.count * 700)
        write(to: &writer, since: nil)
        return writer.bytes
    }

    /// Nil where rows, racks, devices, units or nodes have come or gone: then only a whole picture
    /// says what there is.
    package func change(since old: SiteView) -> [UInt8]? {
        guard isShaped(like: old) else { return nil }
        var writer = JSONWriter(reservedBytes: 4096 + devices.count * 70)
        var change = ChangingSite(self)
        (change.fromSequence, change.fromMS) = (old.sequence, old.timeMS)
        change.write(to: &writer, since: ChangingSite(old))
        return writer.bytes
    }

    /// Makes the later picture of this one; leaves it as it is where the change does not fit.
    package mutating func apply(_ change: [UInt8]) throws(SiteDocumentError) {
        var site = ChangingSite(self)
        var reader = JSONReader(change)
        site.read(from: &reader, isWhole: false)
        guard reader.isAtEnd() else { throw .malformed }
        guard site.fromSequence == sequence, site.fromMS == timeMS else { throw .otherBase }
        self = site.whole(rows: rows)
    }

    private func isShaped(like old: SiteView) -> Bool {
        guard rows.count == old.rows.count, devices.count == old.devices.count,
            cooling.count == old.cooling.count, chain.count == old.chain.count
        else { return false }
        return zip(rows, old.rows).allSatisfy { row, old in
            row.racks.count == old.racks.count && row.name == old.name && row.hall == old.hall
                && row.displayName == old.displayName
        }
    }
}

/// A picture whose long lists are taken apart, as a change has them.
private struct ChangingSite: Document {
    static var blank: ChangingSite { ChangingSite(.blank) }

    var fromSequence: Int64?
    var fromMS: Int64?
    private var figures: SiteView
    private var racks: ChangedElements<TimedRack>
    private var devices: ChangedElements<DeviceSummaryView>
    private var cooling: ChangedElements<CoolingView>
    private var chain: ChangedElements<PowerNodeView>

    init(_ view: SiteView) {
        racks = ChangedElements(
            view.rows.flatMap(\.racks).map { TimedRack($0, at: view.timeMS) })
        devices = ChangedElements(view.devices)
        cooling = ChangedElements(view.cooling)
        chain = ChangedElements(view.chain)
        figures = view
    }

    mutating func visit(_ fields: inout some FieldVisitor, since old: ChangingSite) {
        fields.field("fromSequence", &fromSequence, old.fromSequence)
        fields.field("fromMS", &fromMS, old.fromMS)
        figures.visitFigures(&fields, since: old.figures)
        fields.field("racks", &racks, old.racks)
        fields.field("devices", &devices, old.devices)
        fields.field("cooling", &cooling, old.cooling)
        fields.field("chain", &chain, old.chain)
    }

    /// - Parameter rows: which racks stand in which.
    func whole(rows: [RowView]) -> SiteView {
        var view = figures
        view.devices = devices.elements
        view.cooling = cooling.elements
        view.chain = chain.elements
        var place = 0
        view.rows = rows.map { row in
            let next = place + row.racks.count
            defer { place = next }
            var row = row
            row.racks = racks.elements[place..<next].map { $0.rack(at: view.timeMS) }
            return row
        }
        return view
    }
}

/// A rack with the time of its oldest reading in place of the age, which is another each second.
private struct TimedRack: Document {
    static var blank: TimedRack { TimedRack(.blank, at: 0) }

    private var rack: RackView
    private var readMS: Int64?

    init(_ rack: RackView, at timeMS: Int64) {
        self.rack = rack
        // Both ways wrap, so that any age comes back as it was.
        readMS = rack.ageMS.map { timeMS &- $0 }
        self.rack.ageMS = nil
    }

    mutating func visit(_ fields: inout some FieldVisitor, since old: TimedRack) {
        rack.visit(&fields, since: old.rack)
        fields.field("readMS", &readMS, old.readMS)
    }

    func rack(at timeMS: Int64) -> RackView {
        var rack = rack
        rack.ageMS = readMS.map { timeMS &- $0 }
        return rack
    }
}
