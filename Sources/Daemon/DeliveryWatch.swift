import Model
import Notify
import Store

/// How receivers are doing, as the collector asks once a second.
struct DeliveryState: Sendable {
    var lanes: [LaneStatus] = []
    /// By receiver, also of those that the site file has no more.
    var dead: [String: DeadLetters] = [:]
}

/// Which receivers fail so that a person has to do something: those with dead letters, and those
/// that have not answered for a while.
struct DeliveryWatch: Sendable {
    /// Urgent notices go to the second channel after seconds; a receiver that is restarted is no
    /// alarm.
    static let patience: Int64 = 120_000

    /// Monotonic, ms.
    private var silentSince: [String: Int64] = [:]

    /// Receivers that fail, and why, in words.
    mutating func failing(
        _ state: DeliveryState, now: Int64, language: NoticeLanguage
    ) -> [String: String] {
        func pick(_ chinese: String, _ english: String) -> String {
            language == .chinese ? chinese : english
        }
        var failing: [String: String] = [:]
        var silent: [String: Int64] = [:]
        for lane in state.lanes where lane.isOpen {
            let since = silentSince[lane.receiver] ?? now
            silent[lane.receiver] = since
            if now - since >= Self.patience {
                let error = lane.lastError ?? ""
                failing[lane.receiver] = pick("无应答：\(error)", "does not answer: \(error)")
            }
        }
        silentSince = silent
        for (receiver, dead) in state.dead {
            let notices = dead.count == 1 ? "1 notice" : "\(dead.count) notices"
            let letters = pick("\(dead.count) 条通知未能送达", "\(notices) given up")
            failing[receiver] = letters + (dead.reason.map { pick("：", ": ") + $0 } ?? "")
        }
        return failing
    }
}
