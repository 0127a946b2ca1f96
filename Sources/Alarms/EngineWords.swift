import Model

/// What the engine itself says in values and in the journal, in the language of the site: notices
/// show it beside the texts of the site file.
struct EngineWords: Sendable {
    let language: NoticeLanguage

    func pick(_ chinese: String, _ english: String) -> String {
        language == .chinese ? chinese : english
    }

    // MARK: Values

    func missedPolls(_ count: Int) -> String {
        pick("连续 \(count) 次轮询无应答", count == 1 ? "1 poll missed" : "\(count) polls missed")
    }

    /// - Parameter names: of some of the `silent` devices.
    func silence(_ silent: Int, of total: Int, names: [String]) -> String {
        let list = names.joined(separator: pick("、", ", "))
        let more = silent - names.count
        let rest = more > 0 ? pick("，另有 \(more) 台", " and \(more) more") : ""
        return pick("\(total) 台设备中 \(silent) 台无数据：", "\(silent) of \(total) devices have no data: ")
            + list + rest
    }

    func chatter(times: Int, waits milliseconds: Int64) -> String {
        let seconds = milliseconds / 1000
        return pick(
            "一分钟内 \(times) 次；恢复前等待 \(seconds) 秒",
            "\(times) times within a minute; ends after \(seconds) s")
    }

    // MARK: Lines of the journal

    var ruleIsGone: String { pick("规则或设备已移除", "the rule or the device is gone") }
    var rackIsDark: String { pick("有机柜的供电路径全部失电", "a rack has lost all its power paths") }
    var rackHasPower: String { pick("机柜已恢复供电", "the rack has power again") }

    func began(episode: Int64) -> String {
        pick("第 \(episode) 次报警已开始", "episode \(episode) has begun")
    }

    func until(_ end: String) -> String { pick("至 \(end)", "until \(end)") }

    func approved(by approver: String, review: String) -> String {
        pick("批准人 \(approver)，复查 \(review)", "approved by \(approver), review \(review)")
    }

    /// Of a cause or a window that has come.
    func hides(_ reason: HidingReason) -> String {
        reason.kind == .window
            ? pick("维护窗口 \(reason.name)", "window \(reason.name)")
            : pick("原因是 \(reason.name)", "explained by \(reason.name)")
    }

    /// Of a cause or a window that is over.
    func hidesNoMore(_ reason: HidingReason) -> String {
        reason.kind == .window
            ? pick("维护窗口 \(reason.name) 已结束", "window \(reason.name) is over")
            : pick(
                "\(reason.name) 已不能解释本报警", "explained by \(reason.name) no longer")
    }
}

extension AlarmEngine {
    var words: EngineWords { EngineWords(language: site.language) }
}
