extension Explanation {
    /// A figure as statements print it, named in both languages; `reason` says what is missing
    /// where there is no value.
    package init(
        id: FigureID, _ chinese: String, _ english: String, value: String?, unit: String = "",
        formula: String, inputs: [Input] = [], source: String = "", reason: String? = nil
    ) {
        self.init(
            id: id, title: english == chinese ? chinese : chinese + " " + english, value: value,
            unit: unit, formula: formula, source: source, inputs: inputs,
            notes: reason.map { [$0] } ?? [])
    }

    /// Why there is no value.
    package var reason: String? {
        get { value == nil ? notes.first : nil }
        set { notes = newValue.map { [$0] } ?? [] }
    }
}
