package import Model

/// One reading out of another system's file.
package struct ImportedReading: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        case number(FixedDecimal)
        /// The name of a state.
        case text(String)
        case nothing
    }
    package var name: PointName
    /// Nil where the file does not tell.
    package var metric: PointMetric?
    /// Milliseconds since 1970 UTC.
    package var time: Int64
    package var value: Value
    package var quality: Quality
    package init(
        name: PointName, metric: PointMetric?, time: Int64, value: Value, quality: Quality = .good
    ) {
        self.name = name
        self.metric = metric
        self.time = time
        self.value = value
        self.quality = quality
    }
}

/// Why a line is not taken.
package struct ImportProblem: Error, Hashable, Sendable {
    package var problem: String
    package var cure: String
    package init(_ problem: String, cure: String) {
        self.problem = problem
        self.cure = cure
    }
}

/// What the names in a file mean.
package struct ImportNaming: Sendable {
    /// The label or tag that names the device; the first of these that is there.
    package var deviceLabels = ["device", "host", "instance"]
    /// Labels that tell points of one metric apart: they follow its name, each with a dot.
    package var pointLabels: [String] = []
    package init() {}

    /// The point of a metric with labels. `name` becomes a point's name: letters in lower case,
    /// everything else a dot.
    func point(
        _ name: String, _ labels: [(name: String, value: String)]
    ) throws(ImportProblem) -> PointName {
        func value(_ label: String) -> String? { labels.first { $0.name == label }?.value }
        let found = deviceLabels.lazy.compactMap { value($0) }.first
        guard let device = found else {
            throw ImportProblem(
                "`\(name)` does not say which device it is of",
                cure: "name the label that does with --device-label")
        }
        if let point = value("point") { return try Self.checked(device, point) }
        let parts = [name] + pointLabels.compactMap { value($0) }
        return try Self.checked(
            Self.word(device, keeping: "-_."),
            parts.map { Self.word($0) }
                .joined(separator: "."))
    }

    /// Names as the store has them: `DEVICE/POINT`.
    static func checked(_ device: String, _ point: String) throws(ImportProblem) -> PointName {
        let bytes = device.utf8
        guard !device.isEmpty, !point.isEmpty, device.utf8.count <= 200, point.utf8.count <= 200,
            !bytes.contains(UInt8(ascii: "/")),
            !(device + point).utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F })
        else {
            throw ImportProblem(
                "`\(device.prefix(80))/\(point.prefix(80))` is no name of a point",
                cure: "write DEVICE/POINT without spaces, as `pdu-1/input.power`")
        }
        return PointName(device: device, point: point)
    }

    private static func word(_ text: String, keeping others: String = "-") -> String {
        var result = ""
        for character in text.lowercased() {
            let isKept =
                character.isLetter || character.isNumber || others.contains(character)
            if isKept {
                result.append(character)
            } else if result.last != "." {
                result.append(".")
            }
        }
        while result.last == "." { result.removeLast() }
        return result
    }
}
