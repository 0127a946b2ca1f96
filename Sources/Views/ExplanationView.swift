/// `GET /api/v1/explain?id=ID`: how one figure came about, as `frostline explain` prints it.
package struct ExplanationView: Codable, Sendable, Equatable {
    package struct Input: Codable, Sendable, Equatable {
        package var name: String
        /// A decimal number or a word; nil where it is not known.
        package var value: String?
        package var unit: String
        package var quality: String?
        /// Under which it is explained further.
        package var id: String?
        package init(name: String, value: String?, unit: String, quality: String?, id: String?) {
            self.name = name
            self.value = value
            self.unit = unit
            self.quality = quality
            self.id = id
        }
    }
    package var id: String
    package var title: String
    package var value: String?
    package var unit: String
    package var formula: String
    package var source: String
    package var quality: String?
    /// `agrees` where the inputs come to the value, `differs`; nil where nothing is computed.
    package var check: String?
    /// At most `maximumInputs`.
    package var inputs: [Input]
    package var inputsLeftOut: Int
    package var notes: [String]
    package static let maximumInputs = 400

    package init(id: String, title: String, unit: String, formula: String, source: String) {
        self.id = id
        self.title = title
        self.unit = unit
        self.formula = formula
        self.source = source
        inputs = []
        inputsLeftOut = 0
        notes = []
    }
}
