extension GB40879Grade {
    package var chinese: String {
        switch self {
        case .one: "1 级"
        case .two: "2 级"
        case .three: "3 级"
        case .exceeds: "超过 1.50，不达标"
        case .invalid: "小于 1，数据有误"
        }
    }
}
