import FoundationEssentials
import Model

/// The reasons that hide an alarm, as the column `hidden` of `alarm` has them: a JSON array
/// (docs/FORMAT.md, section 6); NULL for an alarm that is shown.
enum HidingText {
    static func encode(_ reasons: [HidingReason]) -> String? {
        guard !reasons.isEmpty else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return String(decoding: try encoder.encode(reasons), as: UTF8.self)
        } catch {
            preconditionFailure("BUG: texts and whole numbers always encode; got \(error)")
        }
    }

    /// None of what is not understood: an alarm is rather shown than hidden for no known reason.
    static func decode(_ text: String?) -> [HidingReason] {
        guard let text else { return [] }
        let reasons = try? JSONDecoder().decode([HidingReason].self, from: Data(text.utf8))
        return Array((reasons ?? []).prefix(AlarmRecord.maximumReasons))
    }
}
